import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { DriveEvent, DriveRequest, NativeDrive } from '@cat-feeder/board-io';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { buildFakeBoard, loadFakeBoard } from './fake/fake-board.ts';
import { Gathered } from './fake/gather.ts';

const board = loadFakeBoard();
const { fake } = board;
const chip = '/dev/gpiochip0';
const ENABLE = 17;
const DIR = 27;
const STEP = 22;
/** Long enough for any machine to start the run before its deadline comes. */
const LONG_MS = 20_000;

let drive: NativeDrive;
let seen: Gathered<DriveEvent>;

const request: DriveRequest = {
  chip,
  consumer: 'feed drive',
  lines: [
    { line: ENABLE, activeLow: false },
    { line: DIR, activeLow: false },
    { line: STEP, activeLow: false },
  ],
  powerMask: 0b001,
  deadTimeUs: 0,
};
const levels = (line: number) => fake.history(line).map((change) => change.level);
const level = (line: number) => fake.line(chip, line).level;
const kinds = () => seen.all.map((event) => `${event.kind} ${event.reason}`);

/** Blocks this thread's event loop until it is so; a minute at most. */
function blockUntil(isSo: () => boolean): void {
  const limitMs = performance.now() + 60_000;
  while (!isSo()) if (performance.now() > limitMs) throw new Error('It never came to be.');
}

function open(over: Partial<DriveRequest> = {}): NativeDrive {
  drive = board.openDrive({ ...request, ...over }, seen.add);
  return drive;
}

beforeEach(() => {
  fake.addChip(chip, 'gpiochip0', 'pinctrl-bcm2711', 58);
  seen = new Gathered();
});

afterEach(() => {
  drive.close();
  fake.reset();
});

