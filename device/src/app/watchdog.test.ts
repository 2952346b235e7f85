import { describe, expect, it } from 'vitest';
import type { ServiceNotify } from '../platform/service-notify.ts';
import { VirtualClock } from '../platform/virtual-clock.ts';
import { WATCHDOG_PACE_MS, Watchdog } from './watchdog.ts';

function makeWatchdog() {
  const clock = new VirtualClock();
  const seen = { alive: 0, lost: [] as string[], ageMs: 0 };
  const notify: { -readonly [Key in keyof ServiceNotify]: ServiceNotify[Key] } = {
    ready() {},
    stopping() {},
    alive() {
      seen.alive += 1;
    },
    lost: 0,
    problem: null,
  };
  const watchdog = new Watchdog({
    clock,
    notify,
    loopAgeMs: () => seen.ageMs,
    silenceMsMax: 2000,
    onLost: (error) => seen.lost.push(error.code),
  });
  return { clock, seen, watchdog, notify };
}

describe('Watchdog', () => {
  it('gives signs of life while the loop does', () => {
    const { clock, seen, watchdog } = makeWatchdog();
    watchdog.start();
    clock.advance(WATCHDOG_PACE_MS * 10);
    expect(seen).toEqual({ alive: 11, lost: [], ageMs: 0 });
  });

  it('FMEA-06 is silent with the loop, and says once that it is lost', () => {
    const { clock, seen, watchdog } = makeWatchdog();
    watchdog.start();
    seen.ageMs = 2001;
    clock.advance(WATCHDOG_PACE_MS);
    expect(seen.lost).toEqual([]);
    clock.advance(60_000);
    expect(seen).toEqual({ alive: 1, lost: ['ERR_CONTROLLER_LOST'], ageMs: 2001 });
  });

  it('looks at once when it is told to', () => {
    const { clock, seen, watchdog } = makeWatchdog();
    watchdog.start();
    seen.ageMs = 2001;
    watchdog.look();
    watchdog.look();
    clock.advance(500);
    expect(seen.lost).toEqual(['ERR_CONTROLLER_LOST']);
  });

  it('forgives a loop that only slept with the whole machine', () => {
    const { clock, seen, watchdog } = makeWatchdog();
    watchdog.start();
    seen.ageMs = 3_600_000;
    watchdog.look();
    seen.ageMs = 100;
    clock.advance(500);
    expect(seen).toMatchObject({ alive: 2, lost: [] });
  });

  it('tells when nobody would notice its silence', () => {
    const { watchdog, notify } = makeWatchdog();
    expect(watchdog.condition()).toEqual({ state: 'ok' });
    notify.lost = 3;
    expect(watchdog.condition()).toMatchObject({
      state: 'degraded',
      why: expect.stringContaining('3 messages'),
    });
    notify.problem = 'no socket';
    expect(watchdog.condition()).toEqual({ state: 'degraded', why: 'no socket' });
  });

  it('does nothing once it is stopped', () => {
    const { clock, seen, watchdog } = makeWatchdog();
    watchdog.start();
    watchdog.stop();
    seen.ageMs = 10_000;
    watchdog.look();
    clock.advance(60_000);
    expect(seen).toMatchObject({ alive: 1, lost: [] });
  });
});
