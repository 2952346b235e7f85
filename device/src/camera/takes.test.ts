import type { ClipVisit } from '@cat-feeder/shared';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { feedingOf } from '../../test/support/clip-fixtures.ts';
import {
  EVENT_MS_MAX,
  fetchEnded,
  isOfNoUse,
  nextTakes,
  noTakes,
  rankOf,
  type Take,
  type TakeEvent,
  type TakeLimits,
  type Takes,
} from './takes.ts';

const limits: TakeLimits = { preRollMs: 5000, postRollMs: 3000, clipMs: 60_000 };
const visit: ClipVisit = { startedMs: 1_700_000_000_000, endedMs: 1_700_000_010_000, petId: 'p' };
const began = (id: string): TakeEvent => ({ kind: 'feeding began', feeding: feedingOf({ id }) });
const ended = (id: string, result: 'served' | 'failed' | 'cancelled' = 'served'): TakeEvent => ({
  kind: 'feeding ended',
  feeding: feedingOf({ id, state: 'done', result }),
});

/** All takes that come of a story, which ends much later. */
function takesOf(story: readonly (readonly [number, TakeEvent])[]): readonly Take[] {
  let takes: Takes = noTakes;
  for (const [atMs, event] of story) takes = nextTakes(takes, event, atMs, limits);
  return fetchEnded(nextTakes(takes, { kind: 'tick' }, 10_000_000, limits)).ended;
}
const windows = (takes: readonly Take[]) => takes.map(({ fromMs, untilMs }) => [fromMs, untilMs]);

describe('takes', () => {
  it('show an event with the time before and after it', () => {
    const [take, ...others] = takesOf([
      [100_000, began('a')],
      [108_000, ended('a')],
    ]);
    expect(take).toMatchObject({ fromMs: 95_000, untilMs: 111_000, continues: null });
    expect(others).toEqual([]);
  });

  it('are one for events that overlap, or whose post-roll does', () => {
    const takes = takesOf([
      [100_000, began('a')],
      [104_000, { kind: 'visit began' }],
      [108_000, ended('a')],
      [110_000, { kind: 'visit ended' }],
      [110_000, { kind: 'visit recorded', visit }],
      [112_500, began('b')],
      [114_000, ended('b')],
    ]);
    expect(windows(takes)).toEqual([[95_000, 117_000]]);
    expect(takes[0]?.feedings.map(({ id }) => id)).toEqual(['a', 'b']);
    expect(takes[0]?.visits).toEqual([visit]);
  });

  it('go on from the last one when only the pre-roll reaches into it', () => {
    const takes = takesOf([
      [100_000, began('a')],
      [101_000, ended('a')],
      [106_000, began('b')],
      [107_000, ended('b')],
    ]);
    expect(windows(takes)).toEqual([
      [95_000, 104_000],
      [104_000, 110_000],
    ]);
    expect(takes[1]?.continues).toBe(0);
  });

  it('FMEA-58 are cut when they are longer than a clip may be', () => {
    const takes = takesOf([
      [100_000, began('a')],
      [230_000, ended('a')],
    ]);
    expect(windows(takes)).toEqual([
      [95_000, 155_000],
      [155_000, 215_000],
      [215_000, 233_000],
    ]);
    expect(takes.map(({ continues }) => continues)).toEqual([null, 0, 1]);
    expect(takes.map(rankOf)).toEqual(['failed_feeding', 'failed_feeding', 'feeding']);
  });

  it('are cut when the ring can hold no more, and go on there', () => {
    const takes = takesOf([
      [100_000, began('a')],
      [103_000, { kind: 'full', atMs: 102_500 }],
      [108_000, ended('a')],
      [112_000, { kind: 'full', atMs: 111_500 }],
    ]);
    expect(windows(takes)).toEqual([
      [95_000, 102_500],
      [102_500, 111_000],
    ]);
    expect(takes.map(({ continues }) => continues)).toEqual([null, 0]);
  });

  it('end by themselves when the end of an event is missed', () => {
    const takes = takesOf([[100_000, { kind: 'visit began' }]]);
    const last = takes.at(-1);
    expect(last?.untilMs).toBe(100_000 + EVENT_MS_MAX + limits.postRollMs);
  });

  it('know what a clip is worth', () => {
    const rank = (result: 'served' | 'failed') => {
      const takes = takesOf([
        [0, began('a')],
        [1000, ended('a', result)],
      ]);
      return takes.map(rankOf);
    };
    expect(rank('served')).toEqual(['feeding']);
    expect(rank('failed')).toEqual(['failed_feeding']);
    expect(
      takesOf([
        [0, { kind: 'visit began' }],
        [9, { kind: 'visit ended' }],
        [9, { kind: 'visit recorded', visit }],
      ]).map(rankOf),
    ).toEqual(['visit']);
  });

  it('are of no use for a feeding that a person stopped before any food fell', () => {
    const story = (more: readonly (readonly [number, TakeEvent])[]) =>
      takesOf([[0, began('a')], ...more, [1000, ended('a', 'cancelled')]]).map(isOfNoUse);
    expect(story([])).toEqual([true]);
    expect(
      story([
        [500, { kind: 'visit began' }],
        [600, { kind: 'visit ended' }],
        [600, { kind: 'visit recorded', visit }],
      ]),
    ).toEqual([false]);
    expect(
      isOfNoUse({
        ...takeOf(),
        feedings: [
          feedingOf({
            result: 'cancelled',
            dose: { lowGrams: 2, likelyGrams: 3, highGrams: 4, method: 'measured' },
          }),
        ],
      }),
    ).toBe(false);
    expect(
      isOfNoUse({ ...takeOf(), feedings: [feedingOf({ result: 'cancelled', fault: 'jam' })] }),
    ).toBe(false);
  });

  it('keep or lose what was seen when the camera may look no longer', () => {
    const story = (isKept: boolean) =>
      windows(
        takesOf([
          [100_000, began('a')],
          [102_000, { kind: 'private', isKept }],
          [103_000, ended('a')],
        ]),
      );
    expect(story(true)).toEqual([[95_000, 102_000]]);
    expect(story(false)).toEqual([]);
  });
});

