import type { Clock, TimeSource } from '../../src/platform/clock.ts';
import { SeededRandom } from '../../src/platform/random.ts';
import { SystemTimeSource } from '../../src/platform/system-time-source.ts';
import { VirtualClock } from '../../src/platform/virtual-clock.ts';
import { StationClockKeeper } from '../../src/scheduling/station-clock-keeper.ts';
import { DeviceTime } from '../../src/simulation/device-time.ts';
import { SysfsFolder } from '../support/sysfs-folder.ts';
import { trustedClockContract } from './trusted-clock.ts';

const builtAtMs = Date.parse('2026-11-01T00:00:00Z');
const startMs = Date.parse('2026-11-20T12:00:00Z');

function keeperOf(clock: Clock, source: TimeSource): StationClockKeeper {
  const memory = { load: () => null, save: () => {} };
  return new StationClockKeeper({ clock, source, memory, bootId: 'boot-1', builtAtMs });
}

/** The files of a system that vouch for its clock, and how they look when they no longer do. */
function systemBench(
  quality: 'synchronized' | 'rtc',
  files: Readonly<Record<string, string>>,
  spoil: (folder: SysfsFolder) => void,
) {
  const folder = new SysfsFolder(files);
  const clock = new VirtualClock({ wallMs: startMs });
  const part = keeperOf(clock, new SystemTimeSource({ root: folder.root }));
  return {
    part,
    quality,
    systemMs: () => clock.wallMs(),
    step: (ms: number) => clock.stepWall(ms),
    pass: async (ms: number) => clock.advance(ms),
    breakIt: () => spoil(folder),
    end: () => {
      part.close();
      folder.end();
    },
  };
}

const timeService = 'run/systemd/timesync/synchronized';
trustedClockContract('a clock set by a time server', () =>
  systemBench('synchronized', { [timeService]: '' }, (folder) => folder.remove(timeService)),
);

const rtc = 'sys/class/rtc/rtc0';
trustedClockContract('a clock kept by a battery', () =>
  systemBench(
    'rtc',
    {
      [`${rtc}/name`]: 'rtc-ds1307 1-0068\n',
      [`${rtc}/hctosys`]: '1\n',
      [`${rtc}/since_epoch`]: '1795000000\n',
    },
    // As it shows itself with an empty battery: the kernel refuses the read.
    (folder) => folder.remove(`${rtc}/since_epoch`),
  ),
);

trustedClockContract('the simulated clock', () => {
  const world = new VirtualClock();
  const device = new DeviceTime({ clock: world, startMs, random: new SeededRandom('clock') });
  device.set(0, 'synchronized');
  const clock: Clock = {
    wallMs: () => device.wallMs(),
    monoMs: () => world.monoMs(),
    after: (name, delayMs, fire) => world.after(name, delayMs, fire),
  };
  const part = keeperOf(clock, device);
  return {
    part,
    quality: 'synchronized',
    systemMs: () => device.wallMs(),
    step: (ms) => device.set(device.errorMs() + ms, 'synchronized'),
    pass: async (ms) => world.advance(ms),
    breakIt: () => device.set(device.errorMs(), 'none'),
    end: () => part.close(),
  };
});
