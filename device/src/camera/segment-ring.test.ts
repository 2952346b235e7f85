import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Segment } from './capture.ts';
import { byFormat, EDGE_MS, SegmentRing, startedMs } from './segment-ring.ts';

const segment = (endedMonoMs: number, more: Partial<Segment> = {}): Segment => ({
  path: `at ${endedMonoMs}`,
  bytes: 100,
  durationMs: 1000,
  endedMonoMs,
  endedWallMs: endedMonoMs,
  format: 'a',
  ...more,
});

function ringOf(ends: readonly number[], bytesMax = 10_000) {
  const gone: string[] = [];
  const ring = new SegmentRing({ bytesMax, discard: ({ path }) => gone.push(path) });
  for (const end of ends) ring.add(segment(end));
  return { ring, gone };
}

describe('the ring of segments', () => {
  it('covers a window with whole segments', () => {
    const { ring } = ringOf([1000, 2000, 3000, 4000, 5000]);
    const { segments, gapMs } = ring.cover(1500, 4000);
    expect(segments.map(({ endedMonoMs }) => endedMonoMs)).toEqual([2000, 3000, 4000]);
    expect(gapMs).toBe(0);
  });

  it('leaves out what would show more beside the window than of it', () => {
    const { ring } = ringOf([1000, 2000, 3000, 4000]);
    expect(ring.cover(1800, 3200).segments.map(startedMs)).toEqual([2000]);
    expect(ring.cover(1700, 3300).segments.map(startedMs)).toEqual([1000, 2000, 3000]);
    // A window within one segment is shown by it, however short.
    expect(ring.cover(2900, 2950).segments.map(startedMs)).toEqual([2000]);
  });

  it('misses an edge by less than a segment, and shows each of two windows’ border in one', () => {
    const lengths = fc.array(fc.integer({ min: 40, max: 1200 }), { minLength: 12, maxLength: 20 });
    const share = fc.double({ min: 0.1, max: 0.9, noNaN: true });
    fc.assert(
      fc.property(lengths, share, (durations, at) => {
        const { ring } = ringOf([]);
        let endMs = 0;
        for (const durationMs of durations) {
          endMs += durationMs;
          ring.add(segment(endMs, { durationMs }));
        }
        const borderMs = endMs * at;
        const first = ring.cover(0, borderMs).segments;
        const lastMs = first.at(-1)?.endedMonoMs ?? 0;
        const longestMs = Math.max(...durations);
        expect(Math.abs(lastMs - borderMs)).toBeLessThan(
          Math.max(longestMs - EDGE_MS, EDGE_MS) + 1,
        );
        const second = ring.cover(Math.max(borderMs, lastMs), endMs).segments;
        expect([...first, ...second]).toHaveLength(durations.length);
      }),
    );
  });

  it('tells what nobody shows: before the first, in a break, after the last', () => {
    const { ring } = ringOf([2000, 3000, 7000]);
    expect(ring.cover(0, 8000).gapMs).toBe(1000 + 3000 + 1000);
    expect(ring.cover(20_000, 21_000)).toEqual({ segments: [], gapMs: 1000 });
  });

  it('takes no joint for a break', () => {
    const { ring } = ringOf([1000, 2030, 3010, 4200]);
    expect(ring.cover(0, 4200).gapMs).toBe(0);
  });

  it('forgets what is not needed any more, and only that', () => {
    const { ring, gone } = ringOf([1000, 2000, 3000]);
    ring.trim(2000);
    expect(gone).toEqual(['at 1000', 'at 2000']);
    expect(ring.endedMs).toBe(3000);
  });

  it('splits where the format changes', () => {
    const mixed = [segment(1), segment(2), segment(3, { format: 'b' }), segment(4)];
    expect(byFormat(mixed).map((run) => run.length)).toEqual([2, 1, 1]);
    expect(byFormat([])).toEqual([]);
  });

  it('never holds more than its bound, and discards each segment once', () => {
    const step = fc.record({ bytes: fc.integer({ min: 1, max: 900 }), trim: fc.boolean() });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
        const { ring, gone } = ringOf([], 2000);
        for (const [index, { bytes, trim }] of steps.entries()) {
          ring.add(segment((index + 1) * 1000, { bytes }));
          if (trim) ring.trim(index * 1000 - 3000);
          expect(ring.bytes).toBeLessThanOrEqual(2000);
        }
        expect(new Set(gone).size).toBe(gone.length);
        expect(ring.count + gone.length).toBe(steps.length);
        const held = ring.cover(Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY).segments;
        expect(held.map(startedMs)).toEqual([...held.map(startedMs)].sort((a, b) => a - b));
      }),
    );
  });
});
