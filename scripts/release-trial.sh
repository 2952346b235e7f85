# shellcheck shell=bash
# Releases on a feeder: checked, put in place, on trial, kept or undone. Sourced.
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

# shellcheck source=on-feeder.sh
source "$(dirname "$(realpath "${BASH_SOURCE[0]}")")/on-feeder.sh"

# Seconds until a new release must be ready, and for how long it must then stay so.
READY_WITHIN_S=${FEEDER_READY_WITHIN_S:-90}
STEADY_S=${FEEDER_STEADY_S:-15}
# How long to wait for a time without a feeding, in which a trial and the way back have room.
GAP_WITHIN_S=${FEEDER_GAP_WITHIN_S:-600}
NO_GAP=4

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

# Where the daemon listens: as it says itself, else by the settings.
feeder_url() {
  local status port
  status=$(systemctl show -P StatusText cat-feeder.service 2>/dev/null || true)
  if [[ $status =~ (http://[^[:space:]]+) ]]; then
    printf '%s\n' "${BASH_REMATCH[1]}"
    return
  fi
  port=$(setting FEEDER_PORT)
  printf 'http://127.0.0.1:%s\n' "${port:-8480}"
}

# True when the daemon of a version becomes ready in time, stays so, and did not restart meanwhile.
is_healthy() { # VERSION
  local restarts deadline
  deadline=$((SECONDS + READY_WITHIN_S))
  while ((SECONDS < deadline)); do
    if systemctl -q is-failed cat-feeder.service; then return 1; fi
    restarts=$(systemctl show -P NRestarts cat-feeder.service || true)
    if release_tool_as_feeder "$1" wait-ready --url "$(feeder_url)" --version "$1" --within 3 --steady "$STEADY_S" &&
      [[ $(systemctl show -P NRestarts cat-feeder.service || true) == "$restarts" ]]; then
      return 0
    fi
    sleep 1
  done
  return 1
}

schema_of() { sed -n 's/^ *"schema": *\([0-9]*\),\{0,1\}$/\1/p' -- "$releases/$1/release.json"; }

# An older program refuses a database that a newer one has changed. The daemon copied it before
# (NNNNNN.before-migration.db); that copy changes places with it. What was served since is not
# forgotten: the emergency journal has the claims, and the daemon adds them at its start.
lower_schema() { # VERSION
  local wanted have copy copies undone=$data/db.undone
  wanted=$(schema_of "$1")
  [[ $wanted ]] && as_feeder test -f "$data/db/feeder.db" || return 0
  have=$(release_tool_as_feeder "$1" schema --db "$data/db/feeder.db") || return 0
  ((have > wanted)) || return 0
  mapfile -t copies < <(as_feeder find "$data" -maxdepth 1 -type f -name '*.before-migration.db' | sort -r)
  for copy in "${copies[@]}"; do
    (($(release_tool_as_feeder "$1" schema --db "$copy") <= wanted)) || continue
    as_feeder rm -rf -- "$undone"
    as_feeder mkdir -m 0700 -- "$undone"
    as_feeder cp --preserve=mode -- "$copy" "$undone/feeder.db"
    as_feeder sync -f -- "$undone"
    exchange "$undone" "$data/db" as_feeder
    say "The database is the one from before the update; what was served since is in the emergency journal."
    return 0
  done
  warn "The database has schema $have, version $1 knows $wanted, and there is no copy from before."
}

# The daemon is restarted between feedings only (FMEA-11). One that does not answer serves nobody.
wait_for_gap() {
  local status=0
  systemd_runs && systemctl -q is-active cat-feeder.service || return 0
  release_tool_as_feeder "$(installed_version)" wait-gap --url "$(feeder_url)" \
    --within "$GAP_WITHIN_S" --ahead $((2 * READY_WITHIN_S)) || status=$?
  ((status != NO_GAP)) || fail 75 "Version $(installed_version) goes on. Try again later, or stop the feeder first."
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
  if awaits_reboot; then
    say "Version $1 is in place. Its trial begins with the restart of the Pi."
    return 0
  fi
  restart_feeder
  settle
}

# Newly wired parts are not there yet: nothing can be said of a release that needs them.
awaits_reboot() { [[ -e $reboot_note ]]; }

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
  local from to is_noted=yes
  from=$(trial_value from)
  to=$(trial_value to)
  if [[ ! $from || ! -d $releases/$from ]]; then
    warn "$1 There is no version to go back to."
    rm -f -- "$trial"
    return 1
  fi
  refuse "$to" || is_noted=''
  if systemd_runs; then systemctl stop cat-feeder.service || true; fi
  # The note stays when the link could not be turned (a full disk): the guard tries again.
  point_current "$from" >/dev/null || true
  [[ $(installed_version) == "$from" ]] || {
    warn "$1 Version $from could not be put back yet."
    [[ ${at_boot:-} ]] || restart_feeder
    return 1
  }
  finish_undone
  # Without the undone release there is room again.
  [[ $is_noted ]] || refuse "$to" || warn "Version $to may be tried again."
  say "$1 Back to version $from."
  return 1
}

# Notes that a version is not to be tried again (U3).
refuse() { # VERSION
  make_dir "$updates" 0700 >/dev/null
  { cat -- "$updates/refused" 2>/dev/null || true; printf '%s\n' "$1"; } | sort -u |
    write_file "$updates/refused" 0600 >/dev/null
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
