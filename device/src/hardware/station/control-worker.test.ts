import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { parseHardware } from '../../config/read-hardware.ts';
import type { Hardware } from '../../config/wiring-schema.ts';
import type { DispenseOrder, DispenseOutcome } from '../../dispensing/feed-station.ts';
import { guessModel } from '../../dispensing/kibble-model.ts';
import { SystemClock } from '../../platform/system-clock.ts';
import { HEARTBEAT_AGE_MS_MAX } from './serve-station.ts';
import { spawnStation } from './spawn-station.ts';
import { StationCells } from './station-cells.ts';
import { WorkerStation } from './worker-station.ts';
import { readWorld } from './world-file.ts';

const ends: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

const profiles = resolve(import.meta.dirname, '../../../profiles');

/** The real thread with the simulated board, so many times as fast as life. */
async function spawnReal(
  speed = 20,
  profile: string | null = null,
  hardware: Hardware = { kind: 'simulated' },
) {
  const folder = mkdtempSync(join(tmpdir(), 'feeder-worker-'));
  ends.push(() => rmSync(folder, { recursive: true }));
  const worldPath = join(folder, 'world.json');
  const clock = new SystemClock();
  const cells = new StationCells({ nowMs: clock.monoMs() });
  const memory = cells.memory;
  const data = { memory, hardware, serial: null, profile, seed: 1, speed, worldPath };
  const lost = Promise.withResolvers<string>();
  const thread = spawnStation(data, { heapMb: 24 });
  const station = new WorkerStation({
    thread,
    cells,
    clock,
    onLost: (error) => lost.resolve(error.message),
  });
  ends.push(() => station.close());
  const { traits, hopperCalibration } = await station.ready();
  const order: DispenseOrder = {
    feedingId: 'f1',
    portionGrams: 10,
    gramsMax: 15,
    model: guessModel(traits),
    openLoop: false,
  };
  const world = () => readWorld(worldPath);
  return { station, thread, cells, order, lost: lost.promise, world, hopperCalibration };
}

describe('the control loop in its thread', () => {
  it('B-74 gives the feeder without a profile a hopper that is weighed', async () => {
    const { station, hopperCalibration } = await spawnReal();
    expect(hopperCalibration).not.toBeNull();
    station.setHopperCalibration(hopperCalibration);
    const read = Promise.withResolvers<number>();
    station.onReading((_, { hopperGrams }) => {
      if (hopperGrams !== null) read.resolve(hopperGrams);
    });
    expect(Math.abs((await read.promise) - 1500)).toBeLessThan(5);
  });

  it('answers what its parts find out about themselves; a model has none', async () => {
    const { station } = await spawnReal();
    expect(await station.selfTest()).toEqual([]);
    await station.close();
    await expect(station.selfTest()).rejects.toMatchObject({ code: 'ERR_UNAVAILABLE' });
  });

  it('leaves the hopper of a profile without a cell unweighed', async () => {
    const { hopperCalibration } = await spawnReal(20, join(profiles, 'small-kibble.json'));
    expect(hopperCalibration).toBeNull();
  });

  it('serves a portion, and the food is in the world that it left behind', async () => {
    const { station, order, world } = await spawnReal(5);
    const outcome = await station.dispense(order, () => {});
    // On a busy machine the thread comes late to its samples and may stop short: truthfully.
    expect(['served', 'short']).toContain(outcome.result);
    expect(outcome.dose.likelyGrams).toBeGreaterThan(order.portionGrams / 2);
    expect(await station.weigh(10_000)).toMatchObject({ kind: 'stable' });
    await station.close();
    const truth = world()?.landedGrams ?? 0;
    expect(outcome.dose.lowGrams).toBeLessThanOrEqual(truth);
    expect(outcome.dose.highGrams).toBeGreaterThanOrEqual(truth);
  });

  it('FMEA-05 a thread that ends leaves at most one slice of motion', async () => {
    const { station, thread, order, lost, world } = await spawnReal();
    const turning = Promise.withResolvers<void>();
    const run: Promise<DispenseOutcome> = station.dispense(order, (progress) => {
      if (progress.motorMs > 0) turning.resolve();
    });
    const refused = expect(run).rejects.toMatchObject({ code: 'ERR_CONTROLLER_LOST' });
    await turning.promise;
    thread.terminate();
    await refused;
    expect(await lost).toContain('has ended');
    expect(world()?.motor.leftMs).toBeLessThanOrEqual(250);
    expect(station.health()).toMatchObject({ motorOn: false, fault: 'controller_lost' });
  });

  it('I3 stands still once the permission was taken back', async () => {
    const { station, order, world } = await spawnReal();
    const turning = Promise.withResolvers<void>();
    const later = Promise.withResolvers<void>();
    const turns: (number | undefined)[] = [];
    let isRevoked = false;
    const run = station.dispense({ ...order, portionGrams: 60, gramsMax: 70 }, (progress) => {
      if (progress.motorMs > 0) turning.resolve();
      if (isRevoked) turns.push(world()?.forwardTurns);
      if (turns.length === 6) later.resolve();
    });
    await turning.promise;
    station.motorOff();
    isRevoked = true;
    await later.promise;
    expect(world()?.motor.leftMs).toBe(0);
    // The first reports may have been on their way, and the shaft has to run down.
    expect(turns[5]).toBe(turns[2]);
    station.cancel();
    expect((await run).result).toBe('cancelled');
  });

  it('FMEA-06 stops the motor while the main thread hangs, and goes on when it is back', async () => {
    const { station, order, world } = await spawnReal(3);
    const turning = Promise.withResolvers<void>();
    const large = { ...order, portionGrams: 60, gramsMax: 70 };
    const run = station.dispense(large, (progress) => {
      if (progress.motorMs > 0) turning.resolve();
    });
    await turning.promise;
    // The hang: nothing of this thread runs, its heartbeat neither.
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, HEARTBEAT_AGE_MS_MAX + 700);
    const hung = world();
    expect(hung?.motor.leftMs).toBe(0);
    const outcome = await run;
    expect(outcome.result).toBe('served');
    expect(world()?.forwardTurns).toBeGreaterThan((hung?.forwardTurns ?? 0) + 1);
  }, 30_000);

  it('says why the board could not start', async () => {
    await expect(spawnReal(20, 'no/such/profile.json')).rejects.toMatchObject({
      code: 'ERR_PROFILE',
    });
  });

  it('says that this machine has no header, instead of feeding a model', async () => {
    const path = join(profiles, 'boards/hx711-dc-motor.json');
    const hardware = parseHardware(JSON.parse(readFileSync(path, 'utf8')), path);
    await expect(spawnReal(1, null, hardware)).rejects.toMatchObject({
      code: 'ERR_HARDWARE_FAULT',
      message: expect.stringContaining('No GPIO chip of a Raspberry Pi'),
    });
  });
});
