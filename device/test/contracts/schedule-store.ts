import type { Occurrence } from '@cat-feeder/shared';
import { expect, it } from 'vitest';
import type { StationTime } from '../../src/platform/clock.ts';
import type { OccurrenceClosing, ScheduleStore } from '../../src/scheduling/schedule-store.ts';

/** A store to be tried, and the acts of the feeding rules that the schedule sees through it. */
export interface ScheduleStoreSubject {
  readonly store: ScheduleStore;
  /** Serves an occurrence, or an extra portion when there is none, and writes its end. */
  feed(feeding: {
    occurrence: Occurrence | null;
    cause: 'schedule' | 'starvation' | 'elapsed_time' | 'person';
    portionGrams: number;
    servedLowGrams: number;
    time: StationTime;
  }): void;
}

const mealId = '01hzzzzzzzzzzzzzzzzzzzzzzz';
const startMs = 1_795_000_000_000;

/** An instant `ms` after the start of the contract's story. */
export function contractTime(ms: number): StationTime {
  return {
    wallMs: startMs + ms,
    monoMs: ms,
    ageMs: ms,
    bootId: 'boot-1',
    quality: 'synchronized',
  };
}

/** A planned occurrence of the contract's only meal. */
export function contractOccurrence(localDate: string, dueMs: number): Occurrence {
  return {
    key: `${mealId}@${localDate}`,
    mealId,
    mealName: 'Breakfast',
    petId: null,
    localDate,
    localTime: '07:00',
    dueAtMs: startMs + dueMs,
    portionGrams: 20,
    state: 'planned',
    verdict: null,
    rule: null,
    feedingId: null,
    servedGrams: null,
    decidedAtMs: null,
    why: 'Planned for 07:00: 20 g.',
  };
}

const first = contractOccurrence('2026-11-20', 1000);
const second = contractOccurrence('2026-11-21', 2000);

function missed(occurrence: Occurrence, atMs: number): OccurrenceClosing {
  return {
    occurrence,
    verdict: 'missed',
    rule: 'too_late',
    numbers: { lateMs: 10_000_000, graceMs: 7_200_000 },
    why: 'It would have been 2 h 46 min late; meals up to 2 h late are served.',
    time: contractTime(atMs),
  };
}

