import { FeederError } from '@cat-feeder/shared';
import { describe, expect, it } from 'vitest';
import type { BoardTraits, ControlBoard, MotorSlice } from '../../dispensing/control-board.ts';
import type {
  DispenseOrder,
  DispenseOutcome,
  DispenseProgress,
  FeedStation,
} from '../../dispensing/feed-station.ts';
import { VirtualClock } from '../../platform/virtual-clock.ts';
import { HEARTBEAT_AGE_MS_MAX, permittedBoard, serveStation } from './serve-station.ts';
import { StationCells } from './station-cells.ts';
import type { StationLine } from './station-messages.ts';
import type { PartProblem } from './wired-board.ts';
import { HEARTBEAT_MS, type StationThread, WorkerStation } from './worker-station.ts';

const order: DispenseOrder = {
  feedingId: 'f1',
  portionGrams: 20,
  gramsMax: 25,
  model: {} as DispenseOrder['model'],
  openLoop: false,
};
const progress: DispenseProgress = {
  feedingId: 'f1',
  stage: 'coarse',
  servedGrams: 4,
  turns: 1,
  motorMs: 900,
  attempts: 0,
  bowlBeforeGrams: 0,
};
const outcome: DispenseOutcome = {
  feedingId: 'f1',
  result: 'served',
  fault: null,
  dose: { lowGrams: 19, likelyGrams: 20, highGrams: 21, method: 'measured' },
  bowlBeforeGrams: 0,
  bowlAfterGrams: 20,
  turns: 5,
  attempts: 0,
  motorMs: 5000,
  durationMs: 9000,
  observation: { gramsPerTurn: 4, inFlightGrams: null, kibbleGrams: 0.3 },
  trace: [[0, 0]],
};
const traits: BoardTraits = {
  restSamplesPerSecond: 10,
  dispenseSamplesPerSecond: 80,
  indexEdgesPerTurn: 1,
  hasMotorCurrent: true,
  hasHopperCell: false,
  nominalTurnsPerSecond: 1,
  nominalGramsPerTurn: 6,
  stallMilliamps: null,
  ratedGrams: 1000,
  nominalCountsPerGram: 400,
};
const maker = {
  hopperCalibration: null,
  traits,
  calibration: {
    zeroCounts: 12,
    countsPerGram: 400,
    noiseGrams: 0.1,
    taredAtMs: null,
    spannedAtMs: null,
  },
};
const reading = { grams: 3, sigmaGrams: 0.1, state: 'stable', ageMs: 5 } as const;

/** A station that does what the test tells it to. */
function fakeStation() {
  const calls: unknown[] = [];
  const run = Promise.withResolvers<DispenseOutcome>();
  let tell: Parameters<FeedStation['onReading']>[0] = () => {};
  let alarm: Parameters<FeedStation['onFault']>[0] = () => {};
  let report: (progress: DispenseProgress) => void = () => {};
  const station: FeedStation = {
    dispense(given, onProgress) {
      calls.push(['dispense', given]);
      report = onProgress;
      return run.promise;
    },
    cancel: () => calls.push('cancel'),
    async weigh(timeoutMs) {
      if (timeoutMs < 500) throw new FeederError('ERR_VALIDATION', { message: 'too short' });
      return { kind: 'stable', grams: 7, sigmaGrams: 0.1, counts: 70 };
    },
    onReading(listener) {
      tell = listener;
      return () => {};
    },
    onFault(listener) {
      alarm = listener;
      return () => {};
    },
    async weighHopper() {
      return { kind: 'stable', counts: 800, sigmaGrams: 0.1, noiseGrams: 0.4 };
    },
    setHopperCalibration: (calibration) => calls.push(['calibrate hopper', calibration]),
    setCalibration: (calibration) => calls.push(['calibrate', calibration]),
    health: () => ({
      bowl: reading,
      bowlStill: { grams: 3.5, ageMs: 70 },
      hopperGrams: 800,
      hopperState: 'weighed',
      motorOn: true,
      undervoltage: false,
      fault: null,
      loopAgeMs: 3,
    }),
    async close() {
      calls.push('close');
    },
  };
  return {
    station,
    calls,
    run,
    alarm: (fault: Parameters<typeof alarm>[0]) => alarm(fault),
    tell: () => tell(reading, { hopperGrams: 800, hopperState: 'weighed' }),
    report: () => report(progress),
  };
}

/** Two ends of a line whose messages are copied and arrive later, as between threads. */
function makeLine() {
  const listeners: [((message: unknown) => void)[], ((message: unknown) => void)[]] = [[], []];
  const end = (mine: 0 | 1): StationLine => ({
    post(message) {
      const copy = structuredClone(message);
      queueMicrotask(() => {
        for (const listener of listeners[1 - mine] ?? []) listener(copy);
      });
    },
    onMessage: (listener) => listeners[mine].push(listener),
  });
  return [end(0), end(1)] as const;
}

