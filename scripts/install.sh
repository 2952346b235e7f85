#!/usr/bin/env bash
# Installs the release that this script lies in. Safe to repeat: a second run changes nothing.
#
#   sudo ./install.sh [OPTION...]
#     --dry-run         says what it would do and does nothing
#     --no-start        installs, but does not start the feeder
#     --parts LIST      what to switch on besides what the hardware profile needs, of:
#                       i2c,spi,uart,pwm,rtc (default: as before, else nothing; without a profile i2c,spi)
#     --hardware FILE   the hardware profile (docs/wiring.md), or the name of a build that comes along:
#                       hx711-dc-motor, nau7802-tmc2209, coprocessor. Without one: a simulated feeder
#     --update-url URL  where updates are looked for every night; "none" turns that off
#     --root DIR        installs into the tree of another system
#     --any-os          does not insist on Raspberry Pi OS or Debian 12 or 13
#     --allow-older     replaces a newer version
# Exit: 0 done, 64 usage, 65 this machine or this copy is not suitable, 74 disk, 75 not now.

here=$(dirname "$(realpath "${BASH_SOURCE[0]}")")
# shellcheck source=release-trial.sh
source "$here/release-trial.sh"

release=$(dirname "$here")
parts='' hardware='' update_url='' start=yes any_os='' allow_older=''
usage() { sed -n '2,16s/^# \{0,1\}//p' "${BASH_SOURCE[0]}"; }

while (($#)); do
  case $1 in
    --dry-run) dry_run=yes ;;
    --no-start) start='' ;;
    --parts) need_value "$@" && parts=$2 && shift ;;
    --hardware) need_value "$@" && hardware=$2 && shift ;;
    --update-url) need_value "$@" && update_url=$2 && shift ;;
    --root) need_value "$@" && root=$2 && shift ;;
    --any-os) any_os=yes ;;
    --allow-older) allow_older=yes ;;
    --help) usage && exit 0 ;;
    *) usage >&2 && exit 64 ;;
  esac
  shift
done
set_places
[[ $dry_run ]] || need_root

# "64 x64", "32 arm" and so on, by the ELF header of a program: what counts is the system that is
# installed, because a 64-bit kernel may well run a 32-bit one. Nothing for what is no program.
kind_of_program() { # FILE
  local bits machine
  [[ $(head -c 4 -- "$1" | tr -d '\0') == $'\x7fELF' && $(stat -L -c %s -- "$1") -ge 20 ]] || return 0
  bits=$(od -An -tu1 -j4 -N1 -- "$1" | tr -d ' ')
  machine=$(od -An -tu2 -j18 -N2 -- "$1" | tr -d ' ')
  case $machine in
    62) machine=x64 ;;
    183) machine=arm64 ;;
    40) machine=arm ;;
    3) machine=x86 ;;
  esac
  printf '%s %s\n' $((bits * 32)) "$machine"
}

check_machine() {
  local ours theirs
  ours=$(kind_of_program "$release/bin/node")
  if [[ -f $root/usr/bin/env ]]; then
    theirs=$(kind_of_program "$root/usr/bin/env")
  elif [[ $root ]]; then
    theirs=$ours # An empty tree says nothing about itself.
  else
    theirs=''
  fi
  [[ $ours ]] || fail 65 "$DAMAGED"
  [[ $theirs ]] || fail 65 "This system has no sound /usr/bin/env; it cannot be recognised."
  [[ ${theirs% *} == 64 ]] ||
    fail 65 "This system is 32-bit. The feeder needs the 64-bit Raspberry Pi OS (12 or 13) on a Pi 3, 4, 5 or Zero 2 W."
  [[ $ours == "$theirs" ]] ||
    fail 65 "This release is for ${ours#* }, this system is ${theirs#* }: take cat-feeder-*-linux-${theirs#* }.tar.gz."
}

check_os() {
  [[ ! $any_os ]] || return 0
  local file=$root/etc/os-release id version
  [[ -f $file ]] || fail 65 "This is no known system (no /etc/os-release). With --any-os it is tried nevertheless."
  id=$(sed -n 's/^ID="\{0,1\}\([a-z]*\).*/\1/p' -- "$file")
  version=$(sed -n 's/^VERSION_ID="\{0,1\}\([0-9]*\).*/\1/p' -- "$file")
  case $id-$version in
    debian-12 | debian-13 | raspbian-12 | raspbian-13) ;;
    *) fail 65 "This is $id ${version:-of an unknown version}. The feeder is made for Raspberry Pi OS and Debian 12 and 13. With --any-os it is tried nevertheless." ;;
  esac
}

DAMAGED='This copy of the release is damaged or incomplete. Download and unpack it again.'

