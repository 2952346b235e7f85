#!/usr/bin/env bash
# The guard makes the motor safe, settles an interrupted update and starts a feeder that gave up.
#
#   guard.sh [--boot] [--root DIR]
#     --boot    before the feeder's first start; otherwise: every minute, and when the feeder failed

# shellcheck source=release-trial.sh
source "$(dirname "$(realpath "${BASH_SOURCE[0]}")")/release-trial.sh"

# A release on trial that has not been kept by its third boot goes.
TRIAL_BOOTS_MAX=2
# Between two rounds of starts of a feeder that keeps failing.
PAUSE_S=50

at_boot=''
while (($#)); do
  case $1 in
    --boot) at_boot=yes; shift ;;
    --root) need_value "$@" && root=$2 && shift 2 ;;
    *) fail 64 "Usage: guard.sh [--boot] [--root DIR]" ;;
  esac
done
set_places
need_root
[[ -L $current ]] || exit 0

# With the service's own settings, as when the service itself runs it.
motor_safe() {
  FEEDER_HARDWARE=$(setting FEEDER_HARDWARE) FEEDER_CONFIG=$(setting FEEDER_CONFIG) \
    "$current/systemd/motor-safe" "$etc/hardware.json" || warn "The motor's pins could not be made safe."
}

# A boot in the middle of a trial counts; the third one decides before the daemon starts.
count_boot() {
  local boots
  if [[ $(installed_version) != "$(trial_value to)" ]]; then
    finish_undone
    return
  fi
  [[ $(trial_value boot_id) != "$(boot_id)" ]] || return 0
  boots=$(($(trial_value boots) + 1))
  write_trial "$(trial_value from)" "$(trial_value to)" "$boots" "$(boot_id)"
  if ((boots > TRIAL_BOOTS_MAX)); then
    undo_release "Version $(trial_value to) was not kept after $boots boots." || true
  fi
}

state() { systemctl show -P "$1" cat-feeder.service; }

# Seconds since the feeder's unit last changed its state.
seconds_in_state() {
  local since now
  since=$(state StateChangeTimestampMonotonic)
  now=$(cut -d. -f1 /proc/uptime)
  printf '%s\n' $((now - since / 1000000))
}

revive_failed() {
  motor_safe
  if [[ -f $trial ]] && ! awaits_reboot; then
    undo_release "Version $(trial_value to) keeps failing." || true
    return
  fi
  case $(state ExecMainStatus) in
    64 | 78) say "The feeder's settings are wrong; it is not started again until someone corrects them." ;;
    *)
      (($(seconds_in_state) >= PAUSE_S)) || return 0
      say "The feeder keeps failing; it is started again."
      systemctl reset-failed cat-feeder.service
      systemctl --no-block start cat-feeder.service
      ;;
  esac
}

exec {lock_fd}>>"$opt/.lock"
# An installation or update at work looks after everything itself.
flock -n "$lock_fd" || exit 0

if [[ $at_boot ]]; then
  motor_safe
  if [[ -f $trial ]]; then count_boot; fi
  exit 0
fi
case $(state ActiveState) in
  failed) revive_failed ;;
  active)
    if [[ -f $trial ]] && ! awaits_reboot; then settle || true; fi
    ;;
  *) : ;; # Starting or stopping: systemd is at work. Stopped: somebody wanted it so.
esac
