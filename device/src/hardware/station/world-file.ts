import { closeSync, ftruncateSync, openSync, readFileSync, writeSync } from 'node:fs';
import * as v from 'valibot';
import type { ControlBoard, FeedDrive } from '../../dispensing/control-board.ts';
import type { Clock } from '../../platform/clock.ts';
import type { FeederWorld } from '../simulated/feeder-world.ts';
import {
  type MotorCommandLeft,
  restoreWorld,
  saveWorld,
  type WorldState,
  WorldStateSchema,
} from '../simulated/world-state.ts';

/** Room for the state; always written in full by one call, so a kill never halves it. */
const FILE_BYTES = 2048;

/**
 * The simulated feeder's food, kept in a file so that it survives the daemon as real food does. It
 * is the world, not the daemon's knowledge: nothing that feeds reads it, and it is not synced to
 * disk, because a power cut of the computer is not a power cut of the feeder that it simulates.
 */
export class WorldFile {
  readonly #world: FeederWorld;
  readonly #seed: number;
  readonly #clock: Clock;
  readonly #realClock: Clock;
  readonly #file: number;
  #motor: MotorCommandLeft & { untilMs: number } = { share: 0, leftMs: 0, untilMs: 0 };
  #written = '';

  /** Restores the world when the file holds one of the same profile and seed; else begins anew. */
  constructor(options: {
    path: string;
    world: FeederWorld;
    seed: number;
    /** The clock that the world lives by, and the one that people live by. */
    clock: Clock;
    realClock: Clock;
  }) {
    this.#world = options.world;
    this.#seed = options.seed;
    this.#clock = options.clock;
    this.#realClock = options.realClock;
    const state = readWorld(options.path);
    const name = options.world.profile.name ?? '';
    if (state?.seed === options.seed && state.profile === name) restoreWorld(this.#world, state);
    // Created when missing, kept when not: `w` would leave an empty file to whoever reads it now.
    closeSync(openSync(options.path, 'a', 0o600));
    this.#file = openSync(options.path, 'r+');
    ftruncateSync(this.#file, FILE_BYTES);
    this.save();
  }

  /** The same board, written down: after every batch of samples the file holds the new truth. */
  watched(board: ControlBoard): ControlBoard {
    const drive: FeedDrive = {
      run: (slice) => {
        board.drive.run(slice);
        const share = slice.direction === 'forward' ? slice.speed : -slice.speed;
        this.#motor = { share, leftMs: 0, untilMs: this.#clock.monoMs() + slice.maxMs };
      },
      stop: () => {
        board.drive.stop();
        this.#motor.untilMs = 0;
      },
    };
    return {
      traits: board.traits,
      drive,
      setMode: (mode) => board.setMode(mode),
      onSamples: (listener) =>
        board.onSamples((batch) => {
          listener(batch);
          this.save();
        }),
      close: () => {
        board.close();
        this.save();
        closeSync(this.#file);
      },
    };
  }

  /** Writes the present truth, unless it is what was written last. */
  save(): void {
    const leftMs = Math.max(0, Math.min(250, this.#motor.untilMs - this.#clock.monoMs()));
    const state = saveWorld(this.#world, {
      seed: this.#seed,
      wallMs: 0,
      motor: { share: leftMs > 0 ? this.#motor.share : 0, leftMs },
    });
    const text = JSON.stringify(state);
    if (text === this.#written) return;
    this.#written = text;
    const dated = JSON.stringify({ ...state, savedAtWallMs: this.#realClock.wallMs() });
    writeSync(this.#file, dated.padEnd(FILE_BYTES), 0, 'utf8');
  }
}

/** What a world file holds; undefined when there is none, or none of this format. */
export function readWorld(path: string): WorldState | undefined {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
  try {
    const parsed = v.safeParse(WorldStateSchema, JSON.parse(text));
    return parsed.success ? parsed.output : undefined;
  } catch {
    return undefined;
  }
}
