import { describe, expect, it } from 'vitest';
import { addReading, emptyTrace, TRACE_WINDOW_MS, type WeightTrace } from './weight-trace.ts';

function traceOf(points: readonly (readonly [number, number | null])[]): WeightTrace {
  return points.reduce((trace, [atMs, grams]) => addReading(trace, atMs, grams), emptyTrace);
}

describe('the trace of the bowl', () => {
  it('keeps readings in order', () => {
    expect(
      traceOf([
        [0, 1],
        [200, 2],
      ]),
    ).toEqual({ atMs: [0, 200], grams: [1, 2] });
  });

  it('breaks the line at a silence instead of bridging it', () => {
    expect(
      traceOf([
        [0, 1],
        [9_000, 2],
      ]).grams,
    ).toEqual([1, null, 2]);
  });

  it('breaks the line where the scale says nothing', () => {
    expect(
      traceOf([
        [0, 1],
        [200, null],
        [400, 2],
      ]).grams,
    ).toEqual([1, null, 2]);
  });

  it('forgets what is older than the window', () => {
    const trace = traceOf([
      [0, 1],
      [1_000, 2],
      [TRACE_WINDOW_MS + 500, 3],
    ]);
    expect(trace.atMs[0]).toBe(1_000);
  });

  it('stays small under readings without end', () => {
    const points = Array.from({ length: 5_000 }, (_, i) => [i * 20, i] as const);
    expect(traceOf(points).atMs.length).toBeLessThanOrEqual(1_200);
  });

  it('leaves out a reading that is not newer', () => {
    expect(
      traceOf([
        [200, 1],
        [200, 2],
      ]).grams,
    ).toEqual([1]);
  });
});
