# Sourced by every bash through BASH_ENV: cuts the power right before the Nth command that changes
# something, N being FEEDER_CUT_AT. Everything in the process group dies at once, as in a real cut.
# The count is in a file, because a pipeline's commands run in shells of their own.
if [[ ${FEEDER_CUT_AT:-} ]]; then
  feeder_cut() {
    case ${1%% *} in
      mv | rm | mkdir | cp | ln | tar | sync | install | systemctl | printf | chmod | chown | release_tool | as_feeder | perl) ;;
      *) return 0 ;;
    esac
    local seen
    printf . >>"$FEEDER_TEST_ROOT/run/steps"
    read -r seen <"$FEEDER_TEST_ROOT/run/steps" || true
    if ((${#seen} == FEEDER_CUT_AT)); then
      printf '%s\n' "$1" >"$FEEDER_TEST_ROOT/run/cut"
      kill -KILL 0
    fi
  }
  set -T
  trap 'feeder_cut "$BASH_COMMAND"' DEBUG
fi
