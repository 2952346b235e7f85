import type { BowlReading } from '@cat-feeder/shared';
import { expect, it } from 'vitest';
import { VirtualClock } from '../platform/virtual-clock.ts';
import { FIRST_READING_MS_MAX, FirstReading } from './first-reading.ts';

const nothing: BowlReading = { grams: null, sigmaGrams: 0, state: 'moving', ageMs: 0 };

function started() {
  const clock = new VirtualClock({ wallMs: 0 });
  const scale = { reading: nothing };
  const first = new FirstReading({ bowl: () => scale.reading, clock });
  const state = { isOver: false };
  const wait = () =>
    void first.known().then(() => {
      state.isOver = true;
    });
  const pass = async (ms: number) => {
    clock.advance(ms);
    for (let i = 0; i < 5; i++) await Promise.resolve();
  };
  return { clock, scale, first, state, wait, pass };
}

it.each<[string, Partial<BowlReading>]>([
  ['a reading', { grams: 3 }],
  ['silence', { state: 'silent' }],
  ['a load beyond its range', { state: 'saturated' }],
])('waits for %s, and no longer', async (_, word) => {
  const { first, scale, state, wait, pass } = started();
  wait();
  await pass(1000);
  expect([first.isKnown(), state.isOver]).toEqual([false, false]);
  scale.reading = { ...nothing, ...word };
  await pass(100);
  expect([first.isKnown(), state.isOver]).toEqual([true, true]);
});

it('gives up at its bound, for everybody, and leaves no timer behind', async () => {
  const { clock, first, state, wait, pass } = started();
  wait();
  wait();
  await pass(FIRST_READING_MS_MAX - 1);
  expect(state.isOver).toBe(false);
  await pass(1);
  expect([first.isKnown(), state.isOver]).toEqual([true, true]);
  expect(clock.nextDueMs()).toBeUndefined();
});

it('lets whoever waits go at a stop', async () => {
  const { clock, first, state, wait, pass } = started();
  wait();
  first.close();
  await pass(0);
  expect(state.isOver).toBe(true);
  expect(clock.nextDueMs()).toBeUndefined();
});

it('is about the start alone: a scale that is tared later is not waited for again', async () => {
  const { first, scale } = started();
  scale.reading = { ...nothing, grams: 1 };
  expect(first.isKnown()).toBe(true);
  scale.reading = nothing;
  expect(first.isKnown()).toBe(true);
});
