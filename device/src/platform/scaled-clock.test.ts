import { expect, it } from 'vitest';
import { ScaledClock } from './scaled-clock.ts';
import { VirtualClock } from './virtual-clock.ts';

it('ScaledClock runs faster, timers included', () => {
  const inner = new VirtualClock({ wallMs: 5_000_000, monoMs: 1000 });
  const clock = new ScaledClock(inner, 10);
  let firedAtMs = 0;
  clock.after('test', 500, () => {
    firedAtMs = clock.monoMs();
  });
  inner.advance(49);
  expect(firedAtMs).toBe(0);
  inner.advance(1);
  expect(firedAtMs).toBe(1500);
  expect(clock.wallMs()).toBe(5_000_500);
});
