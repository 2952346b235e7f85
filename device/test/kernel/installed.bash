# What the jobs about the installed service share; sourced inside the machine.
# shellcheck shell=bash disable=SC2034 # the names are used by those who source it
source device/test/kernel/checks.bash

export FEEDER_READY_WITHIN_S=60 FEEDER_STEADY_S=3
scripts=/opt/cat-feeder/current/scripts
releases=/exchange/releases

property() { systemctl show -P "$1" "${2:-cat-feeder.service}"; }
# A daemon that has started is ready with the first word of its scale.
is_ready() { within 15 curl -fsS -o /dev/null --max-time 5 http://127.0.0.1:8480/api/v1/health/ready; }
# The daemon's process. A signal to 0 would go to all of the sender's own group.
running_pid() {
  local pid
  pid=$(property MainPID)
  ((pid > 0)) || { printf 'The daemon does not run.\n' >&2; return 1; }
  printf '%s\n' "$pid"
}
version_running() { readlink "/proc/$(property MainPID)/exe" | cut -d/ -f5; }
log() { journalctl -u "${1:-cat-feeder.service}" -o cat --no-pager -n 300; }
is_new_daemon() { [[ $(property MainPID) != "$1" && $(property ActiveState) == active ]] && is_ready; }

# A chip with the header's label, as it would be on a Pi 4, from every boot on; and the watchdog.
add_hardware() {
  printf 'softdog\ngpio-sim\n' >/etc/modules-load.d/feeder-kernel.conf
  cat >/usr/local/sbin/add-header <<'P'
#!/bin/sh
chip=/sys/kernel/config/gpio-sim/header
mkdir -p $chip/bank0 && echo pinctrl-bcm2711 >$chip/bank0/label && echo 58 >$chip/bank0/num_lines && echo 1 >$chip/live
P
  chmod 755 /usr/local/sbin/add-header
  cat >/etc/systemd/system/add-header.service <<'U'
[Unit]
Before=cat-feeder.service
After=systemd-modules-load.service sys-kernel-config.mount
[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/usr/local/sbin/add-header
[Install]
WantedBy=multi-user.target
U
  systemctl restart systemd-modules-load.service
  systemctl enable --now add-header.service
}

sim_lines() { # the folder of the header's lines
  local chip=/sys/kernel/config/gpio-sim/header
  printf '/sys/devices/platform/%s/%s\n' "$(<$chip/dev_name)" "$(<$chip/bank0/chip_name)"
}
level() { cat "$(sim_lines)/sim_gpio$1/value"; } # LINE
