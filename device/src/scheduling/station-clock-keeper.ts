import {
  DAY_MS,
  type EpochMs,
  FeederError,
  HOUR_MS,
  MINUTE_MS,
  type Milliseconds,
  SECOND_MS,
} from '@cat-feeder/shared';
import type { Cancel, Clock, StationTime, TimeSource } from '../platform/clock.ts';
import { checkOf, type PartCheck, type PartHealth } from '../platform/part.ts';
import { nextTrust, qualityOf, type TrustEvent, type TrustState } from './clock-trust.ts';
import { type ClockChange, healthOfTrust, type TrustedClock } from './trusted-clock.ts';

/** What of the time survives a power cut. */
export interface ClockRecord {
  /** The best known wall time when it was saved. */
  readonly wallMs: EpochMs;
  /** Time lived through until then, over all starts. */
  readonly ageMs: Milliseconds;
  /** Lived time at the last big step, while the clock is doubted on its account; else null. */
  readonly doubtedAtAgeMs: Milliseconds | null;
  /** The machine's power-up, its monotonic clock at the save, and the lived time at its first start. */
  readonly power: {
    readonly powerUp: string;
    readonly monoMs: Milliseconds;
    readonly ageMs: Milliseconds;
    readonly poweredAtAgeMs: Milliseconds;
  } | null;
}

/** Where the record is kept. `save` is durable when it returns; it may throw `ERR_STORAGE`. */
export interface ClockMemory {
  load(): ClockRecord | null;
  save(record: ClockRecord): void;
}

export interface StationClockParts {
  readonly clock: Clock;
  readonly source: TimeSource;
  readonly memory: ClockMemory;
  /** Differs between any two starts of the daemon. */
  readonly bootId: string;
  /** When the program was built: no believable clock is before it. */
  readonly builtAtMs: EpochMs;
}

/** Wall and monotonic clock may differ by this before it counts as a step. */
export const STEP_MS: Milliseconds = 2 * SECOND_MS;
/** A trusted clock that jumps further than this is doubted. */
export const BIG_STEP_MS: Milliseconds = HOUR_MS;
/** A doubted clock settles after this long without another big step. */
export const SETTLE_MS: Milliseconds = DAY_MS;
/** So much lived time a power cut can cost. */
export const SAVE_EVERY_MS: Milliseconds = 5 * MINUTE_MS;
/** The operating system is asked for the origin of its clock this often at most. */
const ASK_ORIGIN_EVERY_MS: Milliseconds = 10 * SECOND_MS;

/**
 * The station clock: the system's wall clock while it can be believed, else the last known time
 * carried on by the monotonic clock. Reading it notices steps; only the timer writes to memory.
 */
export class StationClockKeeper implements TrustedClock {
  readonly #parts: StationClockParts;
  readonly #listeners = new Set<(change: ClockChange) => void>();
  readonly #startMonoMs: Milliseconds;
  readonly #startAgeMs: Milliseconds;
  readonly #poweredAtAgeMs: Milliseconds;
  #state: TrustState = 'unknown';
  #origin: ReturnType<TimeSource['origin']> = 'none';
  #askedMonoMs: Milliseconds;
  /** Station time minus system wall time: not 0 while the system's clock is behind what is known. */
  #offsetMs: Milliseconds = 0;
  #lastWallMs: EpochMs;
  #lastMonoMs: Milliseconds;
  #lastBigStepMonoMs: Milliseconds = Number.NEGATIVE_INFINITY;
  #hasReckoning: boolean;
  #cancelSave: Cancel | null = null;
  #failedSaves = 0;
  #isClosed = false;

