import { readFileSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
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

  it('FMEA-88 offers no debugger', () => {
    expect(settingOf('ExecStart')).toContain('--disable-sigusr1');
    expect(unit).not.toMatch(/--inspect/);
  });
});

describe('docs/operations.md', () => {
  it.each(Object.entries(exitCodes))('explains the exit code for %s', (_name, code) => {
    const page = readFileSync(resolve(root, 'docs/operations.md'), 'utf8');
    expect(page).toMatch(new RegExp(`^\\| ${code} \\|`, 'm'));
  });
});
