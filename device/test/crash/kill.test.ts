import { spawnSync } from 'node:child_process';
import { resolve } from 'node:path';
import { expect, it } from 'vitest';

it('FMEA-05 a daemon killed in the middle of feedings feeds nobody twice and forgets nothing', () => {
  const script = resolve(import.meta.dirname, 'run-kill.ts');
  const flags = ['--kills', '6', '--jobs', '3', '--speed', '4', '--from', 'source', '--json'];
  const run = spawnSync(process.execPath, [script, ...flags], { encoding: 'utf8' });
  expect(run.stderr).toBe('');
  const figures = JSON.parse(run.stdout.trimEnd().split('\n').at(-1) ?? '');
  expect(figures).toMatchObject({
    doubled: 0,
    unverdicted: 0,
    ledgerFailures: 0,
    lostAnswers: 0,
    lateMotors: 0,
  });
  expect(figures.kills).toBeGreaterThanOrEqual(6);
}, 60_000);