/** What every storage of the schedule promises. Each test gets a fresh one. */
export function describeScheduleStore(make: () => ScheduleStoreSubject): void {
  it('knows nothing at first', () => {
    const { store } = make();
    expect(store.closedThroughMs()).toBeNull();
    expect(store.decided('2000-01-01', '2099-12-31').size).toBe(0);
    expect(store.occurrence(first.key)).toBeUndefined();
    expect(store.food()).toEqual({
      lastSure: null,
      lastCatchUp: null,
      lastElapsed: null,
      missed: [],
    });
    expect(store.view().settings.activePlanId).toBeNull();
  });

  it('keeps a verdict without motion with its rule, its reason and when it was given', () => {
    const { store } = make();
    store.close(missed(first, 5000));
    expect(store.occurrence(first.key)).toMatchObject({
      key: first.key,
      mealName: 'Breakfast',
      localDate: '2026-11-20',
      localTime: '07:00',
      dueAtMs: first.dueAtMs,
      portionGrams: 20,
      state: 'closed',
      verdict: 'missed',
      rule: 'too_late',
      feedingId: null,
      decidedAtMs: contractTime(5000).wallMs,
      why: 'It would have been 2 h 46 min late; meals up to 2 h late are served.',
    });
  });

  it('lists rows by their local date, both ends included', () => {
    const { store } = make();
    store.close(missed(first, 5000));
    store.close(missed(second, 6000));
    expect([...store.decided('2026-11-20', '2026-11-20').keys()]).toEqual([first.key]);
    expect(store.decided('2026-11-20', '2026-11-21').size).toBe(2);
    expect(store.decided('2026-11-22', '2026-11-30').size).toBe(0);
  });

  it('gives an occurrence one verdict only', () => {
    const { store } = make();
    store.close(missed(first, 5000));
    expect(() => store.close(missed(first, 6000))).toThrow(
      expect.objectContaining({ code: 'ERR_CONFLICT' }),
    );
  });

  it('voids a verdict without motion, after which there is none', () => {
    const { store } = make();
    store.close(missed(first, 5000));
    store.reopen(first.key, 'Its time lies ahead again.', contractTime(6000));
    expect(store.occurrence(first.key)).toBeUndefined();
    expect(store.food().missed).toEqual([]);
    store.close(missed(first, 7000));
    expect(store.occurrence(first.key)?.verdict).toBe('missed');
  });

  it('never voids what moved the motor, or what is not there', () => {
    const { store, feed } = make();
    feed({
      occurrence: first,
      cause: 'schedule',
      portionGrams: 20,
      servedLowGrams: 19,
      time: contractTime(1000),
    });
    expect(() => store.reopen(first.key, 'No.', contractTime(2000))).toThrow(
      expect.objectContaining({ code: 'ERR_CONFLICT' }),
    );
    expect(() => store.reopen(second.key, 'No.', contractTime(2000))).toThrow(
      expect.objectContaining({ code: 'ERR_NOT_FOUND' }),
    );
  });

  it('remembers how far the schedule is decided, forward and back', () => {
    const { store } = make();
    store.setClosedThroughMs(startMs + 3_600_000);
    expect(store.closedThroughMs()).toBe(startMs + 3_600_000);
    store.setClosedThroughMs(startMs);
    expect(store.closedThroughMs()).toBe(startMs);
  });

  it('takes a gap without rows for what is in it', () => {
    const { store } = make();
    store.closeGap({
      fromMs: startMs - 1e9,
      toMs: startMs,
      count: 30,
      why: '30 meals were due while the feeder was off.',
      time: contractTime(1000),
    });
    expect(store.decided('2000-01-01', '2099-12-31').size).toBe(0);
  });

  it('shows a served occurrence with its feeding', () => {
    const { store, feed } = make();
    feed({
      occurrence: first,
      cause: 'schedule',
      portionGrams: 20,
      servedLowGrams: 19,
      time: contractTime(1000),
    });
    const row = store.decided('2026-11-20', '2026-11-20').get(first.key);
    expect(row).toMatchObject({ state: 'closed', verdict: 'fed' });
    expect(row?.feedingId).toBeTypeOf('string');
  });

  it('knows the last food that surely arrived, at least half of the portion', () => {
    const { store, feed } = make();
    const portion = { occurrence: null, cause: 'person', portionGrams: 20 } as const;
    feed({ ...portion, servedLowGrams: 10, time: contractTime(1000) });
    feed({ ...portion, servedLowGrams: 9, time: contractTime(900_000) });
    expect(store.food().lastSure).toEqual({
      wallMs: contractTime(1000).wallMs,
      ageMs: 1000,
      bootId: 'boot-1',
      trusted: true,
    });
  });

  it('knows the last portion against starvation and the last by elapsed time, even failed ones', () => {
    const { store, feed } = make();
    const portion = { occurrence: null, portionGrams: 20, servedLowGrams: 0 };
    feed({ ...portion, cause: 'starvation', time: contractTime(1000) });
    feed({ ...portion, cause: 'elapsed_time', time: contractTime(2_000_000) });
    expect(store.food().lastCatchUp?.ageMs).toBe(1000);
    expect(store.food().lastElapsed?.ageMs).toBe(2_000_000);
    expect(store.food().lastSure).toBeNull();
  });

  it('lists what brought no food since the last that surely arrived', () => {
    const { store, feed } = make();
    store.close(missed(first, 5000));
    expect(store.food().missed).toEqual([
      { key: first.key, portionGrams: 20, dueAtMs: first.dueAtMs },
    ]);
    const portion = { occurrence: null, cause: 'person', portionGrams: 20 } as const;
    feed({ ...portion, servedLowGrams: 20, time: contractTime(6000) });
    expect(store.food().missed).toEqual([]);
    store.close(missed(second, 7000));
    expect(store.food().missed.map(({ key }) => key)).toEqual([second.key]);
  });

  it('counts a feeding without food as a miss, and what the owner left out as none', () => {
    const { store, feed } = make();
    feed({
      occurrence: first,
      cause: 'schedule',
      portionGrams: 20,
      servedLowGrams: 0,
      time: contractTime(1000),
    });
    store.close({ ...missed(second, 5000), verdict: 'skipped', rule: 'paused' });
    expect(store.food().missed.map(({ key }) => key)).toEqual([first.key]);
  });
}
