#!/usr/bin/env bash
# Puts a backup back: history and plans, and the settings when asked for.
#
#   sudo restore.sh FILE [OPTION...]
#     --password-file FILE   of an encrypted backup
#     --with-settings        also /etc/cat-feeder; otherwise this feeder's own stay
#     --dry-run              checks the backup in full and changes nothing
#     --root DIR             into the tree of another system
# What was there before is kept as /var/lib/cat-feeder/before-restore. Portions served since the
# backup stay known (the emergency journal is not replaced), so no cat is fed twice.

# shellcheck source=release-trial.sh
source "$(dirname "$(realpath "${BASH_SOURCE[0]}")")/release-trial.sh"
# shellcheck source=backup-file.sh
source "$(dirname "$(realpath "${BASH_SOURCE[0]}")")/backup-file.sh"

usage() { sed -n '2,10s/^# \{0,1\}//p' "${BASH_SOURCE[0]}"; }
file='' password_file='' with_settings=''
while (($#)); do
  case $1 in
    --password-file) need_value "$@" && password_file=$2 && shift ;;
    --with-settings) with_settings=yes ;;
    --dry-run) dry_run=yes ;;
    --root) need_value "$@" && root=$2 && shift ;;
    --help) usage && exit 0 ;;
    -*) usage >&2 && exit 64 ;;
    *) file=$1 ;;
  esac
  shift
done
[[ $file ]] || { usage >&2 && exit 64; }
set_places
need_root
umask 077
[[ -f $file ]] || fail 64 "There is no file $file."
version=$(installed_version)
[[ $version ]] || fail 65 "No feeder is installed here: install it first, then restore."
[[ ! -f $trial ]] || fail 75 "Version $(trial_value to) is on trial; the guard ends that within minutes."
take_lock

make_data_dir() {
  [[ -d $data ]] && return 0
  install -d -m 0700 -- "$data"
  if ((EUID == 0)) && [[ ! $root ]]; then chown cat-feeder:cat-feeder -- "$data"; fi
}

# Root unpacks into a directory of its own; the database goes to the feeder's by the feeder's hand.
work=$updates/.restore stage=$data/.restore
new_dirs=()
for place in "$data" "$updates"; do [[ -d $place ]] || new_dirs+=("$place"); done
# What was made for a look only goes again.
tidy() {
  rm -rf -- "$work"
  as_feeder rm -rf -- "$stage"
  [[ ! ${new_dirs[*]} ]] || rmdir --ignore-fail-on-non-empty -- "${new_dirs[@]}"
}
trap tidy EXIT
make_data_dir
[[ -d $updates ]] || install -d -m 0700 -- "$updates"
rm -rf -- "$work"
mkdir -m 0700 -- "$work"
for place in "$updates" "$data"; do need_space "$place" "$(($(stat -c %s -- "$file") * 8 / 1024 + 1024))"; done
open_backup "$file" "$work/tree" ||
  fail 65 "The backup cannot be used: it is damaged, incomplete, or the password is wrong. Nothing was changed."
about=$work/tree/about
made_by=$(sed -n 's/^version=//p' -- "$about")
is_version "$made_by" || made_by=unknown
schema=$(sed -n 's/^schema=//p' -- "$about")
# Never counted with before it is known to be a number: the shell would run what is written there.
[[ $schema =~ ^[1-9][0-9]{0,5}$ ]] || fail 65 "The backup does not say the form of its database. Nothing was changed."
((schema <= $(schema_of "$version"))) ||
  fail 65 "The backup is from a newer version ($made_by): update the feeder first. Nothing was changed."
as_feeder rm -rf -- "$stage"
as_feeder mkdir -m 0700 -- "$stage" "$stage/db"
as_feeder tee -- "$stage/db/feeder.db" <"$work/tree/feeder.db" >/dev/null
release_tool_as_feeder "$version" verify-db --db "$stage/db/feeder.db" ||
  fail 65 "The database in the backup is damaged. Nothing was changed."
if [[ $dry_run ]]; then
  say "The backup is sound: version $made_by, made $(date -u -r "$file" '+%F %R') UTC."
  exit 0
fi

as_feeder sync -f -- "$stage"

if systemd_runs; then systemctl stop cat-feeder.service; fi
before=$data/before-restore
# The second copies would bring back what the backup is to replace; without them the present
# database still works, so a power cut between the next steps leaves a whole feeder.
as_feeder rm -rf -- "$before"
as_feeder mkdir -m 0700 -- "$before"
for entry in snapshots plan-copy-a.json plan-copy-b.json; do
  as_feeder test ! -e "$data/$entry" || as_feeder mv -T -- "$data/$entry" "$before/$entry"
done
if as_feeder test -d "$data/db"; then
  exchange "$stage/db" "$data/db" as_feeder
  as_feeder mv -T -- "$stage/db" "$before/db"
else
  as_feeder mv -T -- "$stage/db" "$data/db"
fi
as_feeder sync -f -- "$data"
if [[ $with_settings && -d $work/tree/etc ]]; then
  make_dir "$etc" 0755
  while IFS= read -r name; do
    write_file "$etc/$name" 0644 <"$work/tree/etc/$name"
  done < <(cd -- "$work/tree/etc" && find . -type f -printf '%P\n' | sort)
fi
if systemd_runs; then
  restart_feeder
  is_healthy "$version" || fail "The backup is in place, but the feeder does not become ready. See: journalctl -u cat-feeder -n 30"
fi
say "The backup is in place. What was there before: ${before#"$root"}"
