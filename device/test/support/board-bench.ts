import type { ControlBoard } from '../../src/dispensing/control-board.ts';
import { FeederWorld } from '../../src/hardware/simulated/feeder-world.ts';
import { parseProfile } from '../../src/hardware/simulated/load-profile.ts';
import { SimulatedBoard } from '../../src/hardware/simulated/simulated-board.ts';
import { VirtualClock } from '../../src/platform/virtual-clock.ts';
import type { ControlBoardBench } from '../contracts/control-board.ts';

/** A simulated board, or what it is made into, with everything that the contract takes away. */
export function simulatedBoardBench(
  assemble: (board: SimulatedBoard, clock: VirtualClock) => ControlBoard = (board) => board,
): ControlBoardBench & { readonly clock: VirtualClock; readonly world: FeederWorld } {
  const clock = new VirtualClock();
  const profile = parseProfile({
    motor: { indexEdgesPerTurn: 8, hasCurrentSensor: true },
    cat: { visitsPerDay: 0, arrivesWhileDispensingProbability: 0 },
  });
  const world = new FeederWorld({ profile, clock, seed: 'board' });
  const board = assemble(new SimulatedBoard({ world, clock }), clock);
  const batches: ControlBoardBench['batches'] = [];
  board.onSamples((samples) => batches.push({ atMs: clock.monoMs(), samples }));
  return {
    board,
    batches,
    clock,
    world,
    pass: async (ms) => clock.advance(ms),
    nowMs: () => clock.monoMs(),
    orderMs: 0,
    isMotorOn: () => world.truth().isMotorOn,
    unplugBowl: () => world.disconnectScale(),
    saturateBowl: () => world.saturateScale(),
    sagSupply: (isWeak) => world.undervoltage(isWeak),
    end: () => board.close(),
  };
}
