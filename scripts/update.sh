#!/usr/bin/env bash
# Brings a newer signed release into use, or says why not. Run every night by a timer.
#
#   sudo update.sh [--from DIR]   looks in DIR, else at the address in /etc/cat-feeder/update-source
#   sudo update.sh settle         ends the trial of a release: keep it, or go back
#   sudo update.sh rollback       back to the version before
#   sudo update.sh status         what is installed, kept and on trial
#     --root DIR                  the tree of another system
# Exit: 0 up to date, 64 usage, 65 the offer was refused, 74 disk or network, 75 not now, 1 undone.

# shellcheck source=release-trial.sh
source "$(dirname "$(realpath "${BASH_SOURCE[0]}")")/release-trial.sh"

MANIFEST=cat-feeder.release.json
TARBALL_BYTES_MAX=268435456
usage() { sed -n '2,9s/^# \{0,1\}//p' "${BASH_SOURCE[0]}"; }

command=update from=''
while (($#)); do
  case $1 in
    update | settle | rollback | status) command=$1 ;;
    --from) need_value "$@" && from=$2 && shift ;;
    --root) need_value "$@" && root=$2 && shift ;;
    --help) usage && exit 0 ;;
    *) usage >&2 && exit 64 ;;
  esac
  shift
done
set_places
need_root
installed=$(installed_version)
[[ $installed ]] || fail 65 "No feeder is installed here; see docs/installing.md."

# Puts a file of the offer into the draft, from the directory or over the network.
get() { # NAME BYTES_MAX
  local size
  if [[ $from ]]; then
    [[ -f $from/$1 ]] || fail 74 "There is no $1 in $from."
    size=$(stat -c %s -- "$from/$1")
    ((size <= $2)) || fail 65 "$1 is longer than it may be. Nothing was changed."
    cp -- "$from/$1" "$draft/$1" || fail 74 "$1 could not be copied. Nothing was changed."
  else
    # Not by root: what comes from a network is first read by the user who may do the least.
    release_tool_as_feeder "$installed" fetch --url "$source_url/$1" --bytes-max "$2" >"$draft/$1" || exit 74
  fi
}

public_key() {
  local file
  # The owner's own choice goes before the key that came with the installed release.
  for file in "$etc/update-key.pem" "$releases/$installed/update-key.pem"; do
    if [[ -f $file ]]; then
      printf '%s\n' "$file"
      return
    fi
  done
  fail 65 "This release came without a key, so no update can be trusted. Install newer releases by hand."
}

# Downloads, checks and unpacks; nothing outside the draft is touched before all of it is proven.
prepare_release() {
  local offer status=0 file bytes sum key refused=()
  key=$(public_key)
  get "$MANIFEST" 65536
  get "$MANIFEST.sig" 1024
  [[ ! -f $updates/refused ]] || refused=(--refused "$updates/refused")
  offer=$(release_tool "$installed" judge --manifest "$draft/$MANIFEST" --signature "$draft/$MANIFEST.sig" \
    --key "$key" --installed "$installed" "${refused[@]}") || status=$?
  case $status in
    0) ;;
    3)
      say "Version $installed is the newest."
      exit 0
      ;;
    *) fail 65 "The update was refused. Version $installed goes on." ;;
  esac
  read -r version file bytes sum <<<"$offer"
  need_space "$opt" "$((bytes * 5 / 1024 + 65536))"
  get "$file" "$TARBALL_BYTES_MAX"
  [[ $(stat -c %s -- "$draft/$file") == "$bytes" ]] || fail 65 "$file is not complete. Version $installed goes on."
  [[ $(sha256sum <"$draft/$file") == "$sum  -" ]] || fail 65 "$file is not what was signed. Version $installed goes on."
  mkdir -- "$draft/tree"
  tar -xzf "$draft/$file" -C "$draft/tree" --strip-components=1 --no-same-owner ||
    fail 74 "$file could not be unpacked. Version $installed goes on."
  rm -- "$draft/$file"
  check_tree "$draft/tree" || fail 65 "The unpacked release is not complete. Version $installed goes on."
  [[ $("$draft/tree/bin/node" "$draft/tree/feeder.mjs" version) == "$version" ]] ||
    fail 65 "The new release does not run on this machine. Version $installed goes on."
}

update() {
  [[ ! -f $trial ]] || fail 75 "Version $(trial_value to) is on trial; the guard ends that within minutes."
  if [[ ! $from ]]; then
    [[ -f $etc/update-source ]] || fail 64 "No source of updates is set: write its address into /etc/cat-feeder/update-source."
    source_url=$(head -n 1 -- "$etc/update-source")
  fi
  clean_leftovers
  draft=$releases/.draft-update
  trap 'rm -rf -- "$draft"' EXIT
  mkdir -- "$draft"
  prepare_release
  wait_for_gap
  if [[ -d $releases/$version ]]; then mv -T -- "$releases/$version" "$releases/.old-$version"; fi
  place_release "$draft/tree" "$version"
  rm -rf -- "$draft"
  say "Version $version is checked and goes on trial."
  try_release "$version"
}

# By hand, to the release that was kept for it.
rollback() {
  local tree before=''
  [[ ! -f $trial ]] || fail 75 "Version $(trial_value to) is on trial; the guard ends that within minutes."
  for tree in "$releases"/*; do
    if [[ -d $tree && ${tree##*/} != "$installed" ]]; then before=${tree##*/}; fi
  done
  [[ $before ]] || fail 65 "There is no other version to go back to."
  wait_for_gap
  write_trial "$before" "$installed" 0 "$(boot_id)"
  undo_release "You asked for it." || true
}

status() {
  local tree
  say "installed: $installed"
  for tree in "$releases"/*; do
    if [[ -d $tree && ${tree##*/} != "$installed" ]]; then say "kept: ${tree##*/}"; fi
  done
  if [[ -f $trial ]]; then say "on trial: $(trial_value to), before it: $(trial_value from)"; fi
  if [[ -f $updates/refused ]]; then sed 's/^/undone before: /' -- "$updates/refused"; fi
}

case $command in
  status) status ;;
  *)
    take_lock
    # Another run may have ended just before.
    installed=$(installed_version)
    "$command"
    ;;
esac
