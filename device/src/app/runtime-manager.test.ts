import { describe, expect, it } from 'vitest';
import { silentLogger } from '../platform/logger.ts';
import { VirtualClock } from '../platform/virtual-clock.ts';
import { RuntimeManager, type Service } from './runtime-manager.ts';

/** A part that writes down what is done to it. */
function part(name: string, journal: string[], behaviour: Partial<Service> = {}): Service {
  return {
    async start(signal) {
      journal.push(`+${name}`);
      await behaviour.start?.(signal);
    },
    async stop() {
      journal.push(`-${name}`);
      await behaviour.stop?.();
    },
    condition: () => behaviour.condition?.() ?? { state: 'ok' },
  };
}

function makeRuntime() {
  const clock = new VirtualClock();
  const runtime = new RuntimeManager({ clock, log: silentLogger });
  return { clock, runtime, journal: [] as string[], signal: new AbortController().signal };
}

/** Lets promises run, then moves the time so that a limit is reached. */
async function passTime(clock: VirtualClock, ms: number): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await Promise.resolve();
  clock.advance(ms);
  for (let turn = 0; turn < 20; turn++) await Promise.resolve();
}

const fail = () => {
  throw new Error('no board');
};
const hang = () => new Promise<void>(() => {});

describe('A-05 RuntimeManager', () => {
  it('starts in order, stops in reverse', async () => {
    const { runtime, journal, signal } = makeRuntime();
    runtime
      .add('storage', part('storage', journal))
      .add('station', part('station', journal))
      .add('api', part('api', journal), { needs: ['storage', 'station'] });
    await runtime.start(signal);
    expect(runtime.health().map((line) => line.state)).toEqual(['ok', 'ok', 'ok']);
    expect(await runtime.stop()).toEqual([]);
    expect(journal).toEqual(['+storage', '+station', '+api', '-api', '-station', '-storage']);
    expect(runtime.health().map((line) => line.state)).toEqual(['failed', 'failed', 'failed']);
  });

  it('rolls back when a critical part fails, and tells why', async () => {
    const { runtime, journal, signal } = makeRuntime();
    runtime
      .add('storage', part('storage', journal))
      .add('station', part('station', journal, { start: fail }))
      .add('api', part('api', journal));
    await expect(runtime.start(signal)).rejects.toThrow('no board');
    expect(journal).toEqual(['+storage', '+station', '-station', '-storage']);
    expect(runtime.health()[1]).toEqual({
      name: 'station',
      state: 'failed',
      why: 'no board',
    });
  });

  it('FMEA-08 degrades when a part fails that it can do without, and what needs it is not started', async () => {
    const { runtime, journal, signal } = makeRuntime();
    runtime
      .add('camera', part('camera', journal, { start: fail }), { critical: false })
      .add('clips', part('clips', journal), { critical: false, needs: ['camera'] })
      .add('api', part('api', journal));
    await runtime.start(signal);
    expect(runtime.health().map(({ name, state, why }) => [name, state, why])).toEqual([
      ['camera', 'degraded', 'no board'],
      ['clips', 'degraded', 'camera is not there'],
      ['api', 'ok', ''],
    ]);
    await runtime.stop();
    expect(journal).toEqual(['+camera', '+api', '-api', '-camera']);
  });

  it('stops waiting for a part that does not start in time', async () => {
    const { runtime, clock, journal, signal } = makeRuntime();
    runtime.add('api', part('api', journal, { start: hang }));
    const started = runtime.start(signal);
    const refused = expect(started).rejects.toThrow('api did not start within 30000 ms');
    await passTime(clock, 30_000);
    await refused;
    expect(journal).toEqual(['+api', '-api']);
  });

  it('an abort ends the start and rolls it back', async () => {
    const { runtime, journal } = makeRuntime();
    const controller = new AbortController();
    runtime.add('storage', part('storage', journal)).add(
      'api',
      part('api', journal, {
        start: () => {
          controller.abort(new Error('stop asked for'));
          return hang();
        },
      }),
    );
    await expect(runtime.start(controller.signal)).rejects.toThrow('stop asked for');
    expect(journal).toEqual(['+storage', '+api', '-api', '-storage']);
  });

  it('stops the others when one hangs or fails, and reports both', async () => {
    const { runtime, clock, journal, signal } = makeRuntime();
    runtime
      .add('storage', part('storage', journal))
      .add('station', part('station', journal, { stop: hang }))
      .add('api', part('api', journal, { stop: fail }));
    await runtime.start(signal);
    const stopped = runtime.stop();
    await passTime(clock, 2000);
    expect(await stopped).toEqual([
      { name: 'api', why: 'no board' },
      { name: 'station', why: 'station did not stop within 2000 ms' },
    ]);
    expect(journal.slice(3)).toEqual(['-api', '-station', '-storage']);
  });

  it('stops once, however often it is asked', async () => {
    const { runtime, journal, signal } = makeRuntime();
    runtime.add('api', part('api', journal));
    await runtime.start(signal);
    await Promise.all([runtime.stop(), runtime.stop()]);
    expect(journal).toEqual(['+api', '-api']);
  });

  const conditions = [
    ['critical', 'ok', 'ok'],
    ['critical', 'degraded', 'degraded'],
    ['critical', 'failed', 'failed'],
    ['optional', 'ok', 'ok'],
    ['optional', 'degraded', 'degraded'],
    ['optional', 'failed', 'degraded'],
  ] as const;
  it.each(conditions)('a %s part that says %s is %s', async (kind, says, state) => {
    const { runtime, journal, signal } = makeRuntime();
    const condition = () => (says === 'ok' ? { state: says } : { state: says, why: 'dust' });
    runtime.add('scale', part('scale', journal, { condition }), { critical: kind === 'critical' });
    expect(runtime.health()[0]?.state).toBe('starting');
    expect(runtime.isReady()).toBe(kind !== 'critical');
    await runtime.start(signal);
    expect(runtime.health()[0]).toMatchObject({ state, why: says === 'ok' ? '' : 'dust' });
    expect(runtime.isReady()).toBe(state !== 'failed');
  });

  it('refuses a name twice, an unknown need, and a critical part on an optional one', () => {
    const { runtime } = makeRuntime();
    runtime.add('camera', {}, { critical: false });
    expect(() => runtime.add('camera', {})).toThrow('camera was added before');
    expect(() => runtime.add('api', {}, { needs: ['storage'] })).toThrow('api needs storage');
    expect(() => runtime.add('api', {}, { needs: ['camera'] })).toThrow('api is critical');
  });
});
