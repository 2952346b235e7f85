#!/usr/bin/env bash
# Writes one file with the feeder's history, plans and settings; the feeder goes on feeding meanwhile.
#
#   sudo backup.sh [OPTION...]
#     --to FILE              default: /var/lib/cat-feeder-backups/cat-feeder-DATE.backup
#     --password-file FILE   encrypts it (AES-256; the password is the file's first line)
#     --root DIR             of the tree of another system
# The finished file is read back and checked in full before it gets its name.

# shellcheck source=on-feeder.sh
source "$(dirname "$(realpath "${BASH_SOURCE[0]}")")/on-feeder.sh"
# shellcheck source=backup-file.sh
source "$(dirname "$(realpath "${BASH_SOURCE[0]}")")/backup-file.sh"

usage() { sed -n '2,8s/^# \{0,1\}//p' "${BASH_SOURCE[0]}"; }
to='' password_file=''
while (($#)); do
  case $1 in
    --to) to=${2:?--to needs a file} && shift ;;
    --password-file) password_file=${2:?--password-file needs a file} && shift ;;
    --root) root=${2:?--root needs a directory} && shift ;;
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
need_space "$(dirname -- "$to")" "$(($(du -sk -- "$data/db" | cut -f1) * 2 + 1024))"

work=$(mktemp -d "$data/.backup-XXXXXX")
trap 'rm -rf -- "$work" "$to.draft"' EXIT
mkdir "$work/tree"
chown -R --reference="$data" -- "$work"
release_tool_as_feeder "$version" backup --db "$data/db/feeder.db" --to "$work/tree/feeder.db" ||
  fail 74 "The database could not be copied, or the copy is damaged."
chmod 600 "$work/tree/feeder.db"
if [[ -d $etc ]]; then
  mkdir "$work/tree/etc"
  cp -R -- "$etc/." "$work/tree/etc"
fi
printf 'cat-feeder backup 1\nversion=%s\nschema=%s\n' "$version" "$(schema_of "$version")" >"$work/tree/about"
(cd "$work/tree" && find . -type f -printf '%P\0' | sort -z | xargs -0 sha256sum) >"$work/sums"
mv -- "$work/sums" "$work/tree/SHA256SUMS"

tar -C "$work/tree" --owner=0 --group=0 --numeric-owner -czf - . | seal >"$to.draft" ||
  fail 74 "$to could not be written."
sync -- "$to.draft"
open_backup "$to.draft" "$work/check" || fail 74 "What was written cannot be read back; the backup is thrown away."
chown -R --reference="$data" -- "$work/check"
release_tool_as_feeder "$version" verify-db --db "$work/check/feeder.db" ||
  fail 74 "The database in the backup is damaged; it is thrown away."
mv -T -- "$to.draft" "$to"
sync -- "$(dirname -- "$to")"
say "Backup: $to ($(du -h -- "$to" | cut -f1)${password_file:+, encrypted})"
