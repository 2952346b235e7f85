# Sourced by every bash through BASH_ENV: between any two commands of a script of root, a daemon that
# somebody took over does in its own directory what it likes with whatever root keeps there.
if [[ ${FEEDER_TEST_ROOT:-} ]]; then
  feeder_spoil() {
    local found
    while IFS= read -r found; do
      printf evil >"$found"
    done < <(find "$FEEDER_TEST_ROOT/var/lib/cat-feeder" -path '*/etc/*' -type f 2>/dev/null)
  }
  set -T
  trap feeder_spoil DEBUG
fi
