# Inside the machine, first boot: installs the release and looks at the service under a real kernel.
# shellcheck shell=bash
source device/test/kernel/installed.bash
ENABLE=23
PORTION_GRAMS=20 # about seven seconds of turning, by the profile in wired.json

installs() {
  "$releases/tree/scripts/install.sh" && is "$(property ActiveState)" inactive || return 1
  # config.txt was changed: the start is left to the next boot, which finds /run empty.
  rm /run/cat-feeder-restart && systemctl start cat-feeder.service &&
    is "$(property ActiveState)" active && is_ready
}
changes_nothing() {
  local before after
  before=$(property MainPID)
  after=$("$releases/tree/scripts/install.sh") || return 1
  grep -q 'nothing had to be changed' <<<"$after" && is "$(property MainPID)" "$before"
}
# The setting is there since the installation; the service manager takes it at its next start.
watchdog_is_fed() {
  systemctl daemon-reexec
  within 10 grep -qx active /sys/class/watchdog/watchdog0/state && is "$(</sys/class/watchdog/watchdog0/timeout)" 14
}

# The chip was there before the rules for it.
rules_hold_at_once() { is "$(stat -c '%G %a' /dev/gpiochip0)" 'gpio 660'; }
# Motor and scale on lines of the simulated chip.
starts_wired() {
  install -m 644 device/test/kernel/wired.json /etc/cat-feeder/hardware.json
  echo FEEDER_HARDWARE=/etc/cat-feeder/hardware.json >>/etc/cat-feeder/environment
  systemctl restart cat-feeder.service && is_ready
}
holds_the_motors_lines() {
  is "$(node --input-type=module -e "
    import { loadBoardIo } from '@cat-feeder/board-io';
    const board = loadBoardIo();
    const { consumer, direction } = board.lineInfo(board.listChips()[0].path, $ENABLE);
    console.log(consumer, direction);")" 'cat-feeder motor out' && is "$(level $ENABLE)" 0
}
# Nothing here answers as a scale.
says_that_the_scale_is_silent() { within 30 scale_is_named; }
scale_is_named() { api status | grep -q 'gives no conversions'; }

