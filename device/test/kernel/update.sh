# Inside the machine, second boot: updates and rollback; its power is cut in the middle of a trial.
# The version that was installed first comes as $first.
# shellcheck shell=bash
source device/test/kernel/installed.bash
: "${first:?}"

starts_with_the_machine() { within 60 is_ready && is "$(version_running)" "$first"; }
refuses_forged() {
  "$scripts/update.sh" --from "$releases/forged" && return 1
  is "$(version_running)" "$first" && is_ready
}
updates() { "$scripts/update.sh" --from "$releases/good" && is "$(version_running)" 7.1.0 && is_ready; }
undoes_a_bad_one() {
  "$scripts/update.sh" --from "$releases/bad" && return 1
  is "$(version_running)" 7.1.0 && is_ready
}

check 'the feeder starts with the machine' starts_with_the_machine
check 'a forged update is refused' refuses_forged
check 'an update is kept when the feeder is ready with it' updates
check 'an update that fails is undone' undoes_a_bad_one
rm -f /var/lib/cat-feeder-updates/refused
"$scripts/update.sh" --from "$releases/bad" >/dev/null 2>&1 &
within 60 test -e /opt/cat-feeder/trial && echo '@cut now'
sleep 60
check 'the power was cut in the middle of a trial' false
