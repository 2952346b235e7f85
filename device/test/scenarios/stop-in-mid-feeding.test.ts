import { expect, test } from 'vitest';
import { VirtualFeeder } from './virtual-feeder.ts';

test.each([0, 200, 1000, 2500, 4000, 6000, 9000, 12_000])(
  'A-55, FMEA-10 asked to stop %i ms into a feeding: motor off, record truthful, done in time',
  async (afterMs) => {
    const feeder = await VirtualFeeder.start();
    const { id } = await feeder.feed(20);
    await feeder.pass(afterMs);
    const askedMs = feeder.clock.monoMs();
    await feeder.stop();
    expect(feeder.clock.monoMs() - askedMs).toBeLessThanOrEqual(5000);
    expect(feeder.world.truth().isMotorOn).toBe(false);
    await feeder.pass(5000);
    const landed = feeder.landed();
    await feeder.powerUp();
    await feeder.passUntilIdle();
    const feeding = await feeder.feeding(id);
    expect(feeding.state).toBe('done');
    expect(landed).toBeGreaterThanOrEqual((feeding.dose?.lowGrams ?? 99) - 0.3);
    expect(landed).toBeLessThanOrEqual((feeding.dose?.highGrams ?? 0) + 0.3);
    await feeder.pass(60_000);
    expect(feeder.landed()).toBe(landed);
  },
);
