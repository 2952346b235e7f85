import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { exitCodes } from '../device/src/app/exit-codes.ts';
import { WATCHDOG_PACE_MS } from '../device/src/app/watchdog.ts';

const root = resolve(import.meta.dirname, '..');
const unit = readFileSync(resolve(root, 'systemd/cat-feeder.service'), 'utf8');

/** The value of a key that stands in the unit exactly once. */
function settingOf(key: string): string {
  const values = [...unit.matchAll(new RegExp(`^${key}=(.*)$`, 'gm'))].map((match) => match[1]);
  expect(values, key).toHaveLength(1);
  return values[0] ?? '';
}

describe('systemd/cat-feeder.service', () => {
  it('waits for more than two missed signs of life', () => {
    expect(Number(settingOf('WatchdogSec')) * 1000).toBeGreaterThan(2 * WATCHDOG_PACE_MS);
  });

  it('FMEA-08 restarts for ever, but not on what a restart cannot mend', () => {
    expect(settingOf('Restart')).toBe('always');
    // Ten quick starts; then the guard starts it again every minute.
    expect(settingOf('OnFailure')).toBe('cat-feeder-guard.service');
    expect(Number(settingOf('StartLimitBurst')) * Number(settingOf('RestartSec'))).toBeLessThan(
      Number(settingOf('StartLimitIntervalSec')),
    );
    expect(settingOf('RestartPreventExitStatus')).toBe(
      `${exitCodes.usage} ${exitCodes.configuration}`,
    );
  });

  it('gives the daemon more time to stop than it takes', () => {
    expect(Number(settingOf('TimeoutStopSec'))).toBeGreaterThan(5);
  });

  it('starts through the launcher that it ships with', () => {
    expect(settingOf('ExecStart')).toMatch(
      /^\/opt\/cat-feeder\/current\/systemd\/start-notifying /,
    );
    expect(statSync(resolve(root, 'systemd/start-notifying')).mode & 0o111).not.toBe(0);
  });

  it('lets the threads of motor and load cell hurry, and ends one that never rests', () => {
    const source = resolve(root, 'device/native/board-io/src/native-thread.c');
    const [, priority] = /PRIORITY = (\d+)/.exec(readFileSync(source, 'utf8')) ?? [];
    expect(settingOf('LimitRTPRIO')).toBe(priority);
    expect(settingOf('LimitRTTIME')).toBe('200ms');
    expect(unit).toMatch(/^SystemCallFilter=sched_setscheduler$/m);
    expect(unit).not.toMatch(/^RestrictRealtime=yes/m);
  });

  it('FMEA-07 lets the board’s own watchdog restart a system that hangs', () => {
    const system = readFileSync(resolve(root, 'systemd/system.conf'), 'utf8');
    const [, seconds] = /^RuntimeWatchdogSec=(\d+)s$/m.exec(system) ?? [];
    // A Raspberry Pi's counts to 15 at most.
    expect(Number(seconds)).toBeGreaterThan(5);
    expect(Number(seconds)).toBeLessThan(15);
    const links = readFileSync(resolve(root, 'systemd/links'), 'utf8');
    expect(links).toContain('/etc/systemd/system.conf.d/cat-feeder.conf systemd/system.conf\n');
  });

  it.each(['guard', 'guard-boot'])('reaches no more of the motor than its %s does', (name) => {
    const path = resolve(root, `systemd/cat-feeder-${name}.service`);
    const guard = readFileSync(path, 'utf8').split('\n');
    const isMotor = /^ReadWritePaths=.*\.pwm$|^DeviceAllow=char-(gpiochip|tty\w+) rw$/;
    const lines = unit.split('\n').filter((line) => isMotor.test(line));
    expect(lines).toHaveLength(8);
    for (const line of lines) expect(guard).toContain(line);
  });

  it.each(['cat-feeder', 'cat-feeder-guard', 'cat-feeder-guard-boot'])(
    'has the modules of all device groups of %s loaded before it starts',
    (name) => {
      const text = readFileSync(resolve(root, `systemd/${name}.service`), 'utf8');
      const groups = [...text.matchAll(/^DeviceAllow=char-(\w+) /gm)].map(([, group]) => group);
      // The others are built into the kernel of Raspberry Pi OS.
      const modules: Readonly<Record<string, string>> = {
        ...{ spi: 'spidev', i2c: 'i2c_dev', ttyUSB: 'usbserial', ttyACM: 'cdc_acm' },
        video4linux: 'videodev',
      };
      const needed = groups.flatMap((group) => modules[group ?? ''] ?? []);
      expect(needed.length).toBeGreaterThan(1);
      for (const module of needed) {
        for (const key of ['Wants', 'After']) {
          expect(text).toMatch(new RegExp(`^${key}=.*modprobe@${module}\\.service`, 'm'));
        }
      }
    },
  );

  it('A-07 compiles nothing in the background that could keep the daemon from ending', () => {
    expect(settingOf('ExecStart')).toContain(' --no-opt --no-maglev --no-concurrent-sparkplug ');
  });

  it('FMEA-88 offers no debugger', () => {
    expect(settingOf('ExecStart')).toContain('--disable-sigusr1');
    expect(unit).not.toMatch(/--inspect/);
  });
});

