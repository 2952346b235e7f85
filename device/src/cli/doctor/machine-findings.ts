import type { Hardware } from '../../config/wiring-schema.ts';
import { lookAtRtc } from '../../platform/real-time-clock.ts';
import type { SysfsTree } from '../../platform/sysfs-tree.ts';
import { bad, type Finding, good, warn } from './finding.ts';
import type { Machine } from './machine.ts';

const SECTOR_BYTES = 512;
const GIGABYTE = 1_000_000_000;
/** From here on a Pi slows itself down. */
const HOT_CELSIUS = 80;
const DEBIAN_VERSIONS = ['12', '13'];
/** Steps of ten per cent in which eMMC counts its wear; 11 is past its life. */
const WEAR_WARN_STEPS = 8;

/** What can be said of the machine whatever is wired to it. */
export function lookAtMachine(machine: Machine, hardware: Hardware | null): Finding[] {
  const isReal = hardware?.kind === 'board';
  return [
    boardFinding(machine),
    systemFinding(machine, isReal),
    timeFinding(machine),
    rtcFinding(machine, hardware),
    temperatureFinding(machine),
    ...supplyFindings(machine.tree),
    ...diskFindings(machine.tree),
    networkFinding(machine.tree),
  ];
}

function boardFinding(machine: Machine): Finding {
  const { model, kernel, is64Bit, chips } = machine.board();
  const labels = chips.map(({ path, label }) => `${path} ${label}`).join(', ') || 'no GPIO chip';
  const found = `${model}, kernel ${kernel}, ${labels}`;
  if (is64Bit) return good('board', found);
  return bad('board', `${found}, 32 bits`, 'Install the 64-bit Raspberry Pi OS 12 or 13.');
}

function systemFinding({ tree }: Machine, isReal: boolean): Finding {
  const release = tree.read('etc/os-release') ?? '';
  const value = (name: string) => new RegExp(`^${name}="?([^"\n]*)"?$`, 'm').exec(release)?.[1];
  const found = value('PRETTY_NAME') ?? 'unknown system';
  const isKnown = DEBIAN_VERSIONS.includes(value('VERSION_ID') ?? '');
  if (isKnown || !isReal) return good('system', found);
  return warn('system', found, 'Use Raspberry Pi OS 12 or 13; others were not tried.');
}

function timeFinding({ tree }: Machine): Finding {
  if (tree.read('run/systemd/timesync/synchronized') !== null) {
    return good('time service', 'has set the clock since the start');
  }
  const fix =
    'Connect the feeder to a network, or run timedatectl; without a time service that is seen set trustWallClock.';
  return warn('time service', 'has not set the clock since the start', fix);
}

function rtcFinding({ tree }: Machine, hardware: Hardware | null): Finding {
  const { verdict, why } = lookAtRtc(tree);
  const isWired =
    hardware?.kind === 'board' && hardware.parts.some(({ part }) => part === 'real_time_clock');
  switch (verdict) {
    case 'trusted':
      return good('real-time clock', why);
    case 'absent':
      if (!isWired)
        return good('real-time clock', `${why} After a power cut the time comes by network.`);
      return bad('real-time clock', why, 'Check its wires and dtoverlay=i2c-rtc,ds3231.');
    case 'unused':
      return warn('real-time clock', why, 'Reboot; the kernel takes the time from it at boot.');
    case 'stopped':
    case 'implausible':
      return bad('real-time clock', why, 'Change the battery, then run hwclock --systohc.');
  }
}

function temperatureFinding(machine: Machine): Finding {
  const temperatures = machine.temperatures();
  const found = temperatures
    .map(({ zone, celsius }) => `${zone} ${celsius.toFixed(0)} °C`)
    .join(', ');
  if (temperatures.some(({ celsius }) => celsius >= HOT_CELSIUS)) {
    return warn('temperature', found, 'Give the board air or a heat sink; it slows itself down.');
  }
  return good('temperature', found || 'cannot be known here');
}

function supplyFindings(tree: SysfsTree): Finding[] {
  const monitors = tree.list('sys/class/hwmon').map((name) => `sys/class/hwmon/${name}`);
  const firmware = monitors.find((folder) => tree.read(`${folder}/name`) === 'rpi_volt');
  if (firmware === undefined) return [good('supply', 'cannot be known here')];
  if (tree.read(`${firmware}/in0_lcrit_alarm`) !== '1') return [good('supply', 'strong enough')];
  const fix = 'Use the supply made for the board, with its own cable; the motor needs another one.';
  return [bad('supply', 'too weak now: nothing is dispensed', fix)];
}

function diskFindings(tree: SysfsTree): Finding[] {
  const cards = tree
    .list('sys/block')
    .filter((name) => /^(mmcblk\d+|nvme\d+n\d+|sd[a-z])$/.test(name));
  const fix = 'Take a backup now and replace the card; use an endurance type.';
  const errors = tree
    .list('sys/fs/ext4')
    .filter((name) => (tree.readNumber(`sys/fs/ext4/${name}/errors_count`) ?? 0) > 0);
  return [
    ...cards.map((card) => wearFinding(tree, card, fix)),
    ...errors.map((name) => bad('file system', `${name} has counted errors`, fix)),
  ];
}

function wearFinding(tree: SysfsTree, card: string, fix: string): Finding {
  const folder = `sys/block/${card}`;
  const name = tree.read(`${folder}/device/name`) ?? tree.read(`${folder}/device/model`) ?? '';
  const sectors = Number((tree.read(`${folder}/stat`) ?? '').trim().split(/\s+/)[6]);
  const written = Number.isFinite(sectors)
    ? `${((sectors * SECTOR_BYTES) / GIGABYTE).toFixed(1)} GB written since the start`
    : 'what was written cannot be known';
  const check = `disk ${card}`;
  const label = `${name === '' ? '' : `${name}: `}${written}`;
  if (tree.read(`${folder}/ro`) === '1') return bad(check, `${label}, read-only`, fix);
  const steps = wornSteps(tree.read(`${folder}/device/life_time`));
  if (steps === null) return good(check, `${label}; it does not tell its wear`);
  const found = `${label}, about ${steps * 10} % of its life used`;
  return steps >= WEAR_WARN_STEPS ? warn(check, found, fix) : good(check, found);
}

/** eMMC tells its wear as two numbers such as `0x02 0x03`; the worse counts. */
function wornSteps(lifeTime: string | null): number | null {
  const steps = (lifeTime?.match(/0x[0-9a-f]{2}/gi) ?? []).map(Number);
  return steps.length === 0 ? null : Math.max(...steps);
}

function networkFinding(tree: SysfsTree): Finding {
  const up = tree
    .list('sys/class/net')
    .filter((name) => name !== 'lo' && tree.read(`sys/class/net/${name}/operstate`) === 'up');
  if (up.length > 0) return good('network', `${up.join(', ')} up`);
  const fix =
    'Feeding goes on without it; connect it so that the clock is set and you are told of trouble.';
  return warn('network', 'not connected', fix);
}
