import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { chipForTest, pass, report, spread, wait } from './guest-bench.ts';
import type { SimChip } from './sim-chip.ts';

/*
 * What becomes of a turning motor when its program dies or hangs, seen on its lines by another
 * program. All times are of a machine with 100 ticks a second whose host may be busy.
 */

const ENABLE = 17;
const DEATHS = 20;
const HANGS = 5;
/** The kernel lets the lines go when the process is gone; this is what the machine may need. */
const FALL_MS_MAX = 100;
/** After the end of its slice. */
const LATE_MS_MAX = 50;

function spawnChild(chip: SimChip, manner: 'turning' | 'blocked') {
  const script = resolve(import.meta.dirname, 'motor-child.ts');
  const child = spawn(process.execPath, [script, chip.path, manner], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  return child;
}

async function startTurning(chip: SimChip): Promise<ChildProcess> {
  const child = spawnChild(chip, 'turning');
  while (chip.level(ENABLE) === 0) {
    expect(child.exitCode).toBeNull();
    await wait(2);
  }
  return child;
}

const nobody = new Int32Array(new SharedArrayBuffer(4));

/** Looks again and again; this event loop's own turns stay out of it, and the one processor free. */
function msUntilLow(chip: SimChip): number {
  const beganMs = performance.now();
  while (chip.level(ENABLE) === 1 && performance.now() - beganMs < 5000) {
    Atomics.wait(nobody, 0, 0, 0.5);
  }
  return performance.now() - beganMs;
}

it('I1 the line falls by itself after SIGKILL, at any instant', async () => {
  const chip = chipForTest();
  const falls: number[] = [];
  for (let i = 0; i < DEATHS; i++) {
    const child = await startTurning(chip);
    await wait(((i * 37) % 100) + 20);
    expect(chip.level(ENABLE)).toBe(1);
    const exited = once(child, 'exit');
    child.kill('SIGKILL');
    falls.push(msUntilLow(chip));
    await exited;
    await wait(20);
    expect(chip.level(ENABLE)).toBe(0);
  }
  report('motorOffAfterSigkillMs', spread(falls));
  expect(Math.max(...falls)).toBeLessThan(FALL_MS_MAX);
});

it('I1 the line falls at its deadline while the event loop is blocked', async () => {
  const chip = chipForTest();
  const late: number[] = [];
  for (let i = 0; i < HANGS; i++) {
    const child = spawnChild(chip, 'blocked');
    let levels = '';
    let said = '';
    child.stdout.on('data', (text: Buffer) => {
      said += text.toString();
    });
    const exited = once(child, 'exit');
    while (said === '' && child.exitCode === null) {
      const level = String(chip.level(ENABLE));
      if (!levels.endsWith(level)) levels += level;
      await wait(5);
    }
    await exited;
    // It rose and fell before the program came back to itself, and did not rise again.
    expect(levels).toBe('010');
    late.push(Number(said));
  }
  report('motorOffAfterDeadlineMs', spread(late));
  expect(Math.max(...late)).toBeLessThan(LATE_MS_MAX);
});

it('a stopped program keeps its line until it is killed: that is what the watchdog is for', async () => {
  const chip = chipForTest();
  const child = await startTurning(chip);
  child.kill('SIGSTOP');
  await pass(1000);
  expect(chip.level(ENABLE)).toBe(1);
  const exited = once(child, 'exit');
  child.kill('SIGKILL');
  const fallMs = msUntilLow(chip);
  report('motorOffAfterSigkillOfStoppedMs', Math.round(fallMs * 100) / 100);
  expect(fallMs).toBeLessThan(FALL_MS_MAX);
  await exited;
});
