import { parentPort, workerData } from 'node:worker_threads';
import { FeederError, type Milliseconds } from '@cat-feeder/shared';
import type { Wiring } from '../../config/wiring-schema.ts';
import type { Clock } from '../../platform/clock.ts';
import { safeChance } from '../../platform/safe-random.ts';
import { ScaledClock } from '../../platform/scaled-clock.ts';
import { SystemClock } from '../../platform/system-clock.ts';
import { FeederWorld } from '../simulated/feeder-world.ts';
import { loadProfile, unnamedProfile } from '../simulated/load-profile.ts';
import { SimulatedBoard } from '../simulated/simulated-board.ts';
import { InlineStation } from './inline-station.ts';
import { openWiredBoard } from './open-wired-board.ts';
import { realDoors } from './real-doors.ts';
import { HEARTBEAT_AGE_MS_MAX, permittedBoard, serveStation } from './serve-station.ts';
import type { StationThreadData } from './spawn-station.ts';
import { StationCells } from './station-cells.ts';
import { type StationLine, toFailure } from './station-messages.ts';
import { firstCalibration } from './wiring-traits.ts';
import { WorldFile } from './world-file.ts';

/*
 * The control loop's thread: board, station and the line to the main thread. It has its own event
 * loop, so a main thread that hangs does not delay the motor's stop.
 */

const realClock = new SystemClock();
/**
 * Samples at rest come in batches this far apart: together with what wakes the main thread that
 * is less than one wake-up a second, and still well inside the limit for a silent loop.
 */
const REST_BATCH_MS: Milliseconds = 1300;

function openWorld(data: StationThreadData, clock: Clock) {
  const profile = data.profile === null ? unnamedProfile() : loadProfile(data.profile);
  const world = new FeederWorld({ profile, clock, seed: data.seed });
  const file = new WorldFile({ path: data.worldPath, world, seed: data.seed, clock, realClock });
  const madeAtMs = realClock.wallMs();
  const stamps = { taredAtMs: madeAtMs, spannedAtMs: madeAtMs };
  const hopper = world.trueHopperCalibration();
  return {
    board: file.watched(new SimulatedBoard({ world, clock, restBatchMs: REST_BATCH_MS })),
    // The simulated feeder leaves its maker calibrated.
    calibration: { ...world.trueCalibration(), ...stamps },
    hopperCalibration: hopper === null ? null : { ...hopper, ...stamps },
    problems: () => file.problems(),
    selfTest: () => Promise.resolve([]),
  };
}

function openWiring(data: StationThreadData, wiring: Wiring) {
  const doors = realDoors({ clock: realClock, chance: safeChance, serial: data.serial });
  const board = openWiredBoard(wiring, doors);
  return {
    board,
    calibration: firstCalibration(board.traits),
    // Nobody but its owner can know what an empty hopper weighs.
    hopperCalibration: null,
    problems: () => board.problems(),
    selfTest: () => board.selfTest(),
  };
}

function main(): void {
  if (parentPort === null) throw new FeederError('ERR_INTERNAL', { message: 'Not a thread.' });
  const port = parentPort;
  const data = workerData as StationThreadData;
  const line: StationLine = {
    post: (message) => port.postMessage(message),
    onMessage: (listener) => {
      port.on('message', listener);
    },
  };
  const cells = new StationCells({ memory: data.memory });
  try {
    const { hardware } = data;
    // A real feeder lives at the speed of life.
    const clock = hardware.kind === 'board' ? realClock : new ScaledClock(realClock, data.speed);
    const opened = hardware.kind === 'board' ? openWiring(data, hardware) : openWorld(data, clock);
    const { board: raw, calibration, hopperCalibration, problems, selfTest } = opened;
    const permission = () =>
      !cells.isRevoked && cells.heartbeatAgeMs(realClock.monoMs()) <= HEARTBEAT_AGE_MS_MAX;
    const board = permittedBoard(raw, permission);
    // Awaited by nobody: it never rejects, and the thread may end before.
    void cells.revoked().then(() => raw.drive.stop());
    const maker = { traits: board.traits, calibration, hopperCalibration };
    const station = new InlineStation({ board, clock, calibration, permission });
    const onClosed = () => port.close();
    const told = { onClosed, problems, selfTest };
    serveStation({ station, maker, line, cells, clock: realClock, ...told });
  } catch (error) {
    line.post({ kind: 'start-failed', failure: toFailure(error) });
  }
}

main();