function makePair() {
  const clock = new VirtualClock({ monoMs: 10_000 });
  const cells = new StationCells({ nowMs: clock.monoMs() });
  const [mainEnd, loopEnd] = makeLine();
  const seen = {
    terminated: 0,
    lost: [] as string[],
    beats: 0,
    problems: [] as PartProblem[],
  };
  let end: (reason: string) => void = () => {};
  const thread: StationThread = {
    ...mainEnd,
    terminate: () => {
      seen.terminated += 1;
    },
    onEnd: (listener) => {
      end = listener;
    },
  };
  const station = new WorkerStation({
    thread,
    cells,
    clock,
    onLost: (error) => seen.lost.push(error.message),
    onBeat: () => {
      seen.beats += 1;
    },
  });
  const fake = fakeStation();
  const serve = () =>
    serveStation({
      station: fake.station,
      maker,
      line: loopEnd,
      cells,
      clock,
      onClosed: () => {},
      problems: () => seen.problems,
    });
  return { clock, cells, station, fake, seen, serve, loopEnd, die: (why: string) => end(why) };
}

async function makeOpen() {
  const pair = makePair();
  pair.serve();
  await pair.station.ready();
  return pair;
}

const settle = async () => {
  for (let turn = 0; turn < 30; turn++) await Promise.resolve();
};

