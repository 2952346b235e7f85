# Sourced by every bash through BASH_ENV: cuts the power right before the Nth command that changes
# something, N being FEEDER_CUT_AT. Everything in the process group dies at once, as in a real cut.
# Commands in subshells count on from their parent's number.
if [[ ${FEEDER_CUT_AT:-} ]]; then
  feeder_cut_count=0
  feeder_cut() {
    case ${1%% *} in
      mv | rm | mkdir | cp | ln | tar | sync | install | systemctl | printf | chmod | chown | release_tool | perl) ;;
      *) return 0 ;;
    esac
    feeder_cut_count=$((feeder_cut_count + 1))
    if ((feeder_cut_count == FEEDER_CUT_AT)); then
      printf '%s\n' "$1" >"$FEEDER_TEST_ROOT/run/cut"
      kill -KILL 0
    fi
  }
  set -T
  trap 'feeder_cut "$BASH_COMMAND"' DEBUG
fi