  constructor(parts: StationClockParts) {
    this.#parts = parts;
    const { clock, source, memory } = parts;
    const record = memory.load();
    const wallMs = clock.wallMs();
    this.#startMonoMs = clock.monoMs();
    const goneOn = this.#goneOnSince(record);
    this.#startAgeMs = Math.max(record?.ageMs ?? 0, goneOn?.ageMs ?? 0);
    this.#poweredAtAgeMs = goneOn?.poweredAtAgeMs ?? this.#startAgeMs;
    this.#lastMonoMs = this.#startMonoMs;
    this.#askedMonoMs = this.#startMonoMs;
    this.#hasReckoning = record !== null && record.wallMs >= parts.builtAtMs;
    this.#origin = source.origin();
    const knownMs = record !== null && this.#hasReckoning ? record.wallMs : wallMs;
    this.#offsetMs = this.#mustCarryOn(wallMs, knownMs) ? knownMs - wallMs : 0;
    this.#lastWallMs = wallMs + this.#offsetMs;
    this.#state = nextTrust(this.#rememberedDoubt(record), this.#originEvent(wallMs));
    if (record !== null && goneOn !== null && this.#hasReckoning) {
      this.#noticeStep(wallMs - (record.wallMs + goneOn.ageMs - goneOn.savedAgeMs));
    }
  }

  /** Where the monotonic clock went on over a restart of the daemon, lived time did, too. */
  #goneOnSince(record: ClockRecord | null) {
    const power = record?.power ?? null;
    if (power === null || power.powerUp !== this.#powerUp()) return null;
    const passedMs = this.#startMonoMs - power.monoMs;
    if (passedMs < 0) return null;
    const { ageMs: savedAgeMs, poweredAtAgeMs } = power;
    return { ageMs: savedAgeMs + passedMs, savedAgeMs, poweredAtAgeMs };
  }

  /** A clock that was set while the daemon was down comes into doubt like one that jumps. */
  #noticeStep(stepMs: Milliseconds): void {
    if (Math.abs(stepMs) <= BIG_STEP_MS) return;
    this.#state = nextTrust(this.#state, 'big_step');
    if (this.#state === 'doubted') this.#lastBigStepMonoMs = this.#startMonoMs;
  }

