import { describe, expect, it } from 'vitest';
import { Places } from './places.ts';

describe('places', () => {
  it('are as many as a name may have, and of no other name', () => {
    const places = new Places();
    const leave = places.take('a', 2);
    expect(places.take('a', 2)).not.toBe(null);
    expect(places.take('a', 2)).toBe(null);
    expect(places.take('b', 1)).not.toBe(null);
    leave?.();
    leave?.();
    expect(places.take('a', 2)).not.toBe(null);
    expect(places.take('a', 2)).toBe(null);
  });

  it('leave nothing behind', () => {
    const places = new Places();
    for (let n = 0; n < 100; n++) places.take(`n${n}`, 1)?.();
    expect(places.names).toBe(0);
  });
});
