import { mkdirSync, mkdtempSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { VirtualClock } from '../../platform/virtual-clock.ts';
import { FeederWorld } from '../simulated/feeder-world.ts';
import { parseProfile } from '../simulated/load-profile.ts';
import { SimulatedBoard } from '../simulated/simulated-board.ts';
import { readWorld, WorldFile } from './world-file.ts';

describe('WorldFile', () => {
  let folder = '';
  let path = '';
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'feeder-world-'));
    path = join(folder, 'world.json');
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  /** A life of the program on the world in the file. */
  function live(seed = 1, write?: (file: number, text: string) => void) {
    const clock = new VirtualClock({ wallMs: 1_800_000_000_000 });
    const world = new FeederWorld({ profile: parseProfile({}), clock, seed });
    const file = new WorldFile({ path, world, seed, clock, realClock: clock, write });
    const board = file.watched(new SimulatedBoard({ world, clock }));
    board.onSamples(() => {});
    return { clock, world, board, file };
  }

  it('lets food, turns and faults outlive the program', () => {
    const first = live();
    first.world.jam();
    first.board.setMode('dispense');
    for (let slice = 0; slice < 20; slice++) {
      if (slice === 10) first.world.jam(false);
      first.board.drive.run({ direction: 'forward', speed: 1, maxMs: 200 });
      first.clock.advance(200);
    }
    first.clock.advance(5000);
    const before = first.world.truth();
    expect(before.bowlGrams).toBeGreaterThan(3);

    const { world } = live();
    const after = world.truth();
    expect(after.bowlGrams).toBeCloseTo(before.bowlGrams, 6);
    expect(after.hopperGrams).toBeCloseTo(before.hopperGrams, 6);
    expect(after.landedGrams).toBeCloseTo(before.landedGrams, 6);
    expect(after.forwardTurns).toBeCloseTo(before.forwardTurns, 6);
    expect(after.balanceGrams).toBeCloseTo(before.balanceGrams, 6);
  });

  it('I3 a killed program leaves at most one slice of motion, and what falls lands', () => {
    const first = live();
    first.board.setMode('dispense');
    for (let slice = 0; slice < 10; slice++) {
      first.board.drive.run({ direction: 'forward', speed: 1, maxMs: 250 });
      first.clock.advance(100);
    }
    const atDeath = readWorld(path);
    expect(atDeath?.motor.leftMs).toBeGreaterThan(0);
    expect(atDeath?.motor.leftMs).toBeLessThanOrEqual(250);

    const { clock, world } = live();
    const restored = world.truth();
    expect(restored.isMotorOn).toBe(false);
    const turned = restored.forwardTurns - (atDeath?.forwardTurns ?? 0);
    expect(turned).toBeGreaterThan(0);
    clock.advance(10_000);
    const rest = world.truth();
    expect(rest.inFlightGrams).toBeCloseTo(0, 6);
    expect(rest.landedGrams).toBeGreaterThan(atDeath?.landedGrams ?? 0);
    expect(rest.forwardTurns - (atDeath?.forwardTurns ?? 0)).toBeLessThan(1);
    expect(rest.balanceGrams).toBeCloseTo(restored.balanceGrams, 6);
  });

  it.each(['', '{', '{"seed":1}'])('begins a new world when the file holds %j', (text) => {
    writeFileSync(path, text);
    const { world } = live();
    expect(world.truth().turns).toBe(0);
    expect(readWorld(path)?.seed).toBe(1);
  });

  it('does not mix two feeders', () => {
    const first = live(1);
    first.world.addFood(20);
    first.clock.advance(2000);
    expect(readWorld(path)?.bowlGrams).toBe(20);
    expect(live(2).world.truth().bowlGrams).toBe(0);
  });

  it('FMEA-49 lives on in memory where the file cannot be opened, and says so', () => {
    mkdirSync(path);
    const { clock, world, file, board } = live();
    world.addFood(20);
    clock.advance(2000);
    expect(world.truth().bowlGrams).toBe(20);
    expect(file.problems()).toEqual([
      {
        part: 'simulated food',
        state: 'unplugged',
        why: expect.stringMatching(
          /world\.json cannot be written \(EISDIR\).*until the daemon ends/,
        ),
      },
    ]);
    board.close();
  });

  it('FMEA-49 outlives a disk that refuses for a while, and has all of it when it takes again', () => {
    const disk = { isFull: false };
    const { clock, world, file } = live(1, (handle, text) => {
      if (disk.isFull) throw Object.assign(new Error('full'), { code: 'ENOSPC', syscall: 'write' });
      writeSync(handle, text, 0, 'utf8');
    });
    expect(file.problems()).toEqual([]);
    disk.isFull = true;
    world.addFood(20);
    clock.advance(2000);
    expect(file.problems()[0]?.why).toContain('ENOSPC');
    expect(readWorld(path)?.bowlGrams).toBe(0);
    disk.isFull = false;
    clock.advance(2000);
    expect(file.problems()).toEqual([]);
    expect(readWorld(path)?.bowlGrams).toBe(20);
  });

  it('hides no failure of its own behind the disk', () => {
    const broken = () => {
      throw new TypeError('not a disk');
    };
    expect(() => live(1, broken)).toThrow(TypeError);
  });

  it('writes only when something happened', () => {
    const { clock } = live();
    clock.advance(3000);
    const written = readWorld(path)?.savedAtWallMs;
    clock.advance(60_000);
    expect(readWorld(path)?.savedAtWallMs).toBe(written);
  });
});