describe('FMEA-06 a timed run', () => {
  it('ends by itself while the event loop is blocked', () => {
    open().run({ levels: 0b001, ms: 200 });
    blockUntil(() => levels(ENABLE).includes(1));
    blockUntil(() => level(ENABLE) === 0);
    const ended = fake.history(ENABLE).at(-1)?.atMs ?? 0;
    expect(ended).toBeGreaterThanOrEqual(drive.state().deadlineMs);
    blockUntil(() => drive.state().deadlines === 1);
    expect(drive.state()).toMatchObject({ running: false, starts: 1, lost: null });
    expect(seen.all).toEqual([]);
  });

  it('tells when it began and why it ended', async () => {
    open().run({ levels: 0b001, ms: 100 });
    await seen.until((all) => all.some((event) => event.kind === 'ended'));
    expect(kinds()).toEqual(['started null', 'ended deadline']);
    const [began, ended] = seen.all.map((event) => event.atMs);
    expect(began).toBeLessThan(ended ?? 0);
  });

  it('is over when stop returns', async () => {
    open().run({ levels: 0b001, ms: LONG_MS });
    blockUntil(() => level(ENABLE) === 1);
    drive.stop();
    expect(level(ENABLE)).toBe(0);
    drive.stop();
    await seen.until((all) => all.some((event) => event.kind === 'ended'));
    expect(kinds()).toEqual(['started null', 'ended stop']);
  });

  it('never begins when it was stopped before its thread had its turn, or once it is over', () => {
    open();
    for (let i = 0; i < 50; i++) {
      drive.run({ levels: 0b001, ms: LONG_MS });
      drive.stop();
      expect(level(ENABLE)).toBe(0);
    }
    expect(drive.state().running).toBe(false);
  });

  it('replaces what is left of the run before and never adds to it', () => {
    open().run({ levels: 0b001, ms: LONG_MS });
    blockUntil(() => level(ENABLE) === 1);
    const first = drive.state().deadlineMs;
    drive.run({ levels: 0b001, ms: 300 });
    expect(drive.state().deadlineMs).toBeLessThan(first - LONG_MS / 2);
    blockUntil(() => level(ENABLE) === 0);
    expect(levels(ENABLE)).toEqual([1, 0]);
    expect(drive.state()).toMatchObject({ starts: 1, deadlines: 1 });
  });

  it('sets the direction before the power and stands still before it turns round', () => {
    open({ deadTimeUs: 5_000 }).run({ levels: 0b001, ms: LONG_MS });
    blockUntil(() => level(ENABLE) === 1);
    drive.run({ levels: 0b011, ms: LONG_MS });
    blockUntil(() => level(DIR) === 1 && level(ENABLE) === 1);
    expect(levels(ENABLE)).toEqual([1, 0, 1]);
    const [, off, on] = fake.history(ENABLE).map((change) => change.atMs);
    expect((on ?? 0) - (off ?? 0)).toBeGreaterThanOrEqual(5);
    expect(fake.history(DIR)[0]?.atMs).toBeLessThanOrEqual(on ?? 0);
  });

  it('rests as long before it turns the other way after a stop', () => {
    open({ deadTimeUs: 5_000 }).run({ levels: 0b001, ms: LONG_MS });
    blockUntil(() => level(ENABLE) === 1);
    drive.stop();
    drive.run({ levels: 0b011, ms: LONG_MS });
    blockUntil(() => level(ENABLE) === 1);
    const [, off, on] = fake.history(ENABLE).map((change) => change.atMs);
    expect((on ?? 0) - (off ?? 0)).toBeGreaterThanOrEqual(5);
  });

  it('drives active-low lines the other way round', () => {
    fake.put(chip, ENABLE, 1);
    open({
      lines: [
        { line: ENABLE, activeLow: true },
        { line: DIR, activeLow: false },
      ],
    });
    expect(level(ENABLE)).toBe(1);
    drive.run({ levels: 0b01, ms: LONG_MS });
    blockUntil(() => level(ENABLE) === 0);
    drive.stop();
    expect(level(ENABLE)).toBe(1);
  });

  it('gives step pulses while it runs and leaves the line low', async () => {
    open().run({ levels: 0b001, ms: 200, pulse: { mask: 0b100, periodUs: 2_000 } });
    await seen.until((all) => all.some((event) => event.kind === 'ended'));
    const pulses = levels(STEP).filter((one) => one === 1).length;
    expect(pulses).toBeGreaterThan(0);
    expect(pulses).toBeLessThanOrEqual(100);
    expect(seen.all.at(-1)?.pulses).toBe(pulses);
    expect(level(STEP)).toBe(0);
  });
});

describe('a timed run in a time that stands still', () => {
  it('begins at once and ends at its deadline, not before and not later', () => {
    fake.freeze();
    open({ deadTimeUs: 30_000 }).run({ levels: 0b001, ms: 250 });
    fake.advance(0);
    expect(level(ENABLE)).toBe(1);
    fake.advance(249);
    expect(level(ENABLE)).toBe(1);
    drive.run({ levels: 0b011, ms: 250 });
    fake.advance(29);
    expect(level(ENABLE)).toBe(0);
    fake.advance(1);
    expect([level(ENABLE), level(DIR)]).toEqual([1, 1]);
    fake.advance(219);
    expect(level(ENABLE)).toBe(1);
    fake.advance(1);
    expect([level(ENABLE), level(DIR)]).toEqual([0, 0]);
    expect(drive.state().worstLateMs).toBe(0);
  });

  it('is over before it began when the dead time outlasts it', () => {
    fake.freeze();
    open({ deadTimeUs: 30_000 }).run({ levels: 0b001, ms: 100 });
    fake.advance(50);
    drive.run({ levels: 0b011, ms: 20 });
    fake.advance(100);
    expect(levels(ENABLE)).toEqual([1, 0]);
    expect(levels(DIR)).toEqual([]);
  });

  it('gives exactly the step pulses of its time, also when it is prolonged', () => {
    fake.freeze();
    const pulse = { mask: 0b100, periodUs: 1_000 };
    open().run({ levels: 0b001, ms: 100, pulse });
    fake.advance(50.25);
    drive.run({ levels: 0b001, ms: 100, pulse });
    fake.advance(200);
    expect(levels(STEP).filter((one) => one === 1)).toHaveLength(150);
    expect(level(STEP)).toBe(0);
  });
});

