import { HOUR_MS } from '@cat-feeder/shared';
import { describe, expect, it } from 'vitest';
import {
  JOURNAL_START_MS,
  journalTime,
  sampleClaim,
  sampleFinish,
  sampleOccurrence,
} from '../../test/contracts/feeding-journal.ts';
import { contractTime, describeScheduleStore } from '../../test/contracts/schedule-store.ts';
import { memoryStore } from '../../test/contracts/store-fixture.ts';
import { MemoryEmergencyJournal } from './emergency-journal.ts';
import type { DeviceStore } from './store.ts';

/** The feeding rules in small: a claim and its end at one instant. */
function feeder(store: () => DeviceStore) {
  let count = 0;
  return (feeding: {
    occurrence: ReturnType<typeof sampleOccurrence> | null;
    cause: 'schedule' | 'starvation' | 'elapsed_time' | 'person';
    portionGrams: number;
    servedLowGrams: number;
    time: ReturnType<typeof journalTime>;
  }) => {
    count += 1;
    const { occurrence, cause, portionGrams, servedLowGrams, time } = feeding;
    const id = `feeding-${count}`;
    store().journal.claim(
      sampleClaim(id, { occurrence, cause, portionGrams, reservedGrams: portionGrams, time }),
    );
    const dose = {
      lowGrams: servedLowGrams,
      likelyGrams: servedLowGrams,
      highGrams: servedLowGrams,
      method: 'measured',
    } as const;
    const isFed = servedLowGrams * 2 >= portionGrams;
    const verdict = { verdict: isFed ? 'fed' : 'short', rule: 'on_time', numbers: {} } as const;
    store().journal.finish(
      sampleFinish(id, { dose, time, verdict: occurrence === null ? null : verdict }),
    );
  };
}

describe('A-10 SqliteScheduleStore', () => {
  describeScheduleStore(() => {
    const { store } = memoryStore();
    return { store: store.schedule, feed: feeder(() => store) };
  });
});

describe('SqliteScheduleStore after a restart', () => {
  describeScheduleStore(() => {
    const { store, reopen } = memoryStore();
    let present = store;
    return {
      store: new Proxy(store.schedule, {
        get: (_, name) => {
          present = reopen();
          const value: unknown = Reflect.get(present.schedule, name, present.schedule);
          return typeof value === 'function' ? value.bind(present.schedule) : value;
        },
      }),
      feed: feeder(() => present),
    };
  });
});

