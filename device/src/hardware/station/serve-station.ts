import {
  FeederError,
  type Milliseconds,
  type PartTest,
  type ScaleCalibration,
} from '@cat-feeder/shared';
import type {
  BoardTraits,
  ControlBoard,
  FeedDrive,
  MotorSlice,
} from '../../dispensing/control-board.ts';
import type { FeedStation } from '../../dispensing/feed-station.ts';
import type { Clock } from '../../platform/clock.ts';
import type { StationCells } from './station-cells.ts';
import { type StationLine, type StationRequest, toFailure } from './station-messages.ts';
import type { PartProblem } from './wired-board.ts';

/** Without a heartbeat for this long the main thread counts as hung, and the motor stands. */
export const HEARTBEAT_AGE_MS_MAX: Milliseconds = 2_000;

/**
 * The board as the control loop gets it in its thread. The loop asks for the permission itself and
 * waits; this is the same question once more below everything that decides, for every slice.
 */
export function permittedBoard(board: ControlBoard, mayTurn: () => boolean): ControlBoard {
  const drive: FeedDrive = {
    run(slice: MotorSlice) {
      if (mayTurn()) board.drive.run(slice);
      else board.drive.stop();
    },
    stop: () => board.drive.stop(),
  };
  return {
    traits: board.traits,
    drive,
    setMode: (mode) => board.setMode(mode),
    onSamples: (listener) => board.onSamples(listener),
    close: () => board.close(),
  };
}

/** A board as it comes: what its parts are, and the calibration that it leaves the maker with. */
export interface BoardFromMaker {
  readonly traits: BoardTraits;
  readonly calibration: ScaleCalibration;
  /** Null: no cell under the hopper, or one that its owner has to calibrate. */
  readonly hopperCalibration: ScaleCalibration | null;
}

/** Answers the main thread's requests from a station in this thread, and keeps the cells fresh. */
export function serveStation(options: {
  readonly station: FeedStation;
  readonly maker: BoardFromMaker;
  readonly line: StationLine;
  readonly cells: StationCells;
  readonly clock: Clock;
  readonly onClosed: () => void;
  /** What is wrong with which part; told when it changes. */
  readonly problems?: () => readonly PartProblem[];
  /** What each part finds out about itself. */
  readonly selfTest?: () => Promise<PartTest[]>;
}): void {
  const { station, line, cells, clock } = options;
  let isWanted = false;
  let told = '[]';
  const tellProblems = () => {
    const problems = [...(options.problems?.() ?? [])];
    const text = JSON.stringify(problems);
    if (text !== told) line.post({ kind: 'parts', problems });
    told = text;
  };
  station.onReading((reading, hopper) => {
    tellProblems();
    cells.writeHealth(station.health(), clock.monoMs());
    if (isWanted) line.post({ kind: 'reading', reading, hopper });
  });
  station.onFault((fault) => {
    cells.writeHealth(station.health(), clock.monoMs());
    line.post({ kind: 'fault', fault });
  });
  const answer = <Result>(call: number, work: Promise<Result>, reply: (result: Result) => void) => {
    work.then(reply, (error: unknown) =>
      line.post({ kind: 'call-failed', call, failure: toFailure(error) }),
    );
  };
  const close = async () => {
    await station.close();
    line.post({ kind: 'closed' });
    options.onClosed();
  };
  const take = (request: StationRequest) => {
    switch (request.kind) {
      case 'dispense': {
        const { call, order } = request;
        const run = station.dispense(order, (progress) => {
          cells.writeHealth(station.health(), clock.monoMs());
          line.post({ kind: 'progress', progress });
        });
        answer(call, run, (outcome) => line.post({ kind: 'outcome', call, outcome }));
        break;
      }
      case 'weigh': {
        const { call, timeoutMs } = request;
        const weighed = station.weigh(timeoutMs);
        answer(call, weighed, (result) => line.post({ kind: 'weighed', call, result }));
        break;
      }
      case 'weigh-hopper': {
        const { call, timeoutMs } = request;
        const weighed = station.weighHopper(timeoutMs);
        answer(call, weighed, (level) => line.post({ kind: 'hopper-weighed', call, level }));
        break;
      }
      case 'self-test': {
        const { call } = request;
        const tested = options.selfTest?.() ?? Promise.resolve([]);
        answer(call, tested, (parts) => line.post({ kind: 'self-tested', call, parts }));
        break;
      }
      case 'calibrate-hopper':
        station.setHopperCalibration(request.calibration);
        cells.writeHealth(station.health(), clock.monoMs());
        break;
      case 'calibrate':
        station.setCalibration(request.calibration);
        break;
      case 'cancel':
        station.cancel(request.fault ?? undefined);
        break;
      case 'readings':
        isWanted = request.wanted;
        break;
      case 'close':
        close().catch((error: unknown) => {
          throw new FeederError('ERR_INTERNAL', { cause: error });
        });
        break;
    }
  };
  line.onMessage((message) => take(message as StationRequest));
  line.post({ kind: 'ready', ...options.maker });
}
