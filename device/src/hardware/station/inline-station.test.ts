import type { Milliseconds } from '@cat-feeder/shared';
import { describe, expect, it } from 'vitest';
import { feedStationContract, type StationBench } from '../../../test/contracts/feed-station.ts';
import type { ControlBoard, MotorSlice } from '../../dispensing/control-board.ts';
import { guessModel } from '../../dispensing/kibble-model.ts';
import { VirtualClock } from '../../platform/virtual-clock.ts';
import type { Sample } from '../../weighing/sample.ts';
import { FeederWorld } from '../simulated/feeder-world.ts';
import { parseProfile } from '../simulated/load-profile.ts';
import type { ProfileInput } from '../simulated/profile.ts';
import { SimulatedBoard } from '../simulated/simulated-board.ts';
import { InlineStation } from './inline-station.ts';

const alone: ProfileInput = { cat: { visitsPerDay: 0, arrivesWhileDispensingProbability: 0 } };

interface Rig extends StationBench {
  readonly world: FeederWorld;
  readonly clock: VirtualClock;
  readonly slices: MotorSlice[];
}

function openRig(
  options: { permission?: () => boolean; board?: (board: ControlBoard) => ControlBoard } = {},
): Rig {
  const clock = new VirtualClock();
  const world = new FeederWorld({ profile: parseProfile(alone), clock, seed: 'station' });
  const simulated = new SimulatedBoard({ world, clock });
  const slices: MotorSlice[] = [];
  const { drive } = simulated;
  const watched: ControlBoard = {
    traits: simulated.traits,
    drive: {
      run: (slice) => {
        slices.push(slice);
        drive.run(slice);
      },
      stop: () => drive.stop(),
    },
    setMode: (mode) => simulated.setMode(mode),
    onSamples: (listener) => simulated.onSamples(listener),
    close: () => simulated.close(),
  };
  const calibration = { ...world.trueCalibration(), taredAtMs: 1, spannedAtMs: 1 };
  const { permission } = options;
  const station = new InlineStation({
    board: options.board?.(watched) ?? watched,
    clock,
    calibration,
    ...(permission === undefined ? {} : { permission }),
  });
  const model = {
    ...guessModel(simulated.traits),
    gramsPerTurn: 6,
    gramsPerTurnSd: 0.5,
    kibbleGrams: 0.2,
    samples: 6,
  };
  const pass = async (ms: Milliseconds) => {
    const untilMs = clock.monoMs() + ms;
    while (clock.monoMs() < untilMs) {
      clock.runUntil(Math.min(untilMs, clock.monoMs() + 50));
      await Promise.resolve();
    }
  };
  return {
    station,
    calibration,
    model,
    world,
    clock,
    slices,
    pass,
    settle: async (promise) => {
      let isSettled = false;
      const watch = () => {
        isSettled = true;
      };
      promise.then(watch, watch);
      await Promise.resolve();
      for (let seconds = 0; seconds < 400 && !isSettled; seconds += 1) await pass(1000);
      return promise;
    },
    bowlGrams: () => world.truth().bowlGrams,
    isMotorOn: () => world.truth().isMotorOn,
    longestSliceMs: () => Math.max(0, ...slices.map(({ maxMs }) => maxMs)),
    disconnectScale: () => world.disconnectScale(),
    end: () => station.close(),
  };
}

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
