import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { SystemTimeSource } from './system-time-source.ts';

const roots: string[] = [];
afterEach(() => {
  for (const root of roots.splice(0)) rmSync(root, { recursive: true });
});

function rootWith(files: Readonly<Record<string, string>>): string {
  const root = mkdtempSync(join(tmpdir(), 'feeder-root-'));
  roots.push(root);
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
  return root;
}

const clocksource = 'sys/devices/system/clocksource/clocksource0/current_clocksource';
const cases = [
  ['nothing is known', {}, 'none'],
  ['the time service has an answer', { 'run/systemd/timesync/synchronized': '' }, 'synchronized'],
  [
    'a real-time clock set the kernel',
    { 'sys/class/rtc/rtc0/hctosys': '1\n', 'sys/class/rtc/rtc0/since_epoch': '1795000000\n' },
    'rtc',
  ],
  [
    'FMEA-30 the real-time clock has a dead battery',
    { 'sys/class/rtc/rtc0/hctosys': '1\n', 'sys/class/rtc/rtc0/since_epoch': '12\n' },
    'none',
  ],
  [
    'the real-time clock was not used',
    { 'sys/class/rtc/rtc0/hctosys': '0\n', 'sys/class/rtc/rtc0/since_epoch': '1795000000\n' },
    'none',
  ],
  ['a host keeps the time', { [clocksource]: 'kvm-clock\n' }, 'rtc'],
  ['the clock is a bare counter', { [clocksource]: 'arch_sys_counter\n' }, 'none'],
] as const;

describe('SystemTimeSource', () => {
  it.each(cases)('%s', (_name, files, origin) => {
    expect(new SystemTimeSource({ root: rootWith(files) }).origin()).toBe(origin);
  });

  it('follows the time service as it comes', () => {
    const root = rootWith({});
    const source = new SystemTimeSource({ root });
    expect(source.origin()).toBe('none');
    mkdirSync(join(root, 'run/systemd/timesync'), { recursive: true });
    writeFileSync(join(root, 'run/systemd/timesync/synchronized'), '');
    expect(source.origin()).toBe('synchronized');
  });

  it('believes the owner', () => {
    expect(new SystemTimeSource({ root: rootWith({}), isTrusted: true }).origin()).toBe(
      'synchronized',
    );
  });
});
