import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

const STATES = 800;
/** A card that is written less than this in a day outlives the feeder. */
const DAY_BYTES_MAX = 50_000_000;
const FEEDINGS_PER_DAY = 20;
const TIMEOUT_MS = 180_000;

interface Summary {
  readonly states: number;
  readonly lost: number;
  readonly doubled: number;
  readonly corrupt: number;
  readonly flipsUnnoticed: number;
  readonly bytesPerFeeding: number;
}

function runCrash(options: string[]): { status: number | null; summary: Summary; output: string } {
  const program = join(import.meta.dirname, 'run-crash.ts');
  const run = spawnSync(process.execPath, [program, '--feedings', '6', '--json', ...options], {
    encoding: 'utf8',
    timeout: TIMEOUT_MS,
  });
  const output = `${run.stdout}${run.stderr}`;
  const summary = JSON.parse(run.stdout.trim().split('\n').at(-1) ?? 'null') as Summary;
  return { status: run.status, summary, output };
}

describe('power cuts at every system call', () => {
  it(
    'FMEA-01 FMEA-03 FMEA-54 lose nothing acknowledged, double no feeding, wear no card out',
    () => {
      const { status, summary, output } = runCrash(['--states', String(STATES), '--flips', '400']);
      const clean = { lost: 0, doubled: 0, corrupt: 0, flipsUnnoticed: 0 };
      expect(summary, output).toMatchObject(clean);
      expect(summary.states).toBeGreaterThanOrEqual(STATES);
      expect(status).toBe(0);
      expect(summary.bytesPerFeeding * FEEDINGS_PER_DAY).toBeLessThan(DAY_BYTES_MAX);
    },
    TIMEOUT_MS,
  );

  it(
    'are seen to lose commits that were not synced, and to feed twice for it',
    () => {
      const { status, summary } = runCrash(['--control', '--states', '500', '--flips', '0']);
      expect(summary.lost).toBeGreaterThan(10);
      expect(summary.doubled).toBeGreaterThan(10);
      expect(status).toBe(1);
    },
    TIMEOUT_MS,
  );
});
