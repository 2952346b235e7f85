# shellcheck shell=bash
# What the scripts on a feeder share: where things are, the lock, and steps that a power cut cannot
# halve. Sourced by install.sh, uninstall.sh, update.sh, guard.sh, backup.sh and restore.sh.
#
# P1 Root never works inside the data directory, which belongs to the daemon's user: as_feeder does.
# P2 A file is written as a whole or not at all; what cannot be written is a failure in every caller.

set -euo pipefail
# lastpipe: what is written at the end of a pipe counts as a change, too.
shopt -s inherit_errexit lastpipe
export LC_ALL=C
umask 022

root=''
dry_run=''
changes=0

say() { printf '%s\n' "$*"; }
warn() { printf 'Warning: %s\n' "$*" >&2; }
# One sentence for people; 1 unless the first argument is a number.
fail() {
  local status=1
  if [[ $1 =~ ^[0-9]+$ ]]; then
    status=$1
    shift
  fi
  printf '%s\n' "$*" >&2
  exit "$status"
}

# For an option that needs a word behind it: OPTION [WORD...], the rest of a command line.
need_value() { [[ ${2:-} ]] || fail 64 "$1 needs a value; see --help."; }

# Everything below --root DIR, or the machine itself.
set_places() {
  if [[ $root ]]; then
    [[ -d $root ]] || fail "There is no directory $root."
    root=$(realpath -- "$root")
    [[ $root != / ]] || root=''
  fi
  opt=$root/opt/cat-feeder
  releases=$opt/releases
  current=$opt/current
  # shellcheck disable=SC2034 # of release-trial.sh
  trial=$opt/trial
  # There until the restart that switches newly wired parts on.
  # shellcheck disable=SC2034 # of install.sh and release-trial.sh
  reboot_note=$root/run/cat-feeder-restart
  etc=$root/etc/cat-feeder
  data=$root/var/lib/cat-feeder
  updates=$root/var/lib/cat-feeder-updates
  [[ ! $root ]] || keep_inside
}

