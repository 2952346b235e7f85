#!/usr/bin/env bash
# Writes one file with the feeder's history, plans and settings; the feeder goes on feeding meanwhile.
#
#   sudo backup.sh [OPTION...]
#     --to FILE              default: /var/lib/cat-feeder-backups/cat-feeder-DATE.backup
#     --password-file FILE   encrypts it (AES-256; the password is the file's first line)
#     --root DIR             of the tree of another system
# The finished file is read back and checked in full before it gets its name.

# shellcheck source=release-trial.sh
source "$(dirname "$(realpath "${BASH_SOURCE[0]}")")/release-trial.sh"
# shellcheck source=backup-file.sh
source "$(dirname "$(realpath "${BASH_SOURCE[0]}")")/backup-file.sh"

usage() { sed -n '2,8s/^# \{0,1\}//p' "${BASH_SOURCE[0]}"; }
to='' password_file=''
while (($#)); do
  case $1 in
    --to) need_value "$@" && to=$2 && shift ;;
    --password-file) need_value "$@" && password_file=$2 && shift ;;
    --root) need_value "$@" && root=$2 && shift ;;
    --help) usage && exit 0 ;;
    *) usage >&2 && exit 64 ;;
  esac
  shift
done
set_places
need_root
umask 077
version=$(installed_version)
[[ $version ]] || fail 65 "No feeder is installed here."
[[ -f $data/db/feeder.db ]] || fail 65 "There is no database in ${data#"$root"} yet: the feeder has not run."
if [[ $password_file && ! $(head -n 1 -- "$password_file" 2>/dev/null) ]]; then fail 64 "There is no password in $password_file."; fi
to=${to:-$root/var/lib/cat-feeder-backups/cat-feeder-$(date -u +%Y%m%dT%H%M%SZ).backup}
[[ ! -e $to ]] || fail 64 "$to exists; it is not overwritten."
make_dir "$(dirname -- "$to")" 0700 >/dev/null
make_dir "$updates" 0700 >/dev/null
need_space "$updates" "$(($(du -sk -- "$data/db" | cut -f1) * 3 + 1024))"
need_space "$(dirname -- "$to")" "$(($(du -sk -- "$data/db" | cut -f1) * 2 + 1024))"

take_lock
# What a power cut left of another run is in the way of none: there is one at a time.
work=$updates/.backup stage=$data/.backup
trap 'rm -rf -- "$work" "$to.draft"; as_feeder rm -rf -- "$stage"' EXIT
rm -rf -- "$work"
mkdir -m 0700 -- "$work" "$work/tree"
as_feeder rm -rf -- "$stage"
as_feeder mkdir -m 0700 -- "$stage"
release_tool_as_feeder "$version" backup --db "$data/db/feeder.db" --to "$stage/feeder.db" ||
  fail 74 "The database could not be copied, or the copy is damaged."
as_feeder cat -- "$stage/feeder.db" >"$work/tree/feeder.db" || fail 74 "The database could not be copied."
copy_settings() {
  local name
  mkdir -- "$work/tree/etc"
  while IFS= read -r -d '' name; do
    if [[ $name == *[[:cntrl:]]* || ! -r $etc/$name ]]; then
      warn "A file in ${etc#"$root"} is left out: $(printf %q "$name")"
    else
      mkdir -p -- "$(dirname -- "$work/tree/etc/$name")"
      cp -L -- "$etc/$name" "$work/tree/etc/$name"
    fi
  done < <(cd -- "$etc" && find -L . -type f -printf '%P\0' | sort -z)
}
if [[ -d $etc ]]; then copy_settings; fi
printf 'cat-feeder backup 1\nversion=%s\nschema=%s\n' "$version" "$(schema_of "$version")" >"$work/tree/about"
(cd "$work/tree" && find . -type f -printf '%P\0' | sort -z | xargs -0 sha256sum) >"$work/sums"
mv -- "$work/sums" "$work/tree/SHA256SUMS"

tar -C "$work/tree" --owner=0 --group=0 --numeric-owner -czf - . | seal >"$to.draft" ||
  fail 74 "$to could not be written."
sync -- "$to.draft"
open_backup "$to.draft" "$work/check" || fail 74 "What was written cannot be read back; the backup is thrown away."
as_feeder tee -- "$stage/check.db" <"$work/check/feeder.db" >/dev/null
release_tool_as_feeder "$version" verify-db --db "$stage/check.db" ||
  fail 74 "The database in the backup is damaged; it is thrown away."
mv -T -- "$to.draft" "$to"
sync -- "$(dirname -- "$to")"
say "Backup: $to ($(du -h -- "$to" | cut -f1)${password_file:+, encrypted})"
