import type { ClockQuality, Feeding } from '@cat-feeder/shared';
import { DAY_MS, HOUR_MS } from '@cat-feeder/shared';
import { describe, expect, it } from 'vitest';
import { StockFigure } from './stock-figure.ts';

/** A feeder that served `grams` a day, `days` days back, newest first. */
function rig(days: number, grams: number) {
  const state = { quality: 'synchronized' as ClockQuality, monoMs: 0, reads: 0 };
  const wallMs = Date.UTC(2026, 5, 15);
  const feedings = Array.from({ length: days }, (_, back) => ({
    startedAtMs: wallMs - back * DAY_MS - HOUR_MS,
    dose: { likelyGrams: grams },
  })) as unknown as Feeding[];
  let tell: (event: { name: string }) => void = () => {};
  const stock = new StockFigure({
    journal: {
      list: ({ before = '0' }) => {
        state.reads += 1;
        const at = Number(before);
        // Pages of three, so that the walk has to turn them.
        const nextCursor = at + 3 < feedings.length ? String(at + 3) : null;
        return { items: feedings.slice(at, at + 3), total: feedings.length, nextCursor };
      },
    },
    time: {
      now: () => ({ wallMs, ageMs: 0, bootId: 'b', monoMs: state.monoMs, quality: state.quality }),
    },
    live: {
      subscribe: (listener) => {
        tell = listener as typeof tell;
        return () => {};
      },
    },
  });
  return { stock, state, feedings, tell: (name: string) => tell({ name }) };
}

describe('StockFigure', () => {
  it('divides by the mean of the last seven days', () => {
    expect(rig(30, 40).stock.daysLeft(1000)).toBe(25);
  });

  it('says nothing without a mass, a believed clock, a whole week, or any food served', () => {
    expect(rig(30, 40).stock.daysLeft(null)).toBeNull();
    expect(rig(6, 40).stock.daysLeft(1000)).toBeNull();
    expect(rig(0, 40).stock.daysLeft(1000)).toBeNull();
    expect(rig(30, 0).stock.daysLeft(1000)).toBeNull();
    const { stock, state } = rig(30, 40);
    state.quality = 'unknown';
    expect(stock.daysLeft(1000)).toBeNull();
  });

  it('looks again after a feeding and after an hour, and not at each question', () => {
    const { stock, state, tell } = rig(30, 40);
    stock.daysLeft(1000);
    const once = state.reads;
    stock.daysLeft(900);
    tell('reading');
    stock.daysLeft(900);
    expect(state.reads).toBe(once);
    tell('feeding');
    stock.daysLeft(900);
    expect(state.reads).toBe(2 * once);
    state.monoMs = HOUR_MS + 1;
    stock.daysLeft(900);
    expect(state.reads).toBe(3 * once);
  });
});
