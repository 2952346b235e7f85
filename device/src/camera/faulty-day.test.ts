import { describe, expect, it } from 'vitest';
import { faultyDay } from '../../test/support/camera-day.ts';

describe('a day with 200 faults', () => {
  it.each(['one', 'two'])(
    'FMEA-55 leaves a camera that works and whole clips (%s)',
    async (seed) => {
      const day = await faultyDay({ seed, faults: 200 });
      expect(Object.values(day.injected).reduce((sum, count) => sum + count, 0)).toBe(200);
      expect(day.clipsMade).toBeGreaterThan(60);
      expect(day.childrenStarted).toBeGreaterThan(60);
      expect(day.secondsSeen).toBeGreaterThan(20 * 3600);
      expect(day).toMatchObject({
        orphans: 0,
        corruptClips: 0,
        unknownFiles: 0,
        quotaExceededBytes: 0,
        ringExceededBytes: 0,
        finalState: 'running',
      });
    },
    60_000,
  );
});