  #powerUp(): string | null {
    return this.#parts.source.powerUp?.() ?? null;
  }

  /** A doubt outlives a restart: a false clock must not become true by it. */
  #rememberedDoubt(record: ClockRecord | null): TrustState {
    const doubtedAtAgeMs = record?.doubtedAtAgeMs ?? null;
    if (doubtedAtAgeMs === null) return 'unknown';
    const doubtedForMs = this.#startAgeMs - doubtedAtAgeMs;
    this.#lastBigStepMonoMs = this.#startMonoMs - doubtedForMs;
    return doubtedForMs < SETTLE_MS ? 'doubted' : 'unknown';
  }

  now(): StationTime {
    const monoMs = this.#parts.clock.monoMs();
    const systemMs = this.#parts.clock.wallMs();
    const reckonedMs = this.#lastWallMs + (monoMs - this.#lastMonoMs);
    const isAskDue = monoMs - this.#askedMonoMs >= ASK_ORIGIN_EVERY_MS;
    const isStep = Math.abs(systemMs + this.#offsetMs - reckonedMs) > STEP_MS;
    if (isStep || isAskDue) this.#review(systemMs, monoMs, reckonedMs);
    this.#lastWallMs = systemMs + this.#offsetMs;
    this.#lastMonoMs = monoMs;
    return this.#time(monoMs);
  }

  health(): PartHealth {
    return healthOfTrust(this.#state);
  }

  /** Asks the operating system anew. */
  async selfTest(): Promise<PartCheck> {
    this.#askedMonoMs = Number.NEGATIVE_INFINITY;
    const { quality } = this.now();
    const fix =
      'Connect the feeder to a network, or fit a clock with a battery: feeder doctor looks at both.';
    return checkOf(this.health(), `The clock is ${quality}.`, fix);
  }

  subscribe(listener: (change: ClockChange) => void): Cancel {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Saves the time now and every five minutes. */
  start(): void {
    if (this.#cancelSave === null) this.#saveAndRearm();
  }

  /** Saves once more, and tells nobody any more. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#listeners.clear();
    this.#cancelSave?.();
    this.#cancelSave = null;
    this.#save();
  }

  /** Saves that the disk refused since the start. */
  failedSaves(): number {
    return this.#failedSaves;
  }

  #review(systemMs: EpochMs, monoMs: Milliseconds, reckonedMs: EpochMs): void {
    this.#askedMonoMs = monoMs;
    this.#origin = this.#parts.source.origin();
    const from = qualityOf(this.#state);
    this.#offsetMs = this.#mustCarryOn(systemMs, reckonedMs) ? reckonedMs - systemMs : 0;
    const differenceMs = systemMs + this.#offsetMs - reckonedMs;
    const stepMs = Math.abs(differenceMs) > STEP_MS ? differenceMs : 0;
    if (Math.abs(stepMs) > BIG_STEP_MS) {
      this.#state = nextTrust(this.#state, 'big_step');
      this.#lastBigStepMonoMs = monoMs;
    } else if (this.#state === 'doubted' && monoMs - this.#lastBigStepMonoMs >= SETTLE_MS) {
      this.#state = nextTrust(this.#state, 'settled');
    }
    this.#state = nextTrust(this.#state, this.#originEvent(systemMs));
    const to = qualityOf(this.#state);
    if (to !== 'unknown') this.#hasReckoning = true;
    this.#lastWallMs = systemMs + this.#offsetMs;
    this.#lastMonoMs = monoMs;
    if (stepMs !== 0 || from !== to) this.#tell({ from, to, stepMs, time: this.#time(monoMs) });
  }

  /**
   * Whether the system's clock is worse than what is already known: it shows a time before the
   * program existed, or nothing vouches for it and it is behind.
   */
  #mustCarryOn(systemMs: EpochMs, knownMs: EpochMs): boolean {
    if (!this.#hasReckoning) return false;
    if (systemMs < this.#parts.builtAtMs) return true;
    return this.#origin === 'none' && systemMs < knownMs - STEP_MS;
  }

  #originEvent(systemMs: EpochMs): TrustEvent {
    if (systemMs >= this.#parts.builtAtMs) return this.#origin;
    return this.#hasReckoning ? 'none' : 'implausible';
  }

  #tell(change: ClockChange): void {
    for (const listener of this.#listeners) listener(change);
    if (this.#cancelSave !== null) this.#saveAndRearm();
  }

  #saveAndRearm(): void {
    this.#cancelSave?.();
    this.#save();
    this.#cancelSave = this.#parts.clock.after('clock memory', SAVE_EVERY_MS, () => {
      this.#saveAndRearm();
    });
  }

  /** A refused save costs lived time at the next power cut and nothing now, so it is counted. */
  #save(): void {
    const { wallMs, ageMs, quality } = this.now();
    const doubtedForMs = this.#lastMonoMs - this.#lastBigStepMonoMs;
    const doubtedAtAgeMs = this.#state === 'doubted' ? ageMs - doubtedForMs : null;
    const powerUp = this.#powerUp();
    const poweredAtAgeMs = this.#poweredAtAgeMs;
    const power = powerUp && { powerUp, monoMs: this.#lastMonoMs, ageMs, poweredAtAgeMs };
    this.#write({
      wallMs: quality === 'unknown' ? 0 : wallMs,
      ageMs,
      doubtedAtAgeMs,
      power: power || null,
    });
  }

  #write(record: ClockRecord): void {
    try {
      this.#parts.memory.save(record);
    } catch (error) {
      if (!(error instanceof FeederError) || error.code !== 'ERR_STORAGE') throw error;
      this.#failedSaves += 1;
    }
  }

  #time(monoMs: Milliseconds): StationTime {
    return {
      wallMs: this.#lastWallMs,
      monoMs,
      ageMs: this.#startAgeMs + (monoMs - this.#startMonoMs),
      bootId: this.#parts.bootId,
      poweredAtAgeMs: this.#poweredAtAgeMs,
      quality: qualityOf(this.#state),
    };
  }
}
