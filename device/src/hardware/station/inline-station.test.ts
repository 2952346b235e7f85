import { describe, expect, it } from 'vitest';
import { feedStationContract } from '../../../test/contracts/feed-station.ts';
import { openStationRig as openRig } from '../../../test/support/station-rig.ts';
import type { Sample } from '../../weighing/sample.ts';

feedStationContract('the inline station', () => Promise.resolve(openRig()));

describe('the inline station', () => {
  it('FMEA-06 waits with the motor off while the main thread gives no permission', async () => {
    let isAlive = true;
    const rig = openRig({ permission: () => isAlive });
    const order = {
      feedingId: 'f1',
      portionGrams: 40,
      gramsMax: 45,
      model: rig.model,
      openLoop: false,
    };
    const running = rig.station.dispense(order, () => {});
    await rig.pass(4000);
    expect(rig.isMotorOn()).toBe(true);
    isAlive = false;
    await rig.pass(200);
    expect(rig.isMotorOn()).toBe(false);
    await rig.pass(5000);
    expect(rig.isMotorOn()).toBe(false);
    isAlive = true;
    const outcome = await rig.settle(running);
    expect(outcome.result).toBe('served');
    await rig.station.close();
  });

  it('FMEA-06 ends the run when the permission does not come back', async () => {
    let isAlive = true;
    const rig = openRig({ permission: () => isAlive });
    const running = rig.station.dispense(
      { feedingId: 'f1', portionGrams: 40, gramsMax: 45, model: rig.model, openLoop: false },
      () => {},
    );
    await rig.pass(4000);
    isAlive = false;
    const outcome = await rig.settle(running);
    expect(outcome).toMatchObject({ result: 'short', fault: 'controller_lost' });
    await rig.station.close();
  });

  it('ends a run on a board that delivers nothing any more, without turning on', async () => {
    let isDelivering = true;
    const rig = openRig({
      board: (board) => ({
        ...board,
        drive: board.drive,
        traits: board.traits,
        setMode: (mode) => board.setMode(mode),
        close: () => board.close(),
        onSamples: (listener) =>
          board.onSamples((batch: readonly Sample[]) => {
            if (isDelivering) listener(batch);
          }),
      }),
    });
    const running = rig.station.dispense(
      { feedingId: 'f1', portionGrams: 40, gramsMax: 45, model: rig.model, openLoop: false },
      () => {},
    );
    await rig.pass(4000);
    isDelivering = false;
    await rig.pass(300);
    const silentFrom = rig.slices.length;
    expect(rig.isMotorOn()).toBe(false);
    const outcome = await rig.settle(running);
    expect(outcome.result).toBe('short');
    expect(rig.slices.length).toBe(silentFrom);
    await rig.station.close();
  });

  it('FMEA-04 waits while the supply sags and goes on when it is back', async () => {
    const rig = openRig();
    const running = rig.station.dispense(
      { feedingId: 'f1', portionGrams: 20, gramsMax: 25, model: rig.model, openLoop: false },
      () => {},
    );
    await rig.pass(3000);
    rig.world.undervoltage();
    await rig.pass(500);
    expect(rig.isMotorOn()).toBe(false);
    rig.world.undervoltage(false);
    expect((await rig.settle(running)).result).toBe('served');
    await rig.station.close();
  });

  it('FMEA-04 gives up on a supply that stays too weak', async () => {
    const rig = openRig();
    rig.world.undervoltage();
    const outcome = await rig.settle(
      rig.station.dispense(
        { feedingId: 'f1', portionGrams: 20, gramsMax: 25, model: rig.model, openLoop: false },
        () => {},
      ),
    );
    expect(outcome).toMatchObject({ result: 'failed', fault: 'undervoltage', turns: 0 });
    await rig.station.close();
  });

  it('goes on showing the bowl between the end of a run and the first batch at rest', async () => {
    const rig = openRig();
    await rig.pass(5000);
    const order = {
      feedingId: 'f1',
      portionGrams: 10,
      gramsMax: 12,
      model: rig.model,
      openLoop: false,
    };
    const shown: (number | null)[] = [];
    let isOver = false;
    const running = rig.station
      .dispense(order, () => {})
      .finally(() => {
        isOver = true;
      });
    for (let i = 0; i < 600 && !isOver; i++) await rig.pass(50);
    for (let i = 0; i < 60; i++) {
      const { grams, state } = rig.station.health().bowl;
      expect(['moving', 'stable']).toContain(state);
      shown.push(grams);
      await rig.pass(50);
    }
    const { dose } = await running;
    expect(shown).not.toContain(null);
    for (const grams of shown) expect(Math.abs((grams ?? 0) - dose.likelyGrams)).toBeLessThan(1.5);
    await rig.station.close();
  });

  it('follows a zero that drifts down without missing its bowl', async () => {
    const rig = openRig();
    const { zeroCounts, countsPerGram } = rig.calibration;
    for (let grams = 0; grams <= 60; grams += 3) {
      const drifted = { ...rig.calibration, zeroCounts: zeroCounts + grams * countsPerGram };
      if (grams === 0) rig.station.setCalibration(drifted);
      rig.world.placeWeight(-grams);
      await rig.pass(30_000);
    }
    expect(rig.station.health().fault).toBeNull();
    rig.world.removeBowl();
    await rig.pass(20_000);
    expect(rig.station.health().fault).toBe('bowl_missing');
    await rig.station.close();
  });
});
