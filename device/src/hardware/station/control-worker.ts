import { parentPort, workerData } from 'node:worker_threads';
import { FeederError } from '@cat-feeder/shared';
import type { ControlBoard } from '../../dispensing/control-board.ts';
import { ScaledClock } from '../../platform/scaled-clock.ts';
import { SystemClock } from '../../platform/system-clock.ts';
import { FeederWorld } from '../simulated/feeder-world.ts';
import { loadProfile, parseProfile } from '../simulated/load-profile.ts';
import { SimulatedBoard } from '../simulated/simulated-board.ts';
import { InlineStation } from './inline-station.ts';
import { HEARTBEAT_AGE_MS_MAX, permittedBoard, serveStation } from './serve-station.ts';
import type { StationThreadData } from './spawn-station.ts';
import { StationCells } from './station-cells.ts';
import { type StationLine, toFailure } from './station-messages.ts';
import { WorldFile } from './world-file.ts';

/*
 * The control loop's thread: board, station and the line to the main thread. It has its own event
 * loop, so a main thread that hangs does not delay the motor's stop.
 */

const realClock = new SystemClock();

function openBoard(data: StationThreadData, clock: ScaledClock): ControlBoard {
  const profile = data.profile === null ? parseProfile({}) : loadProfile(data.profile);
  const world = new FeederWorld({ profile, clock, seed: data.seed });
  const file = new WorldFile({ path: data.worldPath, world, seed: data.seed, clock, realClock });
  return file.watched(new SimulatedBoard({ world, clock }));
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
    const clock = new ScaledClock(realClock, data.speed);
    const raw = openBoard(data, clock);
    const permission = () =>
      !cells.isRevoked && cells.heartbeatAgeMs(realClock.monoMs()) <= HEARTBEAT_AGE_MS_MAX;
    const board = permittedBoard(raw, permission);
    // Awaited by nobody: it never rejects, and the thread may end before.
    void cells.revoked().then(() => raw.drive.stop());
    const station = new InlineStation({ board, clock, calibration: data.calibration, permission });
    const onClosed = () => port.close();
    serveStation({ station, traits: board.traits, line, cells, clock: realClock, onClosed });
  } catch (error) {
    line.post({ kind: 'start-failed', failure: toFailure(error) });
  }
}

main();