const units = readdirSync(resolve(root, 'systemd')).filter((name) =>
  /\.(service|timer)$/.test(name),
);

/** The units as they are, with the programs of this repository in the place of installed ones. */
function inFolder<Result>(
  change: (text: string) => string,
  use: (folder: string) => Result,
): Result {
  const folder = mkdtempSync(join(tmpdir(), 'feeder-units-'));
  try {
    for (const name of units) {
      const text = readFileSync(resolve(root, 'systemd', name), 'utf8')
        .replaceAll('/opt/cat-feeder/current/bin/node', process.execPath)
        .replaceAll('/opt/cat-feeder/current', root);
      writeFileSync(join(folder, name), change(text));
    }
    return use(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function analyze(folder: string, args: readonly string[], names: readonly string[]) {
  const paths = names.map((name) => join(folder, name));
  const ran = spawnSync('systemd-analyze', [...args, ...paths], {
    encoding: 'utf8',
    env: { ...process.env, SYSTEMD_UNIT_PATH: `${folder}:` },
  });
  return { status: ran.status, text: `${ran.stdout}${ran.stderr}${ran.error ?? ''}` };
}
const verify = ['verify', '--man=no', '--recursive-errors=no'];
const exposure = (limit: number) => [
  ...['security', '--offline=true', '--no-pager', `--threshold=${limit * 10}`],
];

describe('systemd-analyze', () => {
  it.each(units)('finds nothing wrong with %s', (name) => {
    const { status, text } = inFolder(
      (unit) => unit,
      (folder) => analyze(folder, verify, [name]),
    );
    expect([status, text]).toEqual([0, '']);
  });

  it('would find a misspelt key', () => {
    const misspell = (unit: string) => unit.replace('WatchdogSec', 'WatchDogSec');
    const { status } = inFolder(misspell, (folder) =>
      analyze(folder, verify, ['cat-feeder.service']),
    );
    expect(status).not.toBe(0);
  });

  it.each(units.filter((name) => name.endsWith('.service')))(
    'finds an exposure of %s of at most 1.5',
    (name) => {
      const ran = inFolder(
        (unit) => unit,
        (folder) => analyze(folder, exposure(1.5), [name]),
      );
      expect(ran.status, ran.text.trim().split('\n').at(-1)).toBe(0);
    },
  );

  it('would find one hole more', () => {
    const open = (unit: string) => unit.replace('PrivateUsers=yes\nPrivateMounts=yes', '');
    const { status } = inFolder(open, (folder) =>
      analyze(folder, exposure(1.5), ['cat-feeder.service']),
    );
    expect(status).not.toBe(0);
  });
});

describe('docs/operations.md', () => {
  it.each(Object.entries(exitCodes))('explains the exit code for %s', (_name, code) => {
    const page = readFileSync(resolve(root, 'docs/operations.md'), 'utf8');
    expect(page).toMatch(new RegExp(`^\\| ${code} \\|`, 'm'));
  });
});
