# shellcheck shell=bash
# What the scripts on a feeder share: where things are, the lock, and steps that a power cut cannot
# halve. Sourced by install.sh, uninstall.sh, update.sh, guard.sh, backup.sh and restore.sh.
#
# The life of a release. Every arrow is one rename or one unlink, so a power cut leaves one of these
# states and never something in between; `settle` leads each of them to an end.
#
#   unpacked --checked, synced--> ready --note /opt/cat-feeder/trial--> announced
#   announced --link `current`--> on trial --ready and steady--> kept (the note is removed)
#                                    \--not ready, crash loop, third boot--> link back --> undone
#
# U1 `current` always points to a complete, checked release.
# U2 A release is kept only after the daemon was ready with it; else the one before comes back.
# U3 An undone version is not tried again (/var/lib/cat-feeder-updates/refused).

set -euo pipefail
# lastpipe: what is written at the end of a pipe counts as a change, too.
shopt -s inherit_errexit lastpipe
export LC_ALL=C
umask 022

# Seconds until a new release must be ready, and for how long it must then stay so.
READY_WITHIN_S=${FEEDER_READY_WITHIN_S:-90}
STEADY_S=${FEEDER_STEADY_S:-15}

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
  trial=$opt/trial
  etc=$root/etc/cat-feeder
  data=$root/var/lib/cat-feeder
  updates=$root/var/lib/cat-feeder-updates
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
  flock -n "$lock_fd" || fail 75 "Another installation, update or restore is running. Nothing was changed."
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