api() { curl -fsS "http://127.0.0.1:8480/api/v1/$1"; }
# A feeder without memory of the check before.
fresh() {
  systemctl stop cat-feeder.service
  rm -rf /var/lib/cat-feeder/*
  systemctl reset-failed cat-feeder.service
  systemctl start cat-feeder.service && is_ready
}
is_turning() { [[ $(level $ENABLE) == 1 ]]; }
# Without a scale it feeds by turns: that makes the motor's line rise.
starts_to_feed() {
  curl -sS -X POST -H 'content-type: application/json' \
    -d "{\"requestId\":\"wish-$RANDOM\",\"portionGrams\":$PORTION_GRAMS}" http://127.0.0.1:8480/api/v1/feedings
  within 20 is_turning || { api feedings; return 1; }
}
feeds_by_turns() {
  fresh && starts_to_feed || return 1
  within 60 is_over && is "$(level $ENABLE)" 0
}
is_over() { [[ $(api 'feedings?state=running&limit=1') == *'"total":0'* ]]; }

watch_line() { # FILE; each change of the motor's line, for a minute
  rm -f "$1"
  node device/test/kernel/watch-line.ts "$(sim_lines)/sim_gpio$ENABLE/value" 60 >"$1" &
  watcher=$!
  within 10 test -s "$1"
}
unwatch() { kill "$watcher"; wait "$watcher" 2>/dev/null || true; }
change_after() { # LEVEL MS FILE; how long after an instant the line had this level, in ms
  awk -v level="$1" -v since="$2" '$1 >= since && $2 == level { print $1 - since; exit }' "$3"
}
note() { printf '%s %s\n' "$1" "$2" >>/run/figures; } # a figure, printed at the end

# SIGKILL in the middle of a slice: the kernel lets the line go.
line_falls_after_sigkill() {
  local pid killed fell
  fresh && watch_line /run/levels && starts_to_feed || return 1
  pid=$(running_pid) || return 1
  killed=$(now_ms)
  kill -KILL "$pid"
  within 60 is_new_daemon "$pid" || return 1
  unwatch
  cat /run/levels
  fell=$(change_after 0 "$killed" /run/levels)
  [[ $fell ]] && note serviceMotorOffAfterSigkillMs "$fell" && ((fell < 250)) && is "$(level $ENABLE)" 0
}

# SIGSTOP stops the thread with the deadline, too: the watchdog is what ends it.
stopped_daemon_is_restarted() {
  local pid began fell
  fresh && watch_line /run/levels && starts_to_feed || return 1
  pid=$(running_pid) || return 1
  began=$(now_ms)
  kill -STOP "$pid"
  within 60 is_new_daemon "$pid" || return 1
  note watchdogRestartMs $(($(now_ms) - began))
  unwatch
  cat /run/levels
  log cat-feeder.service | grep 'Watchdog timeout' && grep watchdog /run/post-stop || return 1
  fell=$(change_after 0 "$began" /run/levels)
  # 20 s of WatchdogSec, and what this machine needs.
  [[ $fell ]] && note serviceMotorOffAfterSigstopMs "$fell" && ((fell < 25000)) && is "$(level $ENABLE)" 0
}

# A pull towards "on", as on a driver without its resistor: whoever lets the line go turns the motor,
# and nothing but motor-safe drives it low between the daemon's death and its next start.
killed_daemon_is_made_safe() {
  local pid killed low
  fresh || return 1
  pid=$(running_pid) || return 1
  echo pull-up >"$(sim_lines)/sim_gpio$ENABLE/pull"
  watch_line /run/levels || return 1
  killed=$(now_ms)
  kill -KILL "$pid"
  within 60 is_new_daemon "$pid" || return 1
  unwatch
  echo pull-down >"$(sim_lines)/sim_gpio$ENABLE/pull"
  cat /run/levels
  low=$(awk -v killed="$killed" '$1 > killed && $2 == 1 { high = 1 } high && $2 == 0 { print $1 - killed; exit }' /run/levels)
  # RestartSec is 2 s: a fall before that is not the next daemon's.
  [[ $low ]] && note motorSafeAfterSigkillMs "$low" && ((low < 2000)) && grep signal /run/post-stop
}

add_hardware
check 'the installer starts the feeder; it becomes ready' installs
check 'a second run of the installer changes nothing' changes_nothing
check 'the service manager feeds the watchdog of the system' watchdog_is_fed
mkdir -p /run/systemd/system/cat-feeder.service.d
# The post-stop program leaves a trace beside the real one.
# shellcheck disable=SC2016
printf '[Service]\nExecStopPost=+/bin/sh -c "echo $SERVICE_RESULT >/run/post-stop"\n' \
  >/run/systemd/system/cat-feeder.service.d/trace.conf
systemctl daemon-reload
check 'the rules for devices hold without a restart of the machine' rules_hold_at_once
check 'it starts on a motor and a scale that are wired to lines of this kernel' starts_wired
check 'it holds the lines of the motor, and they are off' holds_the_motors_lines
check 'it says that the scale is silent' says_that_the_scale_is_silent
check 'it feeds by turns, and the line is off at the end' feeds_by_turns
check 'the line falls when the daemon is killed in the middle of a feeding' line_falls_after_sigkill
check 'a daemon stopped in the middle of a feeding is ended by the watchdog and started again' stopped_daemon_is_restarted
check 'motor-safe drives the line low that nobody holds any more' killed_daemon_is_made_safe
while read -r name number; do figure "$name" "$number"; done </run/figures
systemctl stop cat-feeder.service
rm -rf /etc/cat-feeder/hardware.json /var/lib/cat-feeder/*
sed -i /FEEDER_HARDWARE/d /etc/cat-feeder/environment
sync
