import type { Milliseconds } from '@cat-feeder/shared';
import type { ControlBoard, MotorSlice } from '../../src/dispensing/control-board.ts';
import { guessModel } from '../../src/dispensing/kibble-model.ts';
import { FeederWorld } from '../../src/hardware/simulated/feeder-world.ts';
import { parseProfile } from '../../src/hardware/simulated/load-profile.ts';
import type { ProfileInput } from '../../src/hardware/simulated/profile.ts';
import { SimulatedBoard } from '../../src/hardware/simulated/simulated-board.ts';
import { InlineStation } from '../../src/hardware/station/inline-station.ts';
import { VirtualClock } from '../../src/platform/virtual-clock.ts';
import type { StationBench } from '../contracts/feed-station.ts';

const alone: ProfileInput = { cat: { visitsPerDay: 0, arrivesWhileDispensingProbability: 0 } };

/** A station in this thread on a simulated board, or on what the board is made into. */
export interface StationRig extends StationBench {
  readonly world: FeederWorld;
  readonly clock: VirtualClock;
  readonly slices: MotorSlice[];
}

/** Opens one. `assemble` makes the board that the station gets; `board` wraps it with its watch. */
export function openStationRig(
  options: {
    permission?: () => boolean;
    assemble?: (board: SimulatedBoard, clock: VirtualClock) => ControlBoard;
    board?: (board: ControlBoard) => ControlBoard;
  } = {},
): StationRig {
  const clock = new VirtualClock();
  const world = new FeederWorld({ profile: parseProfile(alone), clock, seed: 'station' });
  const plain = new SimulatedBoard({ world, clock });
  const simulated = options.assemble?.(plain, clock) ?? plain;
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