# Writes standard input to a file, at once and only when it differs.
write_file() { # PATH MODE
  local text draft="$1.cat-feeder-new"
  text=$(cat && printf x)
  text=${text%x}
  if [[ -f $1 ]] && cmp -s -- "$1" <(printf %s "$text"); then return 0; fi
  changed "write ${1#"$root"}"
  [[ ! $dry_run ]] || return 0
  mkdir -p "$(dirname -- "$1")"
  printf %s "$text" >"$draft"
  chmod "$2" "$draft"
  sync -- "$draft"
  mv -T -- "$draft" "$1"
  sync -- "$(dirname -- "$1")"
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
exchange() {
  perl -e 'my %number = (x86_64 => 316, aarch64 => 276);
    my ($from, $to) = @ARGV; my $machine = `uname -m`; chomp $machine;
    exit(syscall($number{$machine}, -100, $from, -100, $to, 2) == 0 ? 0 : 1)' "$1" "$2" ||
    fail "$1 and $2 cannot change places."
  sync -- "$(dirname -- "$2")"
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

# A release is whole when every file has the sum that its SHA256SUMS says, and no file is unlisted.
# Links and other special files have no sum, and no place in a release.
check_tree() { # DIRECTORY
  local listed found
  [[ ! $(find "$1" ! -type f ! -type d -print -quit) ]] || return 1
  (cd -- "$1" && sha256sum --quiet --strict -c SHA256SUMS >/dev/null 2>&1) || return 1
  listed=$(cut -c 67- -- "$1/SHA256SUMS" | sort)
  found=$(cd -- "$1" && find . -type f ! -path ./SHA256SUMS -printf '%P\n' | sort)
  [[ $listed == "$found" ]]
}

# Moves a checked tree to its place under releases/; from then on it is complete for ever (U1).
place_release() { # DIRECTORY VERSION
  sync -f -- "$1"
  mv -T -- "$1" "$releases/$2"
  sync -- "$releases"
}

point_current() { make_link "releases/$1" "$current"; }

# What the note of a trial says under a name.
trial_value() { sed -n "s/^$1=//p" -- "$trial"; }

write_trial() { # FROM TO BOOTS BOOT_ID
  printf 'from=%s\nto=%s\nboots=%s\nboot_id=%s\n' "$@" | write_file "$trial" 0644 >/dev/null
}

boot_id() { cat -- "$root/proc/sys/kernel/random/boot_id" 2>/dev/null || cat /proc/sys/kernel/random/boot_id; }

reload_manager() {
  systemd_runs || return 0
  systemctl daemon-reload
  [[ ! $root ]] || return 0
  systemd-sysusers >/dev/null 2>&1 || warn "systemd-sysusers failed."
  systemd-tmpfiles --create /etc/tmpfiles.d/cat-feeder.conf >/dev/null 2>&1 || warn "systemd-tmpfiles failed."
  udevadm control --reload >/dev/null 2>&1 || true
}

restart_feeder() {
  systemd_runs || return 0
  systemctl reset-failed cat-feeder.service 2>/dev/null || true
  systemctl restart cat-feeder.service || true
}

# Where the daemon listens: as it says itself, else by the settings.
feeder_url() {
  local status port
  status=$(systemctl show -P StatusText cat-feeder.service 2>/dev/null || true)
  if [[ $status =~ (http://[^[:space:]]+) ]]; then
    printf '%s\n' "${BASH_REMATCH[1]}"
    return
  fi
  port=$(sed -n 's/^FEEDER_PORT=\([0-9]*\)$/\1/p' -- "$etc/environment" 2>/dev/null || true)
  printf 'http://127.0.0.1:%s\n' "${port:-8480}"
}

# The release whose Node the daemon really runs on; empty when it does not run.
running_release() {
  local pid exe
  pid=$(systemctl show -P MainPID cat-feeder.service 2>/dev/null || true)
  exe=$(readlink -- "/proc/${pid:-0}/exe" 2>/dev/null || true)
  if [[ $exe == */opt/cat-feeder/releases/*/bin/node ]]; then
    basename -- "$(dirname -- "$(dirname -- "$exe")")"
  fi
}

# True when the daemon of a version becomes ready in time, stays so, and did not restart meanwhile.
is_healthy() { # VERSION
  local restarts deadline
  deadline=$((SECONDS + READY_WITHIN_S))
  while ((SECONDS < deadline)); do
    if systemctl -q is-failed cat-feeder.service; then return 1; fi
    restarts=$(systemctl show -P NRestarts cat-feeder.service || true)
    if [[ $(running_release) == "$1" ]] &&
      release_tool "$1" wait-ready --url "$(feeder_url)" --within 3 --steady "$STEADY_S" &&
      [[ $(running_release) == "$1" && $(systemctl show -P NRestarts cat-feeder.service || true) == "$restarts" ]]; then
      return 0
    fi
    sleep 1
  done
  return 1
}

release_tool() { # VERSION ARGUMENT...
  local version=$1
  shift
  "$releases/$version/bin/node" "$releases/$version/release-tool.mjs" "$@"
}

# The same as the daemon's user, for anything that opens its database: files that SQLite makes
# beside it must not belong to root.
release_tool_as_feeder() { # VERSION ARGUMENT...
  local version=$1
  shift
  if ((EUID == 0)) && id -u cat-feeder >/dev/null 2>&1 && [[ ! $root ]]; then
    setpriv --reuid cat-feeder --regid cat-feeder --init-groups \
      "$releases/$version/bin/node" "$releases/$version/release-tool.mjs" "$@"
  else
    release_tool "$version" "$@"
  fi
}

schema_of() { sed -n 's/^ *"schema": *\([0-9]*\),\{0,1\}$/\1/p' -- "$releases/$1/release.json"; }

# An older program refuses a database that a newer one has changed. The daemon copied it before
# (NNNNNN.before-migration.db); that copy changes places with it. What was served since is not
# forgotten: the emergency journal has the claims, and the daemon adds them at its start.
lower_schema() { # VERSION
  local wanted have copy copies
  wanted=$(schema_of "$1")
  [[ $wanted && -f $data/db/feeder.db ]] || return 0
  have=$(release_tool_as_feeder "$1" schema --db "$data/db/feeder.db") || return 0
  ((have > wanted)) || return 0
  mapfile -t copies < <(find "$data" -maxdepth 1 -type f -name '*.before-migration.db' | sort -r)
  for copy in "${copies[@]}"; do
    (($(release_tool_as_feeder "$1" schema --db "$copy") <= wanted)) || continue
    rm -rf -- "$data/db.undone"
    mkdir -m 0700 -- "$data/db.undone"
    cp --preserve=mode -- "$copy" "$data/db.undone/feeder.db"
    chown -R --reference="$data" -- "$data/db.undone"
    sync -f -- "$data/db.undone"
    exchange "$data/db.undone" "$data/db"
    say "The database is the one from before the update; what was served since is in the emergency journal."
    return 0
  done
  warn "The database has schema $have, version $1 knows $wanted, and there is no copy from before."
}

# Takes a complete release into use and keeps it only when the daemon is well with it (U2).
try_release() { # VERSION
  local from
  from=$(installed_version)
  write_trial "$from" "$1" 0 "$(boot_id)"
  point_current "$1" >/dev/null
  sync_links "$releases/$1"
  if ! systemd_runs; then
    say "Version $1 is in place. Nothing runs here; the guard decides at the next boot."
    return 0
  fi
  reload_manager
  restart_feeder
  settle
}

# Ends a trial: keep, or back. Safe to repeat after any interruption.
settle() {
  [[ -f $trial ]] || return 0
  local from to
  from=$(trial_value from)
  to=$(trial_value to)
  if ! is_version "$to" || [[ $(installed_version) != "$to" ]]; then
    # Announced and not switched, or already switched back.
    finish_undone
  elif is_healthy "$to"; then
    keep_release
  else
    undo_release "Version $to did not become ready within $READY_WITHIN_S s."
  fi
}

keep_release() {
  local from to
  from=$(trial_value from)
  to=$(trial_value to)
  rm -f -- "$trial"
  sync -- "$opt"
  say "Version $to is in use."
  remove_old_releases "$to" "$from"
}

# The release before comes back; the daemon is restarted only when someone manages it.
undo_release() { # REASON
  local from to
  from=$(trial_value from)
  to=$(trial_value to)
  if [[ ! $from || ! -d $releases/$from ]]; then
    warn "$1 There is no version to go back to."
    rm -f -- "$trial"
    return 1
  fi
  make_dir "$updates" 0700 >/dev/null
  { cat -- "$updates/refused" 2>/dev/null || true; printf '%s\n' "$to"; } | sort -u |
    write_file "$updates/refused" 0600 >/dev/null
  if systemd_runs; then systemctl stop cat-feeder.service || true; fi
  # The note stays when the link could not be turned (a full disk): the guard tries again.
  point_current "$from" >/dev/null || true
  [[ $(installed_version) == "$from" ]] || {
    warn "$1 Version $from could not be put back yet."
    [[ ${at_boot:-} ]] || restart_feeder
    return 1
  }
  finish_undone
  say "$1 Back to version $from."
  return 1
}

# The rest of an undone trial, from wherever it was cut. The note goes last.
finish_undone() {
  local version undone
  version=$(installed_version)
  undone=$(trial_value to)
  sync_links "$releases/$version"
  lower_schema "$version"
  if systemd_runs; then
    reload_manager
    # At boot the daemon is still to be started by its own job.
    [[ ${at_boot:-} ]] || restart_feeder
  fi
  if [[ $undone && $undone != "$version" && -d $releases/$undone ]]; then
    mv -T -- "$releases/$undone" "$releases/.old-$undone"
  fi
  rm -f -- "$trial"
  sync -- "$opt"
  clean_leftovers
}

# Keeps two releases; a directory that goes is renamed first, so that it never looks complete.
remove_old_releases() { # VERSION VERSION
  local tree
  for tree in "$releases"/*; do
    [[ -d $tree && ${tree##*/} != "$1" && ${tree##*/} != "${2:-}" ]] || continue
    mv -T -- "$tree" "$releases/.old-${tree##*/}"
  done
  clean_leftovers
}

# What an interrupted run left behind: never a release, only drafts of one.
clean_leftovers() {
  rm -rf -- "$releases"/.old-* "$releases"/.draft-*
}
