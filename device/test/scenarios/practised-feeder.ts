import { expect } from 'vitest';
import { VirtualFeeder } from './virtual-feeder.ts';

export const HOUR_MS = 3_600_000;
/** From the start of a practised feeder to its breakfast at 08:00, not less than this. */
export const TO_BREAKFAST_MS = 2 * HOUR_MS;
export const BREAKFAST_GRAMS = 15;

/** A feeder that knows its kibble from four feedings and has one meal a day, at 08:00. */
export async function practisedFeeder(
  profile: object = {},
): Promise<{ feeder: VirtualFeeder; before: number }> {
  const feeder = await VirtualFeeder.start({ profile });
  await feeder.ask('POST', '/meals', {
    name: 'Breakfast',
    time: '08:00',
    portionGrams: BREAKFAST_GRAMS,
  });
  for (let i = 0; i < 4; i++) {
    await feeder.feedToEnd(10);
    await feeder.pass(20_000);
  }
  return { feeder, before: feeder.landed() };
}

/** Holds a feeding to what the model knows: the true mass lies in the booked interval. */
export async function expectTrueDose(
  feeder: VirtualFeeder,
  feedingId: string | null | undefined,
  landedGrams: number,
): Promise<void> {
  const { dose } = await feeder.feeding(feedingId ?? '');
  expect(dose?.lowGrams).toBeLessThanOrEqual(landedGrams);
  expect(dose?.highGrams).toBeGreaterThanOrEqual(landedGrams);
}