describe('WorkerStation', () => {
  it('tells what the board is', async () => {
    const { station } = await makeOpen();
    expect(await station.ready()).toMatchObject(maker);
  });

  it('runs an order in the other thread and passes on progress and outcome', async () => {
    const { station, fake } = await makeOpen();
    const reported: DispenseProgress[] = [];
    const served = station.dispense(order, (line) => reported.push(line));
    await settle();
    fake.report();
    fake.run.resolve(outcome);
    expect(await served).toEqual(outcome);
    expect(reported).toEqual([progress]);
    expect(fake.calls).toEqual([['dispense', order]]);
  });

  it('passes on which part is not well, and that it is well again', async () => {
    const { station, fake, seen } = await makeOpen();
    const problem = { part: 'bowl scale', state: 'silent', why: 'It gives nothing.' } as const;
    for (const problems of [[problem], []]) {
      seen.problems = problems;
      fake.tell();
      await settle();
      expect(station.partProblems()).toEqual(problems);
    }
  });

  it('refuses a second run while one lasts, and takes the next afterwards', async () => {
    const { station, fake } = await makeOpen();
    const served = station.dispense(order, () => {});
    await expect(station.dispense(order, () => {})).rejects.toMatchObject({ code: 'ERR_BUSY' });
    fake.run.resolve(outcome);
    await served;
    expect(await station.dispense(order, () => {})).toEqual(outcome);
  });

  it('weighs, calibrates and cancels', async () => {
    const { station, fake } = await makeOpen();
    expect(await station.weigh(3000)).toMatchObject({ kind: 'stable', grams: 7 });
    await expect(station.weigh(1)).rejects.toMatchObject({
      code: 'ERR_VALIDATION',
      message: 'too short',
    });
    expect(await station.weighHopper(3000)).toMatchObject({ kind: 'stable', counts: 800 });
    station.setHopperCalibration(null);
    station.cancel();
    await settle();
    expect(fake.calls).toEqual([['calibrate hopper', null], 'cancel']);
  });

  it('sends readings only while somebody listens', async () => {
    const { station, fake } = await makeOpen();
    const heard: unknown[] = [];
    fake.tell();
    await settle();
    const unsubscribe = station.onReading((...told) => heard.push(told));
    await settle();
    fake.tell();
    await settle();
    unsubscribe();
    unsubscribe();
    await settle();
    fake.tell();
    await settle();
    expect(heard).toEqual([[reading, { hopperGrams: 800, hopperState: 'weighed' }]]);
  });

  it('tells of an alarm outside a run', async () => {
    const { station, fake } = await makeOpen();
    const heard: unknown[] = [];
    const unsubscribe = station.onFault((fault) => heard.push(fault));
    fake.alarm('overflow');
    await settle();
    unsubscribe();
    fake.alarm('motor_runaway');
    await settle();
    expect(heard).toEqual(['overflow']);
  });

  it('tells the health from shared memory', async () => {
    const { station, fake, clock } = await makeOpen();
    fake.tell();
    clock.advance(400);
    expect(station.health()).toMatchObject({
      bowl: { grams: 3, ageMs: 405 },
      bowlStill: { grams: 3.5, ageMs: 470 },
      hopperGrams: 800,
      motorOn: true,
      loopAgeMs: 403,
    });
  });

  it('beats while a run lasts, and only then', async () => {
    const { station, fake, clock, cells, seen } = await makeOpen();
    const served = station.dispense(order, () => {});
    clock.advance(HEARTBEAT_MS * 4);
    expect(cells.heartbeatAgeMs(clock.monoMs())).toBe(0);
    expect(seen.beats).toBe(5);
    fake.run.resolve(outcome);
    await served;
    clock.advance(HEARTBEAT_MS * 4);
    expect(seen.beats).toBe(5);
  });

  it('FMEA-05 rejects who waits when the thread dies, takes the motor back and says so once', async () => {
    const { station, cells, seen, die } = await makeOpen();
    const served = station.dispense(order, () => {});
    const refused = expect(served).rejects.toMatchObject({ code: 'ERR_CONTROLLER_LOST' });
    die('exit code 1');
    die('exit code 1');
    await refused;
    expect(cells.isRevoked).toBe(true);
    expect(seen).toMatchObject({
      terminated: 1,
      lost: ['The control loop has ended: exit code 1.'],
    });
    expect(station.health()).toMatchObject({ fault: 'controller_lost', motorOn: false });
    await expect(station.weigh(500)).rejects.toMatchObject({ code: 'ERR_CONTROLLER_LOST' });
  });

  it('gives the loop up when an answer is overdue', async () => {
    const { station, clock, seen } = await makeOpen();
    const served = station.dispense(order, () => {});
    const refused = expect(served).rejects.toMatchObject({ code: 'ERR_CONTROLLER_LOST' });
    clock.advance(310_000);
    await refused;
    expect(seen.terminated).toBe(1);
  });

  it('gives the loop up when it talks nonsense', async () => {
    const { seen, loopEnd } = await makeOpen();
    loopEnd.post({ kind: 'outcome', call: 1 } as never);
    await settle();
    expect(seen.lost[0]).toContain('cannot be understood');
  });

  it('says why a board could not start', async () => {
    const { station, loopEnd, seen } = makePair();
    loopEnd.post({
      kind: 'start-failed',
      failure: { code: 'ERR_PROFILE', message: 'bad', details: [{ path: 'p', message: 'm' }] },
    });
    await expect(station.ready()).rejects.toMatchObject({
      code: 'ERR_PROFILE',
      details: [{ path: 'p', message: 'm' }],
    });
    expect(seen).toMatchObject({ terminated: 1, lost: [] });
  });

  it('does not wait for ever for a loop that never begins', async () => {
    const { station, clock } = makePair();
    const refused = expect(station.ready()).rejects.toMatchObject({ code: 'ERR_CONTROLLER_LOST' });
    clock.advance(10_000);
    await refused;
  });

  it('closes once, and ends a thread that does not', async () => {
    const open = await makeOpen();
    await Promise.all([open.station.close(), open.station.close()]);
    expect(open.fake.calls).toEqual(['close']);
    const stuck = makePair();
    const closed = stuck.station.close();
    stuck.clock.advance(1000);
    await closed;
    expect([open.seen, stuck.seen]).toMatchObject([
      { terminated: 1, lost: [] },
      { terminated: 1, lost: [] },
    ]);
  });
});

describe('permittedBoard', () => {
  function makeBoard() {
    const happened: string[] = [];
    const board = {
      drive: { run: () => happened.push('run'), stop: () => happened.push('stop') },
    } as unknown as ControlBoard;
    const clock = new VirtualClock();
    const cells = new StationCells({ nowMs: 0 });
    const mayTurn = () =>
      !cells.isRevoked && cells.heartbeatAgeMs(clock.monoMs()) <= HEARTBEAT_AGE_MS_MAX;
    return { permitted: permittedBoard(board, mayTurn), happened, clock, cells };
  }
  const slice: MotorSlice = { direction: 'forward', speed: 1, maxMs: 200 };

  it('FMEA-06 stops the motor when the main thread hangs, and lets it turn when it is back', () => {
    const { permitted, happened, clock, cells } = makeBoard();
    permitted.drive.run(slice);
    clock.advance(2001);
    permitted.drive.run(slice);
    cells.beat(clock.monoMs());
    permitted.drive.run(slice);
    expect(happened).toEqual(['run', 'stop', 'run']);
  });

  it('I3 never lets the motor turn again once the permission was taken back', () => {
    const { permitted, happened, clock, cells } = makeBoard();
    cells.revoke();
    cells.beat(clock.monoMs());
    permitted.drive.run(slice);
    expect(happened).toEqual(['stop']);
  });
});
