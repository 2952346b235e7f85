import { type Clip, type ClipRank, DAY_MS } from '@cat-feeder/shared';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { clipOf } from '../../test/support/clip-fixtures.ts';
import { planRetention, type RetentionLimits } from './clip-retention.ts';

const NOW = 1_800_000_000_000;
const limits: RetentionLimits = { quotaBytes: 1000, freeBytesMin: 500, daysMax: 30 };
const roomy = { usedBytes: 0, freeBytes: 1e9, neededBytes: 0 };
const goes = (clips: readonly Clip[], room = roomy, nowMs: number | null = NOW) =>
  planRetention(clips, room, limits, nowMs).evictions.map(({ id, reason }) => `${id} ${reason}`);

describe('what goes when room is needed', () => {
  const clips = [
    clipOf({ id: '1', rank: 'failed_feeding', startedMs: NOW - 9 }),
    clipOf({ id: '2', rank: 'feeding', startedMs: NOW - 8 }),
    clipOf({ id: '3', rank: 'visit', startedMs: NOW - 7, keep: true }),
    clipOf({ id: '4', rank: 'failed_feeding', startedMs: NOW - 6, sentAtMs: NOW }),
    clipOf({ id: '5', rank: 'visit', startedMs: NOW - 5 }),
    clipOf({ id: '6', rank: 'visit', startedMs: NOW - 4, sentAtMs: NOW }),
    clipOf({ id: '7', rank: 'visit', startedMs: NOW - 3 }),
  ];

  it('is sent before unsent, visits before feedings before failed ones, old before young', () => {
    const order = goes(clips, { ...roomy, usedBytes: 1600, neededBytes: 0 });
    expect(order).toEqual(['6', '4', '5', '7', '2', '1'].map((id) => `${id} quota`));
  });

  it('is nothing while there is room', () => {
    expect(goes(clips, { ...roomy, usedBytes: 700, neededBytes: 300 })).toEqual([]);
  });

  it('FMEA-47 is a clip when the disk has less free than is left to others', () => {
    expect(goes(clips, { ...roomy, freeBytes: 401 })).toEqual(['6 free_space']);
  });

  it('is what is too old, unless nobody knows the time', () => {
    const old = [clipOf({ id: '1', startedMs: NOW - 31 * DAY_MS }), ...clips];
    expect(goes(old)).toEqual(['1 age']);
    expect(goes(old, roomy, null)).toEqual([]);
  });

  it('is nothing for a clip that does not fit all the same', () => {
    const plan = planRetention(clips, { ...roomy, usedBytes: 700, neededBytes: 2000 }, limits, NOW);
    expect(plan).toEqual({ evictions: [], fits: false });
  });

  it('FMEA-60 is nothing for a limit that would not be met though all went', () => {
    const wiped = { ...limits, freeBytesMin: 1e12 };
    expect(planRetention(clips, roomy, wiped, NOW)).toEqual({ evictions: [], fits: false });
    // The other limit still holds.
    const over = { ...roomy, usedBytes: 1100 };
    expect(planRetention(clips, over, wiped, NOW)).toEqual({
      evictions: [{ id: '6', reason: 'quota' }],
      fits: false,
    });
    const kept = clips.map((clip) => ({ ...clip, keep: true }));
    expect(planRetention(kept, over, limits, NOW)).toEqual({ evictions: [], fits: false });
  });
});

const anyClip = fc.record({
  rank: fc.constantFrom<ClipRank>('visit', 'feeding', 'failed_feeding'),
  keep: fc.boolean(),
  isSent: fc.boolean(),
  bytes: fc.integer({ min: 1, max: 400 }),
  ageDays: fc.integer({ min: 0, max: 60 }),
});

describe('whatever is there', () => {
  it('FMEA-60 clips to keep stay, and what is written fits when the plan says so', () => {
    fc.assert(
      fc.property(
        fc.array(anyClip, { maxLength: 30 }),
        fc.integer({ min: 0, max: 1200 }),
        (some, neededBytes) => {
          const clips = some.map(({ rank, keep, isSent, bytes, ageDays }, index) =>
            clipOf({
              id: String(index).padStart(3, '0'),
              ...{ rank, keep, bytes, sentAtMs: isSent ? NOW : null },
              startedMs: NOW - ageDays * DAY_MS,
            }),
          );
          const usedBytes = clips.reduce((sum, { bytes }) => sum + bytes, 0);
          const plan = planRetention(clips, { ...roomy, usedBytes, neededBytes }, limits, NOW);
          const gone = new Set(plan.evictions.map(({ id }) => id));
          expect(gone.size).toBe(plan.evictions.length);
          const left = clips.filter(({ id }) => !gone.has(id));
          expect(clips.every(({ id, keep }) => !keep || !gone.has(id))).toBe(true);
          const leftBytes = left.reduce((sum, { bytes }) => sum + bytes, 0);
          if (plan.fits) expect(leftBytes + neededBytes).toBeLessThanOrEqual(limits.quotaBytes);
          // A failed feeding that is here only goes last of all.
          const unsentFailed = plan.evictions.filter(({ id, reason }) => {
            const clip = clips.find((one) => one.id === id);
            return reason === 'quota' && clip?.rank === 'failed_feeding' && clip.sentAtMs === null;
          });
          if (unsentFailed.length > 0) {
            expect(
              left.every(
                ({ keep, rank, sentAtMs }) =>
                  keep || (rank === 'failed_feeding' && sentAtMs === null),
              ),
            ).toBe(true);
          }
        },
      ),
    );
  });
});
