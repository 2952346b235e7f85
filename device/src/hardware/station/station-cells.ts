import {
  BowlReadingSchema,
  type Fault,
  FaultSchema,
  type Grams,
  HopperStateSchema,
  type Milliseconds,
} from '@cat-feeder/shared';
import type { StationHealth } from '../../dispensing/feed-station.ts';

/*
 * Memory that the main thread and the control loop share, so that the one can be asked for the
 * other's state without waking it, and the motor's permission can be taken back while the other
 * side is busy.
 *
 *   main thread --permission, heartbeat--> control loop
 *   main thread <--health, sign of life--- control loop
 *
 * C1 Permission that was taken back is never given again in this process.
 * C2 A reader sees the fields of one health together: the writer makes the version odd while it
 *    writes, and the reader repeats when the version was odd or has changed.
 */

const PERMISSION = 0;
const HEARTBEAT = 1;
const VERSION = 2;
const INT_CELLS = 4;

const field = {
  writtenAtMs: 0,
  loopAtMs: 1,
  bowlGrams: 2,
  sigmaGrams: 3,
  bowlState: 4,
  bowlAgeMs: 5,
  hopperGrams: 6,
  motorOn: 7,
  undervoltage: 8,
  fault: 9,
  hopperState: 10,
  stillGrams: 11,
  stillAgeMs: 12,
} as const;
const FLOAT_CELLS = Object.keys(field).length;

/** A torn read needs the writer to be stopped in the middle; more tries than this do not help. */
const READ_TRIES_MAX = 1000;

const bowlStates = BowlReadingSchema.entries.state.options;
const hopperStates = HopperStateSchema.options;
const faults = FaultSchema.options;

/** Times are `monoMs` of a clock that both threads read alike. */
export class StationCells {
  readonly memory: SharedArrayBuffer;
  readonly #ints: Int32Array;
  readonly #floats: Float64Array;

  /** Without `memory` new cells are made: permission given, no sign of life yet at `nowMs`. */
  constructor(start: { memory: SharedArrayBuffer } | { nowMs: Milliseconds }) {
    const bytes = INT_CELLS * Int32Array.BYTES_PER_ELEMENT;
    const size = bytes + FLOAT_CELLS * Float64Array.BYTES_PER_ELEMENT;
    this.memory = 'memory' in start ? start.memory : new SharedArrayBuffer(size);
    this.#ints = new Int32Array(this.memory, 0, INT_CELLS);
    this.#floats = new Float64Array(this.memory, bytes, FLOAT_CELLS);
    if ('nowMs' in start) {
      Atomics.store(this.#ints, PERMISSION, 1);
      this.beat(start.nowMs);
      this.writeHealth(unknownHealth, start.nowMs);
    }
  }

  /** Takes the motor's permission back for good and wakes the loop to see it. */
  revoke(): void {
    Atomics.store(this.#ints, PERMISSION, 0);
    Atomics.notify(this.#ints, PERMISSION);
  }

  get isRevoked(): boolean {
    return Atomics.load(this.#ints, PERMISSION) === 0;
  }

  /** Resolves when the permission is taken back; it does not keep a program alive. */
  async revoked(): Promise<void> {
    // Once: the value only ever goes from 1 to 0.
    const { value } = Atomics.waitAsync(this.#ints, PERMISSION, 1);
    await value;
  }

  /** The main thread is alive. */
  beat(nowMs: Milliseconds): void {
    Atomics.store(this.#ints, HEARTBEAT, Math.trunc(nowMs) | 0);
  }

  /** Age of the main thread's last beat, in whole milliseconds (modulo 49 days). */
  heartbeatAgeMs(nowMs: Milliseconds): Milliseconds {
    return ((Math.trunc(nowMs) | 0) - Atomics.load(this.#ints, HEARTBEAT)) >>> 0;
  }

  /** Stores what the loop knows; `loopAgeMs` counts back from `nowMs`. */
  writeHealth(health: StationHealth, nowMs: Milliseconds): void {
    const version = Atomics.load(this.#ints, VERSION);
    Atomics.store(this.#ints, VERSION, version | 1);
    const cells = this.#floats;
    cells[field.writtenAtMs] = nowMs;
    cells[field.loopAtMs] = nowMs - health.loopAgeMs;
    cells[field.bowlGrams] = health.bowl.grams ?? Number.NaN;
    cells[field.sigmaGrams] = health.bowl.sigmaGrams;
    cells[field.bowlState] = bowlStates.indexOf(health.bowl.state);
    cells[field.bowlAgeMs] = health.bowl.ageMs;
    cells[field.stillGrams] = health.bowlStill?.grams ?? Number.NaN;
    cells[field.stillAgeMs] = health.bowlStill?.ageMs ?? Number.NaN;
    cells[field.hopperGrams] = health.hopperGrams ?? Number.NaN;
    cells[field.hopperState] = hopperStates.indexOf(health.hopperState);
    cells[field.motorOn] = health.motorOn ? 1 : 0;
    cells[field.undervoltage] = health.undervoltage ? 1 : 0;
    cells[field.fault] = health.fault === null ? -1 : faults.indexOf(health.fault);
    Atomics.store(this.#ints, VERSION, (version | 1) + 1);
  }

  /** The last health with its ages brought up to `nowMs`. */
  readHealth(nowMs: Milliseconds): StationHealth {
    const cells = this.#snapshot();
    const at = (index: number) => cells[index] ?? Number.NaN;
    const sinceMs = Math.max(0, nowMs - at(field.writtenAtMs));
    const stillGrams = known(at(field.stillGrams));
    return {
      bowl: {
        grams: known(at(field.bowlGrams)),
        sigmaGrams: at(field.sigmaGrams),
        state: bowlStates[at(field.bowlState)] ?? 'silent',
        ageMs: at(field.bowlAgeMs) + sinceMs,
      },
      bowlStill:
        stillGrams === null ? null : { grams: stillGrams, ageMs: at(field.stillAgeMs) + sinceMs },
      hopperGrams: known(at(field.hopperGrams)),
      hopperState: hopperStates[at(field.hopperState)] ?? 'waiting',
      motorOn: at(field.motorOn) === 1,
      undervoltage: at(field.undervoltage) === 1,
      fault: faultAt(at(field.fault)),
      loopAgeMs: Math.max(0, nowMs - at(field.loopAtMs)),
    };
  }

  #snapshot(): Float64Array {
    let copy = this.#floats.slice();
    for (let tries = 0; tries < READ_TRIES_MAX; tries++) {
      const before = Atomics.load(this.#ints, VERSION);
      copy = this.#floats.slice();
      if (before % 2 === 0 && Atomics.load(this.#ints, VERSION) === before) break;
    }
    return copy;
  }
}

/** Before the first scan nothing is known, and nothing is wrong either. */
const unknownHealth: StationHealth = {
  bowl: { grams: null, sigmaGrams: 0, state: 'moving', ageMs: 0 },
  bowlStill: null,
  hopperGrams: null,
  hopperState: 'waiting',
  motorOn: false,
  undervoltage: false,
  fault: null,
  loopAgeMs: 0,
};

function known(grams: number): Grams | null {
  return Number.isNaN(grams) ? null : grams;
}

function faultAt(index: number): Fault | null {
  return faults[index] ?? null;
}