# What every later check needs; the sums of all files come last, because they take their time.
check_form() {
  [[ -f $release/SHA256SUMS && -f $release/release.json ]] ||
    fail 65 "$release is not an unpacked release. Releases are made by scripts/release; see docs/installing.md."
  [[ -s $release/bin/node ]] || fail 65 "$DAMAGED"
}

check_release() {
  check_tree "$release" || fail 65 "$DAMAGED"
  version=$(sed -n 's/^ *"version": *"\([^"]*\)",\{0,1\}$/\1/p' -- "$release/release.json")
  is_version "$version" || fail 65 "The release does not say its version."
}

check_installed() {
  local installed
  installed=$(installed_version)
  if [[ -f $trial ]]; then
    fail 75 "Version $(trial_value to) is on trial. Wait a minute, or end it with: sudo ${opt#"$root"}/current/scripts/update.sh settle"
  fi
  if [[ $installed ]] && is_older "$version" "$installed" && [[ ! $allow_older ]]; then
    fail 65 "Version $installed is installed, this is $version, which is older. With --allow-older it is replaced."
  fi
}

check_parts() {
  local part
  if [[ ! $parts ]]; then parts=$(sed -n 's/^# parts: //p' -- "$boot/config.txt" 2>/dev/null || true); fi
  profile=$hardware
  if [[ ! $profile ]]; then
    profile=$(setting FEEDER_HARDWARE || true)
    profile=${profile:+$root$profile}
    [[ -f $profile ]] || profile=''
  fi
  if [[ ! $parts && $profile ]]; then parts=none; fi
  parts=${parts:-i2c,spi}
  for part in ${parts//,/ }; do
    case $part in
      i2c | spi | uart | pwm | rtc | none) ;;
      *) fail 64 "Unknown part $part: known are i2c, spi, uart, pwm, rtc and none." ;;
    esac
  done
}

check_hardware() {
  [[ $hardware ]] || return 0
  if [[ -f $release/device/profiles/boards/$hardware.json ]]; then
    hardware=$release/device/profiles/boards/$hardware.json
  fi
  [[ -f $hardware ]] || fail 64 "There is no hardware profile $hardware. Builds that come along: $(cd -- "$release/device/profiles/boards" && printf '%s ' *.json)"
  FEEDER_HARDWARE=$(realpath -- "$hardware") "$release/bin/node" "$release/feeder.mjs" config check >/dev/null ||
    fail 65 "The hardware profile cannot be used; see above. Nothing was changed."
}

# What the wiring needs of config.txt, by the release's own tool: `config LINE`, `module NAME`,
# `free-console`. Lines that the owner has written already are not written again.
plan_boot() {
  [[ -f $boot/config.txt ]] || return 0
  local model
  model=$(tr -d '\0' 2>/dev/null <"$root/proc/device-tree/model" || true)
  boot_plan=$("$release/bin/node" "$release/release-tool.mjs" boot-lines ${profile:+--hardware "$profile"} \
    --parts "$parts" --config <(without_block "$boot/config.txt") --model "$model") || fail 65 "See above. Nothing was changed."
}
planned() { sed -n "s/^$1 //p" <<<"$boot_plan"; }

make_user() {
  local file=$release/systemd/cat-feeder.sysusers.conf passwd=$root/etc/passwd told
  if [[ -f $passwd ]] && grep -q '^cat-feeder:' "$passwd" &&
    [[ $(grep -cE '^(gpio|i2c|spi|dialout|video):.*[:,]cat-feeder(,|$)' "$root/etc/group") == 5 ]]; then
    return 0
  fi
  changed "make the user cat-feeder in the groups gpio, i2c, spi, dialout and video"
  [[ ! $dry_run ]] || return 0
  mkdir -p -- "$root/etc"
  told=$(systemd-sysusers ${root:+--root="$root"} "$(realpath -- "$file")" 2>&1) ||
    fail "The user cat-feeder could not be made: $told"
}

copy_release() {
  local damaged=''
  if [[ -d $releases/$version ]]; then
    if check_tree "$releases/$version"; then return 0; fi
    # Only a faulty card or a hand can do that to a placed release. It may be the one in use, so it
    # stays until the sound one takes its place in one step (U1).
    changed "replace the damaged files of version $version"
    damaged=yes
  else
    changed "copy version $version to ${releases#"$root"}"
  fi
  [[ ! $dry_run ]] || return 0
  draft=$releases/.draft-$version
  mkdir -p -- "$releases"
  clean_leftovers
  trap 'rm -rf -- "$draft"' EXIT
  cp -R --preserve=mode,timestamps -- "$release" "$draft" || fail 74 "The release could not be copied. Nothing was changed."
  if ((EUID == 0)); then chown -R 0:0 -- "$draft"; fi
  check_tree "$draft" || fail 74 "The copy on this disk differs from the release. Nothing was changed; check the card."
  if [[ $damaged ]]; then
    sync -f -- "$draft"
    exchange "$draft" "$releases/$version"
    rm -rf -- "$draft"
  else
    place_release "$draft" "$version"
  fi
  trap - EXIT
}

