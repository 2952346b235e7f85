#!/usr/bin/env bash
# Removes the feeder. Keeps the data (/var/lib/cat-feeder), the settings (/etc/cat-feeder), the
# backups and the user unless told otherwise, so that a later installation goes on where it was.
#
#   sudo uninstall.sh [OPTION...]
#     --delete-data   deletes them too: history, plans, settings, backups and the user
#     --dry-run       says what it would do and does nothing
#     --root DIR      works in the tree of another system

# shellcheck source=on-feeder.sh
source "$(dirname "$(realpath "${BASH_SOURCE[0]}")")/on-feeder.sh"

usage() { sed -n '2,8s/^# \{0,1\}//p' "${BASH_SOURCE[0]}"; }
delete_data=''
while (($#)); do
  case $1 in
    --delete-data) delete_data=yes ;;
    --dry-run) dry_run=yes ;;
    --root) need_value "$@" && root=$2 && shift ;;
    --help) usage && exit 0 ;;
    *) usage >&2 && exit 64 ;;
  esac
  shift
done
set_places
need_root
[[ $dry_run || ! -d $opt ]] || take_lock

stop_units() {
  systemd_runs || return 0
  changed "stop the feeder"
  [[ ! $dry_run ]] || return 0
  systemctl stop cat-feeder-update.timer cat-feeder-guard.timer cat-feeder-update.service \
    cat-feeder.service 2>/dev/null || true
  systemctl reset-failed 'cat-feeder*' 2>/dev/null || true
}

# Every link of ours, also those of a release that had more of them.
remove_links() {
  local link
  while IFS= read -r -d '' link; do
    if [[ $(readlink -- "$link") == /opt/cat-feeder/current/* ]]; then remove_path "$link"; fi
  done < <(find "$root/etc/systemd" "$root/etc/sysusers.d" "$root/etc/tmpfiles.d" "$root/etc/udev" \
    "$root/usr/local/bin" -type l -print0 2>/dev/null | sort -z)
}

restore_boot() {
  local boot=$root/boot/firmware consoles
  [[ -f $boot/config.txt ]] || boot=$root/boot
  if [[ -f $boot/config.txt ]]; then
    without_block "$boot/config.txt" | write_file "$boot/config.txt" 0755
  fi
  if [[ -f $etc/serial-console && -f $boot/cmdline.txt ]]; then
    consoles=$(head -n 1 -- "$etc/serial-console")
    sed "1s|^|$consoles |" -- "$boot/cmdline.txt" | write_file "$boot/cmdline.txt" 0755
    remove_path "$etc/serial-console"
  fi
  remove_path "$root/etc/modules-load.d/cat-feeder.conf"
}

delete_everything() {
  remove_path "$data"
  remove_path "$etc"
  remove_path "$updates"
  remove_path "$root/var/lib/cat-feeder-backups"
  if [[ -f $root/etc/passwd ]] && grep -q '^cat-feeder:' "$root/etc/passwd"; then
    changed "remove the user cat-feeder"
    [[ $dry_run ]] || userdel ${root:+--root "$root"} cat-feeder 2>/dev/null || warn "The user cat-feeder could not be removed."
  fi
}

stop_units
remove_links
restore_boot
remove_path "$opt"
if [[ $delete_data ]]; then delete_everything; fi
if systemd_runs && [[ ! $dry_run ]]; then
  systemctl daemon-reload
  udevadm control --reload >/dev/null 2>&1 || true
fi

if ((changes == 0)); then
  say "No feeder is installed here; nothing had to be changed."
elif [[ $dry_run ]]; then
  say "Nothing was changed (--dry-run)."
elif [[ $delete_data ]]; then
  say "The feeder and its data are gone."
else
  say "The feeder is removed. Its data is kept in /var/lib/cat-feeder, its settings in /etc/cat-feeder."
fi
