# Inside the machine, third boot: after the power cut in the middle of a trial.
# shellcheck shell=bash
source device/test/kernel/installed.bash
: "${first:?}"

back_to_good() { [[ ! -e /opt/cat-feeder/trial && $(version_running) == 7.1.0 ]] && is_ready; }
ends_the_trial() { within 120 back_to_good; }
rolls_back() { "$scripts/update.sh" rollback && is "$(version_running)" "$first" && is_ready; }

# For the power cuts that follow: an empty data directory (the mark of a history that is lost fills the
# limit of an hour, since nobody knows what was served in it), and the simulated food outside of the
# machine, because food does not vanish with the power.
prepares_for_cuts() {
  systemctl stop cat-feeder.service
  rm -rf /var/lib/cat-feeder/*
  install -m 644 /exchange/profile.json /etc/cat-feeder/profile.json
  printf 'FEEDER_PROFILE=/etc/cat-feeder/profile.json\nFEEDER_SIMULATION_SEED=%s\nFEEDER_TRUST_WALL_CLOCK=true\n' \
    "$(</exchange/seed)" >>/etc/cat-feeder/environment
  cat >/usr/local/sbin/share-food <<'P'
#!/bin/bash
[[ " $(</proc/cmdline)" =~ \ feeder\.exchange=([^ ]*) ]]
mkdir -p /exchange
mountpoint -q /exchange || mount -t hostfs -o "${BASH_REMATCH[1]}" none /exchange
touch /var/lib/cat-feeder/simulated-world.json
mount --bind /exchange/world.json /var/lib/cat-feeder/simulated-world.json
P
  chmod 755 /usr/local/sbin/share-food
  cat >/etc/systemd/system/share-food.service <<'U'
[Unit]
Before=cat-feeder.service
[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/usr/local/sbin/share-food
[Install]
RequiredBy=cat-feeder.service
U
  systemctl enable share-food.service && systemctl restart cat-feeder.service && is_ready &&
    mountpoint -q /var/lib/cat-feeder/simulated-world.json && systemctl stop cat-feeder.service &&
    find /var/lib/cat-feeder -mindepth 1 -maxdepth 1 ! -name simulated-world.json \
      -exec rm -rf {} + && test -s /exchange/world.json
}

check 'a trial that lost its power ends in the version before' ends_the_trial
check 'a rollback by hand' rolls_back
check 'the machine is prepared for power cuts' prepares_for_cuts
sync
