import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const runCampaign = fileURLToPath(new URL('./run-campaign.ts', import.meta.url));
const runDevice = fileURLToPath(new URL('./run-device.ts', import.meta.url));

async function figuresOf(script: string, flags: readonly string[], signal?: NodeJS.Signals) {
  const program = spawn(process.execPath, [script, '--json', '--days', '1', ...flags]);
  const printed = text(program.stdout);
  program.stderr.resume();
  if (signal !== undefined) {
    await once(program.stdout, 'data');
    program.kill(signal);
  }
  const [code] = await once(program, 'exit');
  const last = (await printed).trim().split('\n').at(-1) ?? '';
  return { code, figures: JSON.parse(last) as Record<string, unknown> };
}

describe('a campaign', () => {
  it('finds over several processes what one process finds', { timeout: 60_000 }, async () => {
    const flags = ['--first-seed', '3', '--seeds', '4'];
    const many = await figuresOf(runCampaign, [...flags, '--workers', '2']);
    const one = await figuresOf(runDevice, flags);
    expect(many.code).toBe(0);
    expect(many.figures['seeds']).toBe(4);
    for (const key of ['traceHash', 'faults', 'feedings', 'feederDays', 'violations']) {
      expect(many.figures[key]).toEqual(one.figures[key]);
    }
  });

  it('ends when enough faults have been injected', { timeout: 60_000 }, async () => {
    const { code, figures } = await figuresOf(runCampaign, [
      ...['--workers', '1', '--faults-wanted', '10', '--first-seed', '3'],
    ]);
    expect(code).toBe(0);
    expect(figures['faults']).toBeGreaterThanOrEqual(10);
    expect(figures['seeds']).toBeLessThan(10);
  });

  it('ends on a signal to all of its processes in good order', { timeout: 60_000 }, async () => {
    const campaign = spawn(
      process.execPath,
      [runCampaign, '--workers', '2', '--days', '4', '--json'],
      { detached: true, stdio: ['ignore', 'pipe', 'inherit'] },
    );
    const printed = text(campaign.stdout);
    // Time to start its workers; those that have not come far yet must do no harm, either.
    await once(spawn(process.execPath, [runDevice, '--seeds', '1', '--days', '1']), 'exit');
    process.kill(-(campaign.pid ?? 0), 'SIGTERM');
    const [code] = await once(campaign, 'exit');
    expect(code).not.toBe(70);
    expect(JSON.parse((await printed).trim().split('\n').at(-1) ?? '')).toHaveProperty('seeds');
  });

  it('ends on a signal with the figures of what was done', { timeout: 60_000 }, async () => {
    const flags = ['--seeds', '100000', '--trail'];
    const { figures } = await figuresOf(runDevice, flags, 'SIGTERM');
    expect(figures['seeds']).toBe(1);
  });
});