describe('a slow PWM', () => {
  it('is on for its share of each period, on first', () => {
    fake.freeze();
    const pulse = { mask: 0b001, periodUs: 10_000, invertedUs: 7_000 };
    open().run({ levels: 0b001, ms: 100, pulse });
    fake.advance(101);
    const stamps = fake.history(ENABLE).map((change) => change.atMs);
    const spans = stamps.slice(1).map((at, i) => Math.round(at - (stamps[i] ?? 0)));
    expect(spans).toEqual(Array.from({ length: 19 }, (_, i) => (i % 2 === 0 ? 3 : 7)));
    expect(level(ENABLE)).toBe(0);
  });
});

describe('a drive', () => {
  it('holds its lines alone', () => {
    open();
    expect(() => board.openDrive(request, () => undefined)).toThrow(
      expect.objectContaining({ code: 'EBUSY', syscall: 'request line', path: chip }),
    );
    expect(board.lineInfo(chip, ENABLE)).toMatchObject({ used: true, consumer: 'feed drive' });
    drive.close();
    expect(board.lineInfo(chip, ENABLE)).toMatchObject({ used: false, consumer: '' });
  });

  it('closes the request when the line cannot be set, and never runs again', async () => {
    open().run({ levels: 0b001, ms: LONG_MS });
    blockUntil(() => level(ENABLE) === 1);
    fake.fail('set', 5, 1);
    drive.stop();
    expect(level(ENABLE)).toBe(0);
    expect(fake.line(chip, ENABLE).held).toBe(false);
    await seen.until((all) => all.some((event) => event.kind === 'lost'));
    expect(kinds()).toEqual(['started null', 'lost EIO']);
    expect(drive.state()).toMatchObject({ lost: 'EIO', running: false });
    expect(() => drive.run({ levels: 0b001, ms: 10 })).toThrow(
      expect.objectContaining({ code: 'EIO' }),
    );
    drive.stop();
  });

  it('is lost when its chip is unplugged', async () => {
    open();
    fake.unplug(chip);
    drive.run({ levels: 0b001, ms: LONG_MS });
    await seen.until((all) => all.some((event) => event.kind === 'lost'));
    expect(kinds()).toEqual(['lost ENODEV']);
  });

  it('finds out by a probe that it is lost, and is not hurt by one', () => {
    open().probe();
    expect(drive.state().lost).toBeNull();
    drive.run({ levels: 0b001, ms: LONG_MS });
    blockUntil(() => level(ENABLE) === 1);
    drive.probe();
    expect(level(ENABLE)).toBe(1);
    drive.stop();
    fake.unplug(chip);
    drive.probe();
    expect(drive.state().lost).toBe('ENODEV');
    drive.close();
    drive.probe();
  });

  it('refuses to run after close, and stop stays harmless', () => {
    open().close();
    drive.close();
    drive.stop();
    expect(() => drive.run({ levels: 0b001, ms: 10 })).toThrow(
      expect.objectContaining({ code: 'EBADF' }),
    );
    expect(drive.state().running).toBe(false);
  });

  it.each([
    { levels: 0b000, ms: 10 },
    { levels: 0b010, ms: 10 },
    { levels: 0b1000, ms: 10 },
    { levels: 0b001, ms: 0 },
    { levels: 0b001, ms: Number.NaN },
    { levels: 0b001, ms: 60_001 },
    { levels: 0.5, ms: 10 },
    { levels: 0b001, ms: 10, pulse: { mask: 0b100, periodUs: 10 } },
    { levels: 0b001, ms: 10, pulse: { mask: 0b100, periodUs: 100, invertedUs: 100 } },
    { levels: 0b001, ms: 10, pulse: { mask: 0b100, periodUs: 100, invertedUs: 0 } },
  ])('refuses %j', (run) => {
    open();
    expect(() => drive.run(run)).toThrow(expect.objectContaining({ code: 'EINVAL' }));
    expect(drive.state().running).toBe(false);
  });

  it.each([
    { lines: [] },
    { powerMask: 0 },
    { powerMask: 8 },
    { consumer: '' },
    { consumer: 'x'.repeat(32) },
    { deadTimeUs: -1 },
    { lines: [{ line: 5000, activeLow: false }] },
  ])('cannot be opened with %j', (over) => {
    drive = open();
    expect(() => board.openDrive({ ...request, ...over }, () => undefined)).toThrow(
      expect.objectContaining({ code: 'EINVAL' }),
    );
  });

  it('refuses to be called as a method of something else', () => {
    open();
    const { run } = drive;
    expect(() => run.call({} as NativeDrive, { levels: 1, ms: 1 })).toThrow(/another object/);
  });

  it('sets its lines to 0 before it gives them up: some kernels keep the last level', () => {
    fake.keepLevels();
    open().run({ levels: 0b001, ms: LONG_MS });
    blockUntil(() => level(ENABLE) === 1);
    drive.close();
    expect(level(ENABLE)).toBe(0);
  });

  it('stands still when its thread is ended in the middle of a run', async () => {
    fake.keepLevels();
    open({ lines: [{ line: 5, activeLow: false }] });
    // Another addon instance of the same process, in a thread that never comes back to its loop.
    const source = `
      const board = require(${JSON.stringify(buildFakeBoard())});
      const drive = board.openDrive(${JSON.stringify(request)}, () => {});
      drive.run({ levels: 1, ms: ${LONG_MS} });
      require('node:worker_threads').parentPort.postMessage('running');
      for (;;) {}`;
    const worker = new Worker(source, { eval: true });
    await new Promise((resolve) => worker.once('message', resolve));
    blockUntil(() => level(ENABLE) === 1);
    await worker.terminate();
    expect(level(ENABLE)).toBe(0);
    expect(fake.line(chip, ENABLE).held).toBe(false);
  });
});

