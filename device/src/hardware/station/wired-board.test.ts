import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { controlBoardContract } from '../../../test/contracts/control-board.ts';
import { feedStationContract } from '../../../test/contracts/feed-station.ts';
import { simulatedBoardBench } from '../../../test/support/board-bench.ts';
import { openStationRig } from '../../../test/support/station-rig.ts';
import { VirtualClock } from '../../platform/virtual-clock.ts';
import type { CellReading } from '../../weighing/cell-source.ts';
import type { Sample } from '../../weighing/sample.ts';
import { type SimulatedDispenser, takeApart } from '../simulated/parts/simulated-dispenser.ts';
import type { SimulatedBoard } from '../simulated/simulated-board.ts';
import { WiredBoard } from './wired-board.ts';

const assemble = (board: SimulatedBoard, clock: VirtualClock) =>
  new WiredBoard({ parts: takeApart(board), traits: board.traits, clock });

controlBoardContract('the simulated board', () => simulatedBoardBench());
controlBoardContract('a board wired of parts', () => simulatedBoardBench(assemble));
controlBoardContract('a board wired of parts, whose scale goes quiet', () => {
  let parts: SimulatedDispenser | undefined;
  const bench = simulatedBoardBench((board, clock) => {
    parts = takeApart(board);
    return new WiredBoard({ parts, traits: board.traits, clock });
  });
  return { ...bench, unplugBowl: () => parts?.bowl.become('silent') };
});
feedStationContract('a station on a board wired of parts', () =>
  Promise.resolve(openStationRig({ assemble })),
);

/** A wired board whose parts can be broken one by one. */
function brokenRig() {
  const made: { parts?: SimulatedDispenser; board?: WiredBoard } = {};
  const bench = simulatedBoardBench((simulated, clock) => {
    made.parts = takeApart(simulated);
    made.board = new WiredBoard({ parts: made.parts, traits: simulated.traits, clock });
    return made.board;
  });
  const { parts, board } = made;
  if (parts === undefined || board === undefined) throw new Error('nothing was assembled');
  return { ...bench, parts, wired: board };
}

describe('a board wired of parts', () => {
  it('names each part that is not well', async () => {
    const { parts, wired, pass } = brokenRig();
    await pass(2000);
    expect(wired.problems()).toEqual([]);
    parts.drive.become('unplugged');
    parts.edges?.become('babbling');
    parts.bowl.become('silent');
    await pass(3000);
    const named = wired.problems();
    expect(named.map(({ part, state }) => [part, state])).toEqual([
      ['motor drive', 'unplugged'],
      ['bowl scale', 'silent'],
      ['shaft sensor', 'babbling'],
    ]);
    expect(named.every(({ why }) => why.endsWith('.'))).toBe(true);
    for (const part of [parts.drive, parts.edges, parts.bowl]) part?.become('ok');
    await pass(2000);
    expect(wired.problems()).toEqual([]);
  });

  it('names a scale that is silent though its part finds itself well, and one at its end', async () => {
    const silent = brokenRig();
    silent.world.disconnectScale();
    await silent.pass(3000);
    expect(silent.wired.problems()).toMatchObject([{ part: 'bowl scale', state: 'silent' }]);
    const full = brokenRig();
    full.saturateBowl();
    await full.pass(3000);
    expect(full.wired.problems()).toMatchObject([{ part: 'bowl scale', state: 'saturated' }]);
  });

  it('FMEA-04 lets nothing turn on a weak supply', async () => {
    const { board, sagSupply, pass, isMotorOn } = brokenRig();
    board.setMode('dispense');
    board.drive.run({ direction: 'forward', speed: 1, maxMs: 250 });
    expect(isMotorOn()).toBe(true);
    sagSupply(true);
    await pass(200);
    board.drive.run({ direction: 'forward', speed: 1, maxMs: 250 });
    expect(isMotorOn()).toBe(false);
  });

  it('closes every part, and none of them twice', () => {
    const { parts, board } = brokenRig();
    board.close();
    for (const part of [parts.drive, parts.bowl, parts.edges, parts.current]) {
      expect(part?.isClosed).toBe(true);
    }
  });

  it('hears a converter whose readings always come late', () => {
    const rig = wiredOn(new VirtualClock());
    rig.board.setMode('dispense');
    rig.clock.advance(500);
    for (let i = 0; i < 80; i++) {
      rig.clock.advance(12.5);
      rig.say([{ atMs: rig.clock.monoMs() - 90, counts: i }]);
    }
    const heard = rig.seen.filter(({ bowl }) => bowl !== null);
    expect(heard.length).toBeGreaterThan(70);
    expect(rig.board.problems()).toEqual([]);
  });

  it('keeps the order of time whatever a converter says, and thins out one that babbles', () => {
    const readings = fc.array(
      fc.record({ stepMs: fc.integer({ min: -400, max: 400 }), counts: fc.integer() }),
      { minLength: 1, maxLength: 60 },
    );
    fc.assert(
      fc.property(fc.array(readings, { maxLength: 10 }), (batches) => {
        const rig = wiredOn(new VirtualClock());
        let atMs = 0;
        for (const batch of batches) {
          rig.clock.advance(150);
          const said = batch.map(({ stepMs, counts }) => {
            atMs += stepMs;
            return { atMs, counts };
          });
          rig.say(said);
        }
        rig.clock.advance(2000);
        const times = rig.seen.map((sample) => sample.atMs);
        expect(times.every((time, i) => i === 0 || time > (times[i - 1] ?? 0))).toBe(true);
        expect(times.every((time) => time <= rig.clock.monoMs())).toBe(true);
        expect(times.length).toBeLessThanOrEqual((rig.clock.monoMs() / 100) * 4 + 20);
      }),
    );
    const rig = wiredOn(new VirtualClock());
    for (let i = 0; i < 200; i++) {
      rig.clock.advance(1);
      rig.say([{ atMs: rig.clock.monoMs(), counts: i }]);
    }
    expect(rig.seen.length).toBeLessThanOrEqual(8);
    expect(rig.board.problems()).toMatchObject([{ part: 'bowl scale', state: 'babbling' }]);
  });
});

/** A wired board with a cell that says what the test wants, at a nominal 10 a second. */
function wiredOn(clock: VirtualClock) {
  const rig = simulatedBoardBench();
  rig.board.close();
  let say: (batch: readonly CellReading[]) => void = () => {};
  const seen: Sample[] = [];
  const quiet = {
    selfTest: () => Promise.resolve({ ok: true, found: 'well', fix: null }),
    health: () => ({ state: 'ok' as const, why: '' }),
    close: () => {},
  };
  const bowl = {
    ...quiet,
    restSamplesPerSecond: 10,
    dispenseSamplesPerSecond: 80,
    setMode: () => {},
    onReadings: (listener: typeof say) => {
      say = listener;
    },
  };
  const board = new WiredBoard({
    parts: {
      drive: { ...quiet, run: () => {}, stop: () => {}, canTurn: () => true },
      bowl,
      hopper: null,
      edges: null,
      current: null,
      isUndervoltage: () => false,
    },
    traits: { ...rig.board.traits, restSamplesPerSecond: 10 },
    clock,
  });
  board.onSamples((batch) => seen.push(...batch));
  return { board, clock, seen, say: (batch: readonly CellReading[]) => say(batch) };
}
