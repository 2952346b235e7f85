import { describe, expect, it } from 'vitest';
import { VirtualClock } from '../platform/virtual-clock.ts';
import type { PresenceChange } from './presence.ts';
import { type StillBowl, type Visit, VisitBook } from './visits.ts';

function bookOf(grams: number | null) {
  const clock = new VirtualClock({ wallMs: 1000 });
  const visits: Visit[] = [];
  const bowl = { grams };
  const still = (): StillBowl | null =>
    bowl.grams === null ? null : { grams: bowl.grams, sigmaGrams: 0.3 };
  const book = new VisitBook({
    clock,
    wallMs: () => clock.wallMs(),
    bowl: still,
    onVisit: (visit) => visits.push(visit),
  });
  const go = (kind: PresenceChange['kind'], id = 'mia') =>
    book.changed({ kind, id, atMs: clock.monoMs() });
  return { clock, book, bowl, visits, go };
}

describe('VisitBook', () => {
  it('weighs what was eaten as soon as the bowl rests', () => {
    const { clock, bowl, visits, go } = bookOf(20);
    go('arrived');
    bowl.grams = null;
    clock.advance(60_000);
    go('left');
    clock.advance(6000);
    expect(visits).toEqual([]);
    bowl.grams = 12;
    clock.advance(2000);
    expect(visits).toMatchObject([{ startedMs: 1000, endedMs: 61_000, eaten: { grams: 8 } }]);
    expect(visits[0]?.eaten?.sigmaGrams).toBeCloseTo(0.42, 2);
    expect(clock.pendingNames()).toEqual([]);
  });

  it('gives the bowl half a minute, then tells the visit without what was eaten', () => {
    const { clock, bowl, visits, go } = bookOf(20);
    go('arrived');
    bowl.grams = null;
    go('out-of-sight');
    clock.advance(29_000);
    expect(visits).toEqual([]);
    clock.advance(1000);
    expect(visits).toMatchObject([{ eaten: null }]);
  });

  it('guesses nothing when food fell, two were there, or a hand added food', () => {
    const fell = bookOf(20);
    fell.go('arrived');
    fell.book.foodMoved();
    fell.go('left');
    expect(fell.visits).toMatchObject([{ eaten: null }]);
    const two = bookOf(20);
    two.go('arrived', 'mia');
    two.go('arrived', 'tom');
    two.go('left', 'mia');
    two.go('left', 'tom');
    two.clock.advance(60_000);
    expect(two.visits).toMatchObject([{ eaten: null }, { eaten: null }]);
    const hand = bookOf(20);
    hand.go('arrived');
    hand.go('left');
    hand.bowl.grams = 30;
    hand.clock.advance(2000);
    expect(hand.visits).toMatchObject([{ eaten: null }]);
  });

  it('tells a visit once when the next begins before the bowl rests, and after close nothing', () => {
    const { clock, book, bowl, visits, go } = bookOf(20);
    go('arrived', 'mia');
    bowl.grams = null;
    go('left', 'mia');
    go('arrived', 'tom');
    expect(visits).toMatchObject([{ eaten: null }]);
    book.close();
    clock.advance(60_000);
    expect(visits).toHaveLength(1);
    expect(clock.pendingNames()).toEqual([]);
  });

  it('takes an end without a beginning for nothing', () => {
    const { visits, go } = bookOf(20);
    go('left');
    expect(visits).toEqual([]);
  });
});