describe('a servo at a PWM channel', () => {
  const CLOSED = 1_000_000;
  let folder: string;
  const duty = () => Number(readFileSync(join(folder, 'duty_cycle'), 'utf8').split('\n')[0]);
  const openPwm = (over: object = {}) => {
    const pwm = { path: join(folder, 'duty_cycle'), restNs: CLOSED, ...over };
    drive = board.openDrive({ pwm }, seen.add);
    return drive;
  };
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'pwm-'));
    writeFileSync(join(folder, 'duty_cycle'), '0');
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it('FMEA-06 gets the duty at rest at its deadline, while the event loop is blocked', () => {
    openPwm().run({ levels: 2_000_000, ms: 200 });
    blockUntil(() => duty() === 2_000_000);
    blockUntil(() => duty() === CLOSED);
    blockUntil(() => drive.state().deadlines === 1);
    expect(drive.state()).toMatchObject({ running: false, starts: 1, lost: null });
    drive.run({ levels: 1_500_000, ms: LONG_MS });
    blockUntil(() => duty() === 1_500_000);
    drive.stop();
    expect(duty()).toBe(CLOSED);
  });

  it('is lost with its channel, and says so', () => {
    openPwm();
    fake.fail('write', 19, 1);
    drive.probe();
    expect(drive.state().lost).toBe('ENODEV');
    expect(() => drive.run({ levels: 2_000_000, ms: 100 })).toThrow('ENODEV');
  });

  it('refuses pulses, and duties that are none', () => {
    openPwm();
    const pulse = { mask: 1, periodUs: 1000 };
    for (const run of [
      { levels: 2_000_000, ms: 100, pulse },
      { levels: 0, ms: 100 },
      { levels: 20_000_001, ms: 100 },
    ]) {
      expect(() => drive.run(run)).toThrow();
    }
    expect(() => openPwm({ restNs: 0 })).toThrow('restNs');
    expect(() => openPwm({ path: join(folder, 'none/duty_cycle') })).toThrow('ENOENT');
    expect(duty()).toBe(0);
  });
});
