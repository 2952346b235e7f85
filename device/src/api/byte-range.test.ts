import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { rangeOf, UnsatisfiableRange } from './byte-range.ts';

describe('a range of bytes', () => {
  it.each([
    ['bytes=0-0', 10, [0, 1]],
    ['bytes=0-9', 10, [0, 10]],
    ['bytes=4-', 10, [4, 6]],
    ['bytes=-3', 10, [7, 3]],
    ['bytes=-30', 10, [0, 10]],
    ['bytes=2-999999999999999', 10, [2, 8]],
    [' bytes=9- ', 10, [9, 1]],
    ['bytes=5368709110-', 5_368_709_120, [5_368_709_110, 10]],
  ])('%s of %i bytes', (header, size, [fromByte, byteCount]) => {
    expect(rangeOf(header, size)).toEqual({ fromByte, byteCount });
  });

  it.each([null, '', 'bytes=', 'bytes=-', 'bytes=5-4', 'bytes=0-1,3-4', 'items=0-1', 'bytes=a-b'])(
    'is all of it for %j',
    (header) => {
      expect(rangeOf(header, 10)).toBeNull();
    },
  );

  it.each([
    ['bytes=10-', 10],
    ['bytes=11-20', 10],
    ['bytes=-0', 10],
    ['bytes=0-', 0],
    ['bytes=-5', 0],
  ])('%s of %i bytes is not there', (header, size) => {
    expect(() => rangeOf(header, size)).toThrow(UnsatisfiableRange);
  });

  it('never leaves the file, whatever is asked', () => {
    const text = fc.oneof(fc.string(), fc.stringMatching(/^bytes=\d{0,16}-\d{0,16}$/));
    fc.assert(
      fc.property(text, fc.nat(1000), (header, size) => {
        try {
          const span = rangeOf(header, size);
          if (span === null) return;
          expect(span.byteCount).toBeGreaterThan(0);
          expect(span.fromByte + span.byteCount).toBeLessThanOrEqual(size);
        } catch (error) {
          expect(error).toBeInstanceOf(UnsatisfiableRange);
        }
      }),
    );
  });
});
