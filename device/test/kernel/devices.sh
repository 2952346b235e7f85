# Inside the machine: the virtual camera, and the watchdog that restarts a hung system.
# shellcheck shell=bash disable=SC2317 # the functions are called by `check`
source device/test/kernel/checks.bash

camera_gives_frames() {
  modprobe vivid n_devs=1 node_types=0x1 && v4l2-ctl -d /dev/video0 --info | grep -q vivid &&
    v4l2-ctl -d /dev/video0 --set-fmt-video=width=640,height=360,pixelformat=YUYV >/dev/null &&
    v4l2-ctl -d /dev/video0 --stream-mmap --stream-count=15 --stream-to=/tmp/frames >/dev/null 2>&1 &&
    is "$(stat -c %s /tmp/frames)" $((15 * 640 * 360 * 2))
}

# An unplugged camera ends a recording that is under way; it must not hang.
camera_can_be_unplugged() {
  local recording
  v4l2-ctl -d /dev/video0 --stream-mmap --stream-count=10000 --stream-to=/dev/null >/dev/null 2>&1 &
  recording=$!
  sleep 1
  kill -0 "$recording" && echo vivid.0 >/sys/bus/platform/drivers/vivid/unbind || return 1
  for _ in {1..50}; do kill -0 "$recording" 2>/dev/null || break; sleep 0.1; done
  ! kill -0 "$recording" 2>/dev/null && [[ ! -e /dev/video0 ]]
}

if [[ -e /exchange/hung ]]; then
  check 'a system that hangs is restarted by the watchdog' true
  exit 0
fi
check 'the virtual camera gives frames' camera_gives_frames
check 'the virtual camera can be unplugged in the middle of a recording' camera_can_be_unplugged
# Nobody feeds the watchdog from now on: the machine starts anew, and this job with it.
touch /exchange/hung
modprobe softdog soft_margin=2
exec 9>/dev/watchdog0
sleep 20
check 'a system that hangs is restarted by the watchdog' false
exit 1
