import { describe, expect, it } from 'vitest';
import { SystemClock } from '../../platform/system-clock.ts';
import { runTool } from './run-tool.ts';

const clock = new SystemClock();
/** Far beyond the test's own limit: what waits for it, fails. */
const LIMIT_MS = 60_000;
const run = (script: string) => runTool(clock, ['sh', '-c', script], LIMIT_MS);

describe('a short program', () => {
  it('tells what it said and how it ended', async () => {
    const { end, stdout } = await run('echo hello');
    expect([end, stdout.toString()]).toEqual(['ok', 'hello\n']);
    expect(await run('echo no >&2; exit 3')).toMatchObject({ end: 'failed', why: 'no\n' });
    expect(await runTool(clock, ['sleep', '30'], 50)).toMatchObject({ end: 'hung' });
  });

  it('is over when it ends, though a stray child of it holds its pipes', async () => {
    const { end, stdout } = await run('sleep 30 & echo hello');
    expect([end, stdout.toString()]).toEqual(['ok', 'hello\n']);
  });

  it('is over when it ends, though the stray child left its group', async () => {
    const { end, why } = await run('setsid sleep 10 & echo no >&2; exit 3');
    expect([end, why]).toEqual(['failed', 'no\n']);
  });
});
