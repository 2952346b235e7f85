import type { Feeding } from '@cat-feeder/shared';
import { describe, expect, test } from 'vitest';
import type { SimulatedPanel } from '../support/simulated-panel.ts';
import { VirtualFeeder } from './virtual-feeder.ts';

/** A feeder with everything wired around its dispenser. */
export async function wiredFeeder(
  buttonGrams = 5,
): Promise<{ feeder: VirtualFeeder; panel: SimulatedPanel }> {
  const feeder = await VirtualFeeder.start({ buttonGrams });
  if (feeder.panel === null) throw new TypeError('The panel is not wired.');
  return { feeder, panel: feeder.panel };
}

const feedings = async (feeder: VirtualFeeder) =>
  ((await feeder.ask('GET', '/feedings')).data as { items: Feeding[] }).items;

describe('the front button', () => {
  test('feeds the portion of the profile through the one feed service', async () => {
    const { feeder, panel } = await wiredFeeder(5);
    panel.button.press('press');
    await feeder.passUntilIdle();
    const [fed] = await feedings(feeder);
    expect(fed).toMatchObject({ cause: 'button', portionGrams: 5, result: 'served' });
    expect(fed?.requestId).toMatch(/^button:[0-9a-z]{26}$/);
    expect(feeder.landed()).toBeGreaterThan(3);
    // The next one comes too soon for the rule that every feeding by hand keeps.
    panel.button.press('press');
    await feeder.pass(100);
    expect(feeder.ledger('feeding.refused').at(-1)?.body).toMatchObject({
      cause: 'button',
      rule: 'min_gap',
    });
    expect(panel.sounder.playing).toBe('fault');
  });

  test('is refused in quiet hours, and by the caps', async () => {
    const { feeder, panel } = await wiredFeeder(5);
    await feeder.ask('PATCH', '/settings', { quietHours: { from: '00:00', to: '23:59' } });
    panel.button.press('press');
    await feeder.pass(60_000);
    expect(feeder.landed()).toBe(0);
    expect(feeder.ledger('feeding.refused').at(-1)?.body).toMatchObject({ rule: 'quiet_hours' });
    const opened = await feeder.ask('PATCH', '/settings', {
      quietHours: null,
      feedingGramsMax: 12,
      hourGramsMax: 12,
      dayGramsMax: 12,
    });
    expect(opened).toMatchObject({ status: 200 });
    for (let press = 0; press < 5; press++) {
      panel.button.press('press');
      await feeder.passUntilIdle();
      await feeder.pass(30_000);
    }
    expect(feeder.landed()).toBeLessThan(13);
    expect(feeder.ledger('feeding.refused').at(-1)?.body).toMatchObject({ rule: 'cap_hour' });
  });

  test('stops a feeding that runs by a long press, with what fell on record', async () => {
    const { feeder, panel } = await wiredFeeder(0);
    panel.button.press('press');
    await feeder.pass(1000);
    expect(await feedings(feeder)).toEqual([]);
    const { id } = await feeder.feed(40);
    await feeder.pass(8000);
    panel.button.press('long');
    await feeder.passUntilIdle();
    const stopped = await feeder.feeding(id);
    expect(stopped.result).toBe('cancelled');
    expect(stopped.dose?.highGrams).toBeGreaterThanOrEqual(feeder.landed() - 0.5);
    expect(feeder.landed()).toBeLessThan(39);
  });
});
