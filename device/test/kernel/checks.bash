# Counting checks inside the machine; sourced by its jobs.
# shellcheck shell=bash

# One line for each check: `ok NAME` or `FAILED NAME`, then what it printed.
check() { # NAME COMMAND...
  local name=$1 output status
  shift
  "$@" >/run/check-output 2>&1 && status=0 || status=$?
  output=$(</run/check-output)
  if ((status == 0)); then
    printf 'ok      %s\n' "$name"
  else
    printf 'FAILED  %s\n%s\n' "$name" "$output" | sed '2,$s/^/        /'
  fi
}

# A figure for whoever started the machine.
figure() { printf 'figure  %s %s\n' "$1" "$2"; } # NAME NUMBER

is() { [[ $1 == "$2" ]] || { printf 'expected: %s\nis:       %s\n' "$2" "$1"; return 1; }; }

now_ms() { local now=$EPOCHREALTIME; printf '%s\n' $((${now/./} / 1000)); }

# Waits for a condition, at most so many seconds.
within() { # SECONDS COMMAND...
  local until=$((SECONDS + $1))
  shift
  while ! "$@" >/dev/null 2>&1; do
    ((SECONDS < until)) || { printf 'not within the time: %s\n' "$*"; "$@"; return 1; }
    sleep 0.2
  done
}
