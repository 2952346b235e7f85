import type { EventBody, LiveEventBody } from '@cat-feeder/shared';
import { describe, expect, it } from 'vitest';
import { SimulatedPetReader } from '../hardware/simulated/simulated-pet-reader.ts';
import { LEFT_AFTER_MS } from '../pets/presence.ts';
import { LiveEvents } from '../platform/live-events.ts';
import { silentLogger } from '../platform/logger.ts';
import { VirtualClock } from '../platform/virtual-clock.ts';
import { PetPresence, VISITS_AN_HOUR_MAX } from './pet-presence.ts';

const mia = { protocol: 'fdxb', id: '276098102345678', isAnimal: true } as const;

function watched() {
  const clock = new VirtualClock({ wallMs: 0 });
  const live = new LiveEvents({ epoch: 'e', logger: silentLogger });
  const reader = new SimulatedPetReader(clock);
  const bowl = { grams: 20 };
  const visits: EventBody<'visit.ended'>[] = [];
  const told: LiveEventBody<'presence'>[] = [];
  live.subscribe((event) => {
    if (event.name === 'presence') told.push(event.data as LiveEventBody<'presence'>);
  });
  const presence = new PetPresence({
    reader,
    clock,
    wallMs: () => clock.wallMs(),
    live,
    bowl: () => ({ grams: bowl.grams, sigmaGrams: 0.1 }),
    record: (visit) => visits.push(visit),
  });
  presence.start();
  const stay = (ms: number) => {
    for (let passed = 0; passed < ms; passed += 500) {
      reader.hold(mia);
      clock.advance(500);
    }
  };
  return { clock, reader, bowl, visits, told, presence, stay };
}

describe('PetPresence', () => {
  it('shows who is at the bowl, and records the visit with what was eaten', () => {
    const { clock, bowl, visits, told, presence, stay } = watched();
    expect(presence.view()).toEqual({ state: 'ok', why: '', tags: [], lastSeen: null });
    stay(10_000);
    expect(presence.view().tags).toEqual([mia.id]);
    bowl.grams = 14;
    clock.advance(10_000);
    expect(told.map(({ tags }) => tags)).toEqual([[mia.id], []]);
    expect(visits).toMatchObject([{ eatenMg: 6000, sigmaMg: 141, petId: null, confidence: 0 }]);
  });

  it('remembers the last tag by its last digits, and when it was there', () => {
    const { clock, told, presence, stay } = watched();
    stay(10_000);
    const lastFrameMs = 9_500;
    clock.advance(60_000);
    const seen = presence.view().lastSeen;
    expect(seen?.tag).toBe('…5678');
    // It is missed only a while after its last frame.
    expect(seen?.atMs).toBeGreaterThanOrEqual(lastFrameMs);
    expect(seen?.atMs).toBeLessThanOrEqual(lastFrameMs + LEFT_AFTER_MS + 1);
    expect(told.at(-1)?.lastSeen).toEqual(seen);
  });

  it('tells of a reader that goes and comes, and ends the visit with it', () => {
    const { clock, reader, visits, told, presence, stay } = watched();
    stay(5000);
    reader.unplug();
    expect(presence.condition()).toMatchObject({ state: 'degraded' });
    expect(presence.view()).toMatchObject({ state: 'unplugged', tags: [] });
    reader.plugIn();
    expect(told.map(({ state }) => state)).toEqual(['ok', 'unplugged', 'ok']);
    clock.advance(60_000);
    expect(visits).toHaveLength(1);
  });

  it('records no more visits in an hour than cats can make', () => {
    const { clock, visits, stay } = watched();
    for (let visit = 0; visit < VISITS_AN_HOUR_MAX + 20; visit++) {
      stay(1000);
      clock.advance(10_000);
    }
    expect(visits).toHaveLength(VISITS_AN_HOUR_MAX);
    clock.advance(3_600_000);
    stay(1000);
    clock.advance(10_000);
    expect(visits).toHaveLength(VISITS_AN_HOUR_MAX + 1);
  });

  it('wakes nobody up after it was stopped', () => {
    const { clock, visits, presence, stay } = watched();
    stay(5000);
    presence.stop();
    clock.advance(60_000);
    expect([visits, clock.pendingNames()]).toEqual([[], []]);
  });
});
