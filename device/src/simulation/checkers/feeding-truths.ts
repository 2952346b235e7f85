import type { Grams, Milliseconds, Settings } from '@cat-feeder/shared';
import type { DispenseOrder } from '../../dispensing/feed-station.ts';
import type { WorldTruth } from '../../hardware/simulated/feeder-world.ts';
import type { AuditEntry } from '../ledger-reader.ts';
import type { Checker, Observed, Situation } from '../observed.ts';

type Claimed = Extract<AuditEntry, { name: 'feeding.claimed' }>['body'];
type Ended = Extract<AuditEntry, { name: 'feeding.ended' }>['body'];

/** One feeding as it truly went, with what the ledger says of it beside. */
export interface FeedingTruth {
  readonly feedingId: string;
  readonly order: DispenseOrder;
  readonly orderedAtMs: Milliseconds;
  readonly settings: Settings;
  /** Food on its way, or held in the chute, from before. */
  readonly inFlightBeforeGrams: Grams;
  readonly landedBefore: Grams;
  readonly forwardTurnsBefore: number;
  readonly motorMsBefore: Milliseconds;
  claim: Claimed | null;
  ended: Ended | null;
  firstMotionMs: Milliseconds | null;
  lastMotionMs: Milliseconds;
  /** When its outcome was known, if a living program knew it. */
  endedAtMs: Milliseconds | null;
  slices: number;
  /** Final once `isClosed`. */
  landedGrams: Grams;
  forwardTurns: number;
  motorMs: Milliseconds;
  isClosed: boolean;
  /** The program ended in the middle of it: a later start closed it. */
  wasInterrupted: boolean;
  /** Something wrong with the world was seen while it ran. */
  wasDisturbed: boolean;
}

/** Feedings whose windows may still matter. */
const KEPT_MS: Milliseconds = 26 * 3_600_000;
/** The slowest late pieces: after this a feeding's food has landed. */
const SETTLED_MS: Milliseconds = 30_000;

/**
 * Follows every run of the dispenser. Food belongs to the feeding whose motion was the last
 * before it landed.
 */
export class FeedingTruths implements Checker {
  readonly watchesMotor = true;
  readonly #truth: () => WorldTruth;
  readonly #settings: () => Settings;
  readonly #isCalm: () => boolean;
  readonly #claims = new Map<string, Claimed>();
  /** The start of the daemon that wrote each claim. */
  readonly #claimBoots = new Map<string, string>();
  readonly #ends = new Map<string, Ended>();
  readonly #closeListeners: ((feeding: FeedingTruth, now: Situation) => void)[] = [];
  #all: FeedingTruth[] = [];
  #current: FeedingTruth | null = null;

  constructor(parts: {
    truth: () => WorldTruth;
    settings: () => Settings;
    /** False while a cat, a fault or a person interferes. */
    isCalm: () => boolean;
  }) {
    this.#truth = parts.truth;
    this.#settings = parts.settings;
    this.#isCalm = parts.isCalm;
  }

  /** The feeding that runs or ran last. */
  get current(): FeedingTruth | null {
    return this.#current;
  }

  /** The feeding that runs, by the ledger; null while none does. */
  get runningId(): string | null {
    return this.#current === null || this.#current.ended !== null ? null : this.#current.feedingId;
  }

  get recent(): readonly FeedingTruth[] {
    return this.#all;
  }

  claimOf(feedingId: string): Claimed | undefined {
    return this.#claims.get(feedingId);
  }

  /** Told once for each feeding, when its food has landed and before another begins. */
  onClosed(listener: (feeding: FeedingTruth, now: Situation) => void): void {
    this.#closeListeners.push(listener);
  }

  see(event: Observed, now: Situation): void {
    if (event.kind === 'slice') this.#moved(now);
    else if (event.kind === 'entry') this.#note(event.entry);
    else if (event.kind === 'outcome') {
      if (this.#current !== null) this.#current.endedAtMs = now.nowMs;
    } else if (event.kind === 'order') {
      this.#close(now);
      this.#open(event.order, now);
    } else if (event.kind === 'death') {
      if (this.#isRunning(now)) this.#interrupt();
    } else if (event.kind === 'hang' || event.kind === 'fault') {
      if (this.#isRunning(now) && this.#current !== null) this.#current.wasDisturbed = true;
    } else if (event.kind === 'end' || (event.kind === 'look' && !this.#isRunning(now))) {
      this.#close(now);
    }
  }

  #open(order: DispenseOrder, now: Situation): void {
    const truth = this.#truth();
    this.#current = {
      feedingId: order.feedingId,
      order,
      orderedAtMs: now.nowMs,
      settings: this.#settings(),
      inFlightBeforeGrams: truth.inFlightGrams,
      landedBefore: truth.landedGrams,
      forwardTurnsBefore: truth.forwardTurns,
      motorMsBefore: truth.motorOnMs,
      claim: this.#claims.get(order.feedingId) ?? null,
      ended: null,
      firstMotionMs: null,
      lastMotionMs: now.nowMs,
      endedAtMs: null,
      slices: 0,
      landedGrams: 0,
      forwardTurns: 0,
      motorMs: 0,
      isClosed: false,
      wasInterrupted: false,
      wasDisturbed: !this.#isCalm(),
    };
    this.#all = this.#all.filter((feeding) => now.nowMs - feeding.lastMotionMs < KEPT_MS);
    this.#all.push(this.#current);
  }

  #moved(now: Situation): void {
    const feeding = this.#current;
    if (feeding === null) return;
    feeding.firstMotionMs ??= now.nowMs;
    feeding.lastMotionMs = now.nowMs;
    feeding.slices += 1;
    if (!feeding.wasDisturbed && !this.#isCalm()) feeding.wasDisturbed = true;
  }

  #note(entry: AuditEntry): void {
    if (entry.name === 'feeding.claimed') {
      this.#claims.set(entry.body.feedingId, entry.body);
      this.#claimBoots.set(entry.body.feedingId, entry.boot);
      const feeding = this.#find(entry.body.feedingId);
      if (feeding !== undefined) feeding.claim = entry.body;
    } else if (entry.name === 'feeding.ended') {
      this.#ends.set(entry.body.feedingId, entry.body);
      const feeding = this.#find(entry.body.feedingId);
      if (feeding === undefined) return;
      feeding.ended = entry.body;
      feeding.wasInterrupted = this.#claimBoots.get(entry.body.feedingId) !== entry.boot;
    }
  }

  #find(feedingId: string): FeedingTruth | undefined {
    return this.#all.find((feeding) => feeding.feedingId === feedingId);
  }

  /** Whether its motion, or the fall of its food, may still go on. */
  #isRunning(now: Situation): boolean {
    const feeding = this.#current;
    if (feeding === null || feeding.isClosed) return false;
    const isOpen = feeding.ended === null && !feeding.wasInterrupted;
    return isOpen || now.nowMs - feeding.lastMotionMs < SETTLED_MS;
  }

  #interrupt(): void {
    if (this.#current !== null && this.#current.ended === null) this.#current.wasInterrupted = true;
  }

  #close(now: Situation): void {
    const feeding = this.#current;
    if (feeding === null || feeding.isClosed) return;
    const truth = this.#truth();
    feeding.landedGrams = truth.landedGrams - feeding.landedBefore;
    feeding.forwardTurns = truth.forwardTurns - feeding.forwardTurnsBefore;
    feeding.motorMs = truth.motorOnMs - feeding.motorMsBefore;
    feeding.isClosed = true;
    for (const listener of this.#closeListeners) listener(feeding, now);
  }
}
