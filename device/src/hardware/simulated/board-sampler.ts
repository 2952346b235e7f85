import type { Milliseconds } from '@cat-feeder/shared';
import type { SeededRandom } from '../../platform/random.ts';
import type { Sample } from '../../weighing/sample.ts';
import type { FeederModel, Sampler } from './feeder-model.ts';
import type { Profile } from './profile.ts';

/** How often the converter is read. */
export interface SampleRate {
  readonly isFast: boolean;
  /** Length of one conversion. */
  readonly periodMs: Milliseconds;
  /** From one reading to the next: the period, or more where readings are thinned out. */
  readonly spacingMs: Milliseconds;
}

/** A converter gives nothing for so many periods after its rate was changed. */
const SETTLING_CONVERSIONS = 4;
/** Readings further apart than this many periods know nothing of each other. */
const MEMORY_PERIODS = 3;
/** What is kept for a listener that is late; the older half goes first. */
const PENDING_SAMPLES_MAX = 4096;
const IDLE_CURRENT_NOISE_MILLIAMPS = 2;

/** Reads the sensors of the model at the converter's pace and keeps what it read until fetched. */
export class BoardSampler implements Sampler {
  readonly #model: FeederModel;
  readonly #profile: Profile;
  readonly #random: SeededRandom;
  /** Board time = world time + this. */
  readonly #offsetMs: Milliseconds;
  readonly #conversion = { periodMs: 100, isFast: false, isFresh: true };
  #rate: SampleRate = { isFast: false, periodMs: 100, spacingMs: 100 };
  #pending: Sample[] = [];
  #lastMs: Milliseconds;
  #lastCharge: number;
  readonly #firstTravelTurns: number;
  readonly #indexPhase: number;
  #indexEdges = 0;
  #lastTurns = 0;
  #lostTurns = 0;

  nextMs: Milliseconds = Number.POSITIVE_INFINITY;

  constructor(options: {
    readonly model: FeederModel;
    readonly profile: Profile;
    readonly random: SeededRandom;
    readonly offsetMs: Milliseconds;
  }) {
    this.#model = options.model;
    this.#profile = options.profile;
    this.#random = options.random;
    this.#offsetMs = options.offsetMs;
    this.#lastMs = options.model.nowMs;
    this.#lastCharge = options.model.shaft.charge;
    this.#firstTravelTurns = options.model.shaft.travelTurns;
    this.#indexPhase = this.#random.next();
  }

  /** Goes on at another rate; the converter settles first. */
  setRate(rate: SampleRate): void {
    this.#rate = rate;
    this.#conversion.periodMs = rate.periodMs;
    this.#conversion.isFast = rate.isFast;
    this.nextMs =
      this.#model.nowMs + Math.max(rate.spacingMs, SETTLING_CONVERSIONS * rate.periodMs);
  }

  sample(atMs: Milliseconds): void {
    const { spacingMs, periodMs } = this.#rate;
    this.nextMs = atMs + spacingMs;
    this.#conversion.isFresh = atMs - this.#lastMs > MEMORY_PERIODS * periodMs;
    if (this.#pending.length >= PENDING_SAMPLES_MAX) {
      this.#pending.splice(0, PENDING_SAMPLES_MAX / 2);
    }
    this.#pending.push({
      atMs: atMs + this.#offsetMs,
      bowl: this.#model.readBowlCell(this.#conversion),
      hopper: this.#model.hopper.counts(),
      indexEdges: this.#countEdges(),
      motorMilliamps: this.#profile.motor.hasCurrentSensor ? this.#readCurrent(atMs) : null,
      undervoltage: this.#model.sag.isActive,
      motorUnreachable: this.#model.isDriverAway,
    });
    this.#lastMs = atMs;
  }

  /** What was read since it was asked last, oldest first. */
  takeSamples(): readonly Sample[] {
    const samples = this.#pending;
    this.#pending = [];
    return samples;
  }

  #countEdges(): number | null {
    const { indexEdgesPerTurn } = this.#profile.motor;
    if (indexEdgesPerTurn === null) return null;
    const turns = this.#model.shaft.travelTurns - this.#firstTravelTurns;
    // Edges that came while the index was lost are never counted, also not when it is back.
    if (this.#model.isIndexLost) this.#lostTurns += turns - this.#lastTurns;
    this.#lastTurns = turns;
    this.#indexEdges = Math.floor((turns - this.#lostTurns) * indexEdgesPerTurn + this.#indexPhase);
    return this.#indexEdges;
  }

  #readCurrent(atMs: Milliseconds): number {
    const { charge } = this.#model.shaft;
    const passed = charge - this.#lastCharge;
    this.#lastCharge = charge;
    const idle = IDLE_CURRENT_NOISE_MILLIAMPS * this.#random.next();
    if (passed === 0) return idle;
    const noise = 1 + this.#profile.motor.currentNoiseFraction * this.#random.gaussian();
    return idle + (passed / (atMs - this.#lastMs)) * Math.max(0, noise);
  }
}