describe('what the schedule remembers', () => {
  it('gives the same view and the same rows until something changes', () => {
    const { store } = memoryStore();
    const view = store.schedule.view();
    const rows = store.schedule.decided('2026-11-01', '2026-11-30');
    expect(store.schedule.view()).toBe(view);
    expect(store.schedule.decided('2026-11-01', '2026-11-30')).toBe(rows);
    store.plans.add({ name: 'Every day' });
    store.journal.claim(sampleClaim('one', { occurrence: sampleOccurrence() }));
    expect(store.schedule.view()).not.toBe(view);
    expect(store.schedule.decided('2026-11-01', '2026-11-30').size).toBe(1);
  });

  it('leaves the disk alone while nothing happens, and loses minutes at most', () => {
    const writes: string[] = [];
    const { store, reopen } = memoryStore({ hooks: { afterCommit: (name) => writes.push(name) } });
    const startMs = contractTime(0).wallMs;
    writes.length = 0;
    for (let second = 0; second <= 3600; second += 30) {
      store.schedule.setClosedThroughMs(startMs + second * 1000);
    }
    expect(writes.length).toBeLessThanOrEqual(5);
    expect(store.schedule.closedThroughMs()).toBe(startMs + 3_600_000);
    const reread = reopen().schedule.closedThroughMs() ?? 0;
    expect(startMs + 3_600_000 - reread).toBeLessThan(15 * 60_000);
  });

  it('forgets what was missed before the last sure food', () => {
    const { store, reopen } = memoryStore();
    const feed = feeder(() => store);
    const day = (n: number) => sampleOccurrence(`2026-11-0${n}`);
    const close = (n: number) =>
      store.schedule.close({
        occurrence: day(n),
        verdict: 'missed',
        rule: 'too_late',
        numbers: {},
        why: 'Too late.',
        time: journalTime(n * 1000),
      });
    close(1);
    feed({
      occurrence: day(2),
      cause: 'schedule',
      portionGrams: 20,
      servedLowGrams: 19,
      time: journalTime(2500),
    });
    close(3);
    for (const seen of [store, reopen()]) {
      expect(seen.schedule.food().missed.map(({ key }) => key)).toEqual([day(3).key]);
    }
  });

  it('I10 keeps what was missed before the end of the last feeding could be written', () => {
    const { store, reopen } = memoryStore();
    store.schedule.food();
    store.journal.claim(sampleClaim('one'));
    store.schedule.close({
      occurrence: sampleOccurrence('2026-11-03'),
      verdict: 'blocked',
      rule: 'storage',
      numbers: {},
      why: 'The disk refused.',
      time: journalTime(5000),
    });
    store.journal.finish(sampleFinish('one'));
    for (const seen of [store, reopen()]) {
      expect(seen.schedule.food().lastSure).not.toBeNull();
      expect(seen.schedule.food().missed).toHaveLength(1);
    }
  });

  it('I10 lives through no minute twice over a feeding that a crash cut off', () => {
    const { store, reopen } = memoryStore();
    store.clockMemory.save({ wallMs: 1, ageMs: 5000, doubtedAtAgeMs: null, power: null });
    store.journal.claim(sampleClaim('one', { time: journalTime(60_000) }));
    // The caps count it from its longest possible end, which the feeder has not lived to see.
    store.journal.finish(sampleFinish('one', { time: journalTime(62_000, 'boot-2') }));
    expect(reopen().clockMemory.load()?.ageMs).toBe(60_000);
    store.journal.claim(sampleClaim('two', { time: journalTime(70_000) }));
    store.journal.finish(sampleFinish('two', { time: journalTime(75_000) }));
    expect(reopen().clockMemory.load()?.ageMs).toBe(75_000);
  });

  /** A store whose disk is full when `disk.isFull` says so; claims then wait elsewhere. */
  function storeOnSmallDisk() {
    const disk = { isFull: false };
    const beforeCommit = () => {
      if (disk.isFull) throw Object.assign(new Error('full'), { code: 'SQLITE_FULL' });
    };
    const emergency = new MemoryEmergencyJournal();
    return { disk, ...memoryStore({ emergency, hooks: { beforeCommit } }) };
  }

  it('FMEA-47 lives through no minute twice that only a claim from a full disk tells of', () => {
    const { disk, store, reopen } = storeOnSmallDisk();
    store.clockMemory.save({ wallMs: 1, ageMs: 5000, doubtedAtAgeMs: null, power: null });
    disk.isFull = true;
    store.journal.claim(sampleClaim('held', { time: journalTime(HOUR_MS) }));
    expect(reopen().clockMemory.load()?.ageMs).toBe(HOUR_MS);
  });

  it('I10 FMEA-47 remembers a meal that was missed after a feeding that waits for the disk', () => {
    const { disk, store, reopen } = storeOnSmallDisk();
    disk.isFull = true;
    store.journal.claim(sampleClaim('held', { time: journalTime(1000) }));
    disk.isFull = false;
    store.schedule.close({
      occurrence: sampleOccurrence('2026-11-03'),
      verdict: 'blocked',
      rule: 'cap_plan',
      numbers: {},
      why: 'The share of the plan was used up.',
      time: journalTime(HOUR_MS),
    });
    store.journal.finish(sampleFinish('held'));
    for (const seen of [store, reopen()]) {
      expect(seen.schedule.food().lastSure).not.toBeNull();
      expect(seen.schedule.food().missed).toHaveLength(1);
    }
  });

  it('I2 puts a fence where the plan was edited while nobody knew the time', () => {
    const { store, clock, reopen } = memoryStore();
    store.schedule.fence({ ...clock.now(), quality: 'unknown' });
    expect(store.schedule.closedThroughMs()).toBeNull();
    store.schedule.setClosedThroughMs(JOURNAL_START_MS);
    clock.quality = 'unknown';
    clock.ageMs = 3_600_000;
    store.schedule.fence(clock.now());
    expect(store.schedule.fencedFromMs()).toBeNull();
    const later = reopen().schedule;
    clock.quality = 'synchronized';
    clock.ageMs = 7_200_000;
    expect(later.fencedFromMs()).toBe(JOURNAL_START_MS);
    expect(later.closedThroughMs()).toBe(JOURNAL_START_MS + 3_600_000);
    later.setClosedThroughMs(JOURNAL_START_MS + 3_600_000);
    expect(reopen().schedule.fencedFromMs()).toBeNull();
    expect(later.fencedFromMs()).toBeNull();
  });
});
