# shellcheck shell=bash
# The form of a backup, for backup.sh and restore.sh: a gzip tar with a SHA256SUMS of every file,
# inside openssl's envelope when there is a password. Sourced after on-feeder.sh.

# The work that somebody has to do for each password he tries.
ITERATIONS=600000

cipher() { openssl enc "$@" -aes-256-cbc -pbkdf2 -iter "$ITERATIONS" -md sha256 -pass "file:$password_file"; }

# Standard input to standard output, encrypted when a password was given.
seal() { if [[ ${password_file:-} ]]; then cipher -e -salt; else cat; fi; }

is_encrypted() { [[ $(head -c 8 -- "$1" | tr -d '\0') == Salted__ ]]; }

# Unpacks a backup into a new directory and checks every sum. 1 when anything is wrong.
open_backup() { # FILE DIRECTORY
  mkdir -m 0700 -- "$2" || return 1
  if is_encrypted "$1"; then
    [[ ${password_file:-} ]] || fail 64 "The backup is encrypted: name the file with its password (--password-file)."
    cipher -d -in "$1" 2>/dev/null | tar -xzf - -C "$2" --no-same-owner 2>/dev/null || return 1
  else
    tar -xzf "$1" -C "$2" --no-same-owner 2>/dev/null || return 1
  fi
  [[ $(head -n 1 -- "$2/about" 2>/dev/null) == 'cat-feeder backup 1' ]] || return 1
  [[ -f $2/feeder.db && ! -L $2/feeder.db ]] || return 1
  # Links and other special files have no sum, and no place in a backup.
  [[ ! $(find "$2" ! -type f ! -type d -print -quit) ]] || return 1
  # A line end in a name would make two names of it, and the second could lead out of the backup.
  [[ ! $(find "$2" -name '*[[:cntrl:]]*' -print -quit) ]] || return 1
  (cd -- "$2" && sha256sum --quiet --strict -c SHA256SUMS >/dev/null 2>&1) || return 1
  [[ $(cut -c 67- -- "$2/SHA256SUMS" | sort) == "$(cd -- "$2" && find . -type f ! -name SHA256SUMS -printf '%P\n' | sort)" ]]
}