# An absolute link in the tree of another system would lead to this one's files.
keep_inside() {
  local place places
  realpath -mz -- "$opt" "$etc" "$data" "$updates" "$root"/etc/{systemd,udev,sysusers.d,tmpfiles.d,modules-load.d} \
    "$root"/etc/{passwd,group} "$root/usr/local/bin" "$root/boot/firmware" | mapfile -d '' places
  for place in "${places[@]}"; do
    [[ $place == "$root"/* ]] || fail 65 "A link in $root leads out of it, to $place. Nothing was changed."
  done
}

need_root() {
  if ((EUID != 0)) && [[ ! $root ]]; then fail "Run it as root: sudo $0"; fi
}

# True when there is a service manager to talk to.
systemd_runs() { [[ -d $root/run/systemd/system ]]; }

# One script at a time. Held until the process ends, inherited by no child that outlives it.
take_lock() {
  mkdir -p "$opt"
  exec {lock_fd}>>"$opt/.lock"
  flock -n "$lock_fd" || fail 75 "Another installation, update, backup or restore is running. Nothing was changed."
}

is_version() { [[ $1 =~ ^[0-9]+\.[0-9]+\.[0-9]+(-[0-9A-Za-z.]+)?$ ]]; }

# The version of `current`; empty when nothing is installed.
installed_version() {
  [[ -L $current ]] || return 0
  basename -- "$(readlink -- "$current")"
}

# True when version $1 is older than $2. A pre-release (-rc.1) is older than its release.
is_older() {
  [[ $1 != "$2" ]] || return 1
  local first
  first=$(printf '%s\n%s\n' "${1/-/\~}" "${2/-/\~}" | sort -V | head -n 1)
  [[ $first == "${1/-/\~}" ]]
}

changed() {
  changes=$((changes + 1))
  if [[ $dry_run ]]; then say "would $*"; else say "$*"; fi
}

make_dir() { # PATH MODE
  [[ -d $1 ]] && return 0
  changed "make ${1#"$root"}"
  [[ $dry_run ]] || install -d -m "$2" "$1"
}

# Writes standard input to a file, at once and only when it differs. One that is there keeps its
# mode: the owner may have closed it. On a full disk it keeps its content, too, and 74 is returned.
write_file() { # PATH MODE
  local text mode=$2
  text=$(cat && printf x)
  text=${text%x}
  if [[ -f $1 ]]; then
    if cmp -s -- "$1" <(printf %s "$text"); then return 0; fi
    mode=$(stat -c %a -- "$1")
  fi
  changed "write ${1#"$root"}"
  [[ ! $dry_run ]] || return 0
  if put_text "$1" "$mode" "$text"; then return 0; fi
  rm -f -- "$1.cat-feeder-new" 2>/dev/null || true
  printf '%s could not be written; it is as it was. Is the disk full?\n' "${1#"$root"}" >&2
  return 74
}

# Each step is asked for its end: a caller in a condition has no `set -e`.
put_text() { # PATH MODE TEXT
  local draft="$1.cat-feeder-new"
  mkdir -p -- "$(dirname -- "$1")" &&
    { printf %s "$3" >"$draft"; } 2>/dev/null &&
    chmod "$2" "$draft" && sync -- "$draft" && mv -T -- "$draft" "$1" && sync -- "$(dirname -- "$1")"
}

# A file without the installer's lines. Where the end of them is missing, nobody knows which lines
# are the owner's: then only the first of ours goes. `1` of awk also ends a last line without an end.
without_block() { # FILE
  awk 'function keep(  i) { for (i = 0; i < count; i++) print line[i]; count = held = 0 }
    /^# cat-feeder: begin/ { keep(); held = 1; next }
    held && /^# cat-feeder: end/ { count = held = 0; next }
    held { line[count++] = $0; next }
    1
    END { keep() }' "$1"
}

# Makes or turns a link by one rename.
make_link() { # TARGET LINK
  [[ -L $2 && $(readlink -- "$2") == "$1" ]] && return 0
  changed "link ${2#"$root"} to $1"
  [[ ! $dry_run ]] || return 0
  mkdir -p "$(dirname -- "$2")"
  ln -sfn -- "$1" "$2.cat-feeder-new"
  mv -T -- "$2.cat-feeder-new" "$2"
  sync -- "$(dirname -- "$2")"
}

remove_path() { # PATH
  [[ -e $1 || -L $1 ]] || return 0
  changed "remove ${1#"$root"}"
  [[ $dry_run ]] || rm -rf -- "$1"
}

# Two paths change places in one step (renameat2 with RENAME_EXCHANGE), on one file system.
exchange() { # FROM TO [COMMAND THAT RUNS IT...]
  # shellcheck disable=SC2016 # Perl's own variables.
  "${@:3}" perl -e 'my %number = (x86_64 => 316, aarch64 => 276);
    my ($from, $to) = @ARGV; my $machine = `uname -m`; chomp $machine;
    exit(syscall($number{$machine}, -100, $from, -100, $to, 2) == 0 ? 0 : 1)' "$1" "$2" ||
    fail "$1 and $2 cannot change places."
  "${@:3}" sync -- "$(dirname -- "$2")"
}

# Whether a tree fits twice over, so that a full disk ends before it begins.
need_space() { # DIRECTORY KIBIBYTES
  local place=$1 free
  while [[ ! -d $place ]]; do place=$(dirname -- "$place"); done
  free=$(df -Pk -- "$place" | awk 'NR == 2 { print $4 }')
  ((free >= $2)) ||
    fail 74 "The disk is too full: ${place#"$root"}/ has $((free / 1024)) MB left, $((($2 + 1023) / 1024)) MB are needed. Nothing was changed."
}

# The lines of systemd/links of a release, as LINK and FILE.
links_of() { grep -v '^#' -- "$1/systemd/links"; }

# Makes the links of the release in `current`, and removes those that it has no file for.
sync_links() {
  local link file place
  while read -r link file; do
    make_link "/opt/cat-feeder/current/$file" "$root$link"
  done < <(links_of "$1")
  for place in systemd/system systemd/system/multi-user.target.wants systemd/system/timers.target.wants \
    systemd/system.conf.d sysusers.d tmpfiles.d udev/rules.d; do
    for link in "$root/etc/$place"/*; do
      [[ -L $link && $(readlink -- "$link") == /opt/cat-feeder/current/* ]] || continue
      file=$(readlink -- "$link")
      [[ -e $1/${file#/opt/cat-feeder/current/} ]] || remove_path "$link"
    done
  done
}

reload_manager() {
  systemd_runs || return 0
  systemctl daemon-reload
  apply_udev_rules
  [[ ! $root ]] || return 0
  by_manager systemd-sysusers || warn "systemd-sysusers failed."
  by_manager systemd-tmpfiles --create /etc/tmpfiles.d/cat-feeder.conf || warn "systemd-tmpfiles failed."
}

# The rules also hold for the devices that are there already.
apply_udev_rules() {
  local kinds=(--subsystem-match={gpio,i2c-dev,spidev,pwm,leds})
  [[ -e $root/run/udev/control ]] || return 0
  if udevadm control --reload >/dev/null 2>&1; then
    if by_manager udevadm trigger --action=change --settle "${kinds[@]}"; then return 0; fi
  fi
  warn "The rules for devices take effect at the next boot."
}

# Outside of the sandbox of the unit that asks.
by_manager() { systemd-run -q --wait --collect -- "$@" >/dev/null 2>&1; }

restart_feeder() {
  systemd_runs || return 0
  systemctl reset-failed cat-feeder.service 2>/dev/null || true
  systemctl restart cat-feeder.service || true
}

# A setting as the service reads it; empty when it is not set.
setting() { # NAME
  local value
  value=$(sed -n "s/^$1=//p" -- "$etc/environment" 2>/dev/null | tail -n 1)
  if [[ $value =~ ^\"(.*)\"$ || $value =~ ^\'(.*)\'$ ]]; then value=${BASH_REMATCH[1]}; fi
  printf '%s\n' "$value"
}

# Runs a program as the daemon's user, with nothing of the machine to write but the data directory:
# whatever opens what that user made. By the service manager, so that who asks needs no rights.
as_feeder() { # COMMAND...
  if [[ $root ]] || ((EUID != 0)) || ! id -u cat-feeder >/dev/null 2>&1; then
    "$@"
  elif systemd_runs; then
    systemd-run -q --pipe --wait --collect --uid=cat-feeder --gid=cat-feeder -p UMask=0077 \
      -p CapabilityBoundingSet= -p NoNewPrivileges=yes -p ProtectSystem=strict -p "ReadWritePaths=-$data" \
      -p ProtectHome=yes -p PrivateTmp=yes -p PrivateDevices=yes -p MemoryMax=256M -p TasksMax=64 -- "$@"
  else
    setpriv --reuid cat-feeder --regid cat-feeder --init-groups "$@"
  fi
}

release_tool() { # VERSION ARGUMENT...
  local version=$1
  shift
  "$releases/$version/bin/node" "$releases/$version/release-tool.mjs" "$@"
}

# For anything that opens a database or speaks to a network.
release_tool_as_feeder() { # VERSION ARGUMENT...
  local version=$1
  shift
  as_feeder "$releases/$version/bin/node" "$releases/$version/release-tool.mjs" "$@" </dev/null
}
