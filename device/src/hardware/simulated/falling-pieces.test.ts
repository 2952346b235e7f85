import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FallingPieces } from './falling-pieces.ts';

describe('falling pieces', () => {
  it('land in order of time, each with its own mass, however they were added and taken', () => {
    const step = fc.oneof(fc.integer({ min: 1, max: 5000 }), fc.constant('take' as const));
    fc.assert(
      fc.property(fc.array(step, { maxLength: 400 }), (steps) => {
        const falling = new FallingPieces();
        const expected: number[] = [];
        for (const next of [...steps, ...steps.map(() => 'take' as const)]) {
          if (next !== 'take') {
            falling.add(next, next / 1000);
            expected.push(next);
          } else if (expected.length > 0) {
            expected.sort((a, b) => a - b);
            const first = expected.shift() ?? 0;
            expect(falling.nextMs).toBe(first);
            expect(falling.take()).toBe(first / 1000);
          }
          const total = expected.reduce((sum, landAtMs) => sum + landAtMs / 1000, 0);
          expect(falling.totalGrams).toBeCloseTo(total, 6);
        }
        expect(falling.nextMs).toBe(Number.POSITIVE_INFINITY);
      }),
    );
  });
});