write_settings() {
  make_dir "$etc" 0755
  [[ -f $etc/environment ]] || write_file "$etc/environment" 0644 <"$release/systemd/environment"
  if [[ $hardware ]]; then
    write_file "$etc/hardware.json" 0644 <"$hardware"
    # The line that points to it is added once; what else the owner wrote there stays.
    if ! grep -q '^FEEDER_HARDWARE=' "$etc/environment" 2>/dev/null; then
      { awk 1 "$etc/environment" 2>/dev/null || cat -- "$release/systemd/environment"; say FEEDER_HARDWARE=/etc/cat-feeder/hardware.json; } |
        write_file "$etc/environment" 0644
    fi
  fi
  case $update_url in
    '') ;;
    none) remove_path "$etc/update-source" ;;
    *) printf '%s\n' "${update_url%/}" | write_file "$etc/update-source" 0644 ;;
  esac
}

# The lines of config.txt. dtparam=strict_gpiod: a line whose holder has died
# becomes an input, so that the motor's driver falls to its hardware "off".
boot_lines() {
  printf '%s\n' '# cat-feeder: begin. Kept by the installer; see docs/installing.md.' "# parts: $parts" \
    '[all]' dtparam=strict_gpiod dtparam=watchdog=on
  planned config
  say '# cat-feeder: end'
}

configure_boot() {
  [[ -f $boot/config.txt ]] || return 0
  local before=$changes consoles modules
  { without_block "$boot/config.txt" && boot_lines; } | write_file "$boot/config.txt" 0755
  modules=$(planned module)
  if [[ $modules ]]; then say "$modules" | write_file "$root/etc/modules-load.d/cat-feeder.conf" 0644; fi
  if grep -qx free-console <<<"$boot_plan" && [[ -f $boot/cmdline.txt ]]; then
    consoles=$(grep -oE '(^| )console=(serial0|ttyAMA0|ttyS0)(,[^ ]*)?' "$boot/cmdline.txt" | tr -d '\n' || true)
    if [[ $consoles ]]; then
      # Remembered for uninstall.sh.
      printf '%s\n' "${consoles# }" | write_file "$etc/serial-console" 0644
      sed -E 's/(^| )console=(serial0|ttyAMA0|ttyS0)(,[^ ]*)?//g; s/^ //' -- "$boot/cmdline.txt" |
        write_file "$boot/cmdline.txt" 0755
    fi
  fi
  ((changes > before)) && [[ ! $dry_run ]] || return 0
  # Until the Pi has restarted, a second run must not start what would not find its parts.
  reboot_needed=yes
  if [[ -d $root/run/systemd ]]; then : >"$reboot_note"; fi
}

boot=$root/boot/firmware
[[ -f $boot/config.txt ]] || boot=$root/boot
reboot_needed='' boot_plan='' profile=''

check_form
check_machine
check_os
check_release
set_places
[[ ! -e $reboot_note ]] || reboot_needed=yes
check_hardware
check_parts
plan_boot
[[ ! -f $boot/config.txt ]] || need_space "$boot" 64
need_space "$opt" "$(($(du -sk -- "$release" | cut -f1) + 65536))"
[[ $dry_run ]] || take_lock
check_installed

make_user
copy_release
write_settings
configure_boot
installed=$(installed_version)
if [[ $dry_run ]]; then
  [[ $installed == "$version" ]] || point_current "$version"
  sync_links "$release"
elif [[ $installed && $installed != "$version" ]]; then
  changed "replace version $installed by $version"
  wait_for_gap
  # No `||` here: it would let every failure inside pass.
  try_release "$version"
else
  point_current "$version"
  before=$changes
  sync_links "$releases/$version"
  if ((changes > before)); then reload_manager; fi
  if [[ $start ]] && systemd_runs; then
    systemctl start cat-feeder-guard.timer cat-feeder-update.timer
    if [[ $reboot_needed ]]; then
      : # It is enabled, and starts with the board, which has its parts then.
    elif ! systemctl -q is-active cat-feeder.service; then
      changed "start the feeder"
      systemctl start cat-feeder.service || true
      is_healthy "$version" ||
        fail "The feeder is installed, but it does not become ready. See: journalctl -u cat-feeder -n 30; then: feeder doctor"
    fi
  fi
fi

if ((changes == 0)); then
  say "Version $version is installed; nothing had to be changed."
elif [[ $dry_run ]]; then
  say "Nothing was changed (--dry-run)."
else
  say "Version $version is installed."
fi
if [[ $reboot_needed && ! $dry_run ]]; then
  say "Restart the Pi once, so that it finds the wired parts; the feeder starts with it: sudo reboot"
fi
