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
import type { PartProblem } from './wired-board.ts';

/** Room for the state; always written in full by one call, so a kill never halves it. */
const FILE_BYTES = 2048;

/**
 * The simulated feeder's food, kept in a file so that it survives the daemon as real food does. It
 * is the world, not the daemon's knowledge: nothing that feeds reads it, and it is not synced to
 * disk, because a power cut of the computer is not a power cut of the feeder that it simulates. Where
 * the disk refuses, the food lives on in memory: the feeder must run there as a real one would.
 */
export class WorldFile {
  readonly #world: FeederWorld;
  readonly #seed: number;
  readonly #clock: Clock;
  readonly #realClock: Clock;
  readonly #path: string;
  readonly #write: (file: number, text: string) => void;
  /** Null where it could not be opened. */
  readonly #file: number | null;
  /** Why the file does not hold the present truth; null when it does. */
  #refusal: string | null = null;
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
    /** Writes from the beginning of the file; given by tests. */
    write?: ((file: number, text: string) => void) | undefined;
  }) {
    this.#path = options.path;
    this.#write = options.write ?? ((file, text) => void writeSync(file, text, 0, 'utf8'));
    this.#world = options.world;
    this.#seed = options.seed;
    this.#clock = options.clock;
    this.#realClock = options.realClock;
    const state = readWorld(options.path);
    const name = options.world.profile.name ?? '';
    if (state?.seed === options.seed && state.profile === name) restoreWorld(this.#world, state);
    this.#file = this.#open();
    this.save();
  }

  /** What a person must know: that this food will be forgotten with the program. */
  problems(): readonly PartProblem[] {
    if (this.#refusal === null) return [];
    const why = `${this.#path} cannot be written (${this.#refusal}); the food of the simulated feeder lives in memory until the daemon ends.`;
    return [{ part: 'simulated food', state: 'unplugged', why }];
  }

  #open(): number | null {
    try {
      // Created when missing, kept when not: `w` would leave an empty file to whoever reads it now.
      closeSync(openSync(this.#path, 'a', 0o600));
      const file = openSync(this.#path, 'r+');
      ftruncateSync(file, FILE_BYTES);
      return file;
    } catch (error) {
      this.#refusal = refusalOf(error);
      return null;
    }
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
        if (this.#file !== null) closeSync(this.#file);
      },
    };
  }

  /** Writes the present truth, unless it is what was written last. */
  save(): void {
    if (this.#file === null) return;
    const leftMs = Math.max(0, Math.min(250, this.#motor.untilMs - this.#clock.monoMs()));
    const state = saveWorld(this.#world, {
      seed: this.#seed,
      wallMs: 0,
      motor: { share: leftMs > 0 ? this.#motor.share : 0, leftMs },
    });
    const text = JSON.stringify(state);
    if (text === this.#written) return;
    const dated = JSON.stringify({ ...state, savedAtWallMs: this.#realClock.wallMs() });
    try {
      this.#write(this.#file, dated.padEnd(FILE_BYTES));
      this.#written = text;
      this.#refusal = null;
    } catch (error) {
      this.#refusal = refusalOf(error);
    }
  }
}

/** The code of what the file system refused, such as `EROFS`; other errors are thrown on. */
function refusalOf(error: unknown): string {
  if (error instanceof Error && 'code' in error && 'syscall' in error) return String(error.code);
  throw error;
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