function takeOf(): Take {
  const [take] = takesOf([
    [0, began('x')],
    [1, ended('x')],
  ]);
  if (take === undefined) throw new Error('no take');
  return take;
}

const ids = fc.constantFrom('a', 'b', 'c');
const anyEvent: fc.Arbitrary<TakeEvent> = fc.oneof(
  ids.map(began),
  ids.map((id) => ended(id)),
  fc.constantFrom<TakeEvent>(
    { kind: 'visit began' },
    { kind: 'visit ended' },
    { kind: 'visit recorded', visit },
    { kind: 'tick' },
  ),
  fc.integer({ min: 0, max: 3_600_000 }).map((atMs): TakeEvent => ({ kind: 'full', atMs })),
  fc.boolean().map((isKept): TakeEvent => ({ kind: 'private', isKept })),
);
const anyStory = fc.array(fc.tuple(fc.integer({ min: 0, max: 90_000 }), anyEvent), {
  maxLength: 40,
});

describe('whatever happens, takes', () => {
  it('T1 do not overlap and T2 are no longer than a clip', () => {
    fc.assert(
      fc.property(anyStory, (steps) => {
        let atMs = 0;
        const story = steps.map(([afterMs, event]) => {
          atMs += afterMs;
          return [atMs, event] as const;
        });
        const takes = takesOf(story);
        let lastUntilMs = Number.NEGATIVE_INFINITY;
        for (const { fromMs, untilMs } of takes) {
          expect(fromMs).toBeGreaterThanOrEqual(lastUntilMs);
          expect((untilMs ?? Number.NaN) - fromMs).toBeLessThanOrEqual(limits.clipMs);
          lastUntilMs = untilMs ?? Number.NaN;
        }
      }),
    );
  });

  it('T3 show every moment from pre-roll to post-roll of an event that nothing interrupts', () => {
    const lengths = fc.integer({ min: 0, max: EVENT_MS_MAX });
    fc.assert(
      fc.property(lengths, fc.integer({ min: 0, max: 20_000 }), (lengthMs, gapMs) => {
        const takes = takesOf([
          [100_000, began('a')],
          [100_000 + lengthMs, ended('a')],
          [100_000 + lengthMs + gapMs, began('b')],
          [100_500 + lengthMs + gapMs, ended('b')],
        ]);
        const shows = (ms: number) => takes.some((t) => t.fromMs <= ms && ms <= (t.untilMs ?? 0));
        const ends = 100_000 + lengthMs;
        for (const ms of [95_000, 100_000, ends, ends + 3000, ends + gapMs, ends + gapMs + 3500]) {
          expect(shows(ms)).toBe(true);
        }
      }),
    );
  });
});
