import { createHash, type Hash } from 'node:crypto';
import type { Milliseconds } from '@cat-feeder/shared';
import type { Checker, Observed, Situation } from './observed.ts';

/** A broken invariant, with what led to it. */
export interface Violation {
  readonly seed: number;
  readonly invariant: string;
  readonly atMs: Milliseconds;
  readonly why: string;
  /** The last things that happened, oldest first. */
  readonly trail: readonly string[];
}

const TRAIL_LENGTH = 40;

/** Passes on what happens to every checker, keeps a trail of it and folds it into one hash. */
export class Recorder {
  readonly #seed: number;
  readonly #situation: Situation;
  readonly #print: ((line: string) => void) | null;
  readonly #opinion: () => string;
  readonly #checkers: Checker[] = [];
  readonly #motorCheckers: Checker[] = [];
  readonly #hash: Hash = createHash('sha256');
  /** Put into words only when somebody reads them. */
  #trail: { readonly atMs: Milliseconds; readonly line: string }[] = [];
  readonly violations: Violation[] = [];
  faults = 0;

  constructor(parts: {
    seed: number;
    situation: Situation;
    /** Gets every line of the trail as it comes; null: only failures show theirs. */
    print: ((line: string) => void) | null;
    /** The daemon's own view, shown with a failure. */
    opinion: () => string;
  }) {
    this.#seed = parts.seed;
    this.#situation = parts.situation;
    this.#print = parts.print;
    this.#opinion = parts.opinion;
  }

  add(checker: Checker): void {
    this.#checkers.push(checker);
    if (checker.watchesMotor === true) this.#motorCheckers.push(checker);
  }

  readonly fail = (invariant: string, why: string): void => {
    this.tell(this.#opinion());
    this.tell(`VIOLATION ${invariant}: ${why}`);
    const { nowMs } = this.#situation;
    const trail = this.#trail.map(inWords);
    this.violations.push({ seed: this.#seed, invariant, atMs: nowMs, why, trail });
  };

  /** A line for people. It is no part of the hash. */
  readonly tell = (line: string): void => {
    const event = { atMs: this.#situation.nowMs, line };
    this.#trail.push(event);
    if (this.#trail.length > 2 * TRAIL_LENGTH) this.#trail = this.#trail.slice(-TRAIL_LENGTH);
    this.#print?.(inWords(event));
  };

  emit(event: Observed): void {
    if (event.kind === 'fault') this.faults += 1;
    const line = lineOf(event);
    if (line !== null) {
      this.tell(line);
      this.#hash.update(`${this.#situation.nowMs} ${line}\n`);
    }
    const checkers = event.kind === 'slice' ? this.#motorCheckers : this.#checkers;
    for (const checker of checkers) checker.see(event, this.#situation);
  }

  /** Adds a fact to the hash. */
  mix(text: string): void {
    this.#hash.update(text);
  }

  /** The hash of everything that happened; the recorder can be used no further. */
  digest(): string {
    return this.#hash.digest('hex');
  }
}

function inWords({ atMs, line }: { atMs: Milliseconds; line: string }): string {
  return `${sinceStart(atMs)} ${line}`;
}

/** `3d 04:05:06.789`. */
export function sinceStart(ms: Milliseconds): string {
  const two = (value: number) => String(Math.floor(value)).padStart(2, '0');
  const days = Math.floor(ms / 86_400_000);
  const seconds = ((ms % 60_000) / 1000).toFixed(3).padStart(6, '0');
  return `${days}d ${two((ms / 3_600_000) % 24)}:${two((ms / 60_000) % 60)}:${seconds}`;
}

/** One line for the trail; null for what happens too often. */
function lineOf(event: Observed): string | null {
  switch (event.kind) {
    case 'boot':
      return `boot ${event.number}`;
    case 'death':
      return `death by ${event.how}`;
    case 'hang':
      return `the ${event.what} is gone`;
    case 'resumed':
      return 'resumed';
    case 'order': {
      const { feedingId, portionGrams, gramsMax, openLoop } = event.order;
      return `order ${feedingId}: ${portionGrams} g (at most ${gramsMax.toFixed(2)} g)${openLoop ? ', open loop' : ''}`;
    }
    case 'outcome': {
      const { feedingId, result, fault, dose } = event.outcome;
      return `outcome ${feedingId}: ${result} ${fault ?? ''} [${dose.lowGrams.toFixed(2)}, ${dose.highGrams.toFixed(2)}] ${dose.method}`;
    }
    case 'entry':
      return `ledger ${event.entry.seq} ${event.entry.name} ${shortBody(event.entry.body)}`;
    case 'answer':
      return `${event.request.label}: ${event.status} ${codeOf(event.body)}`;
    case 'fault':
      return `fault ${event.fault} ${event.note}`;
    case 'sent':
    case 'slice':
    case 'look':
    case 'end':
      return null;
  }
}

function shortBody(body: unknown): string {
  return JSON.stringify(body).slice(0, 400);
}

function codeOf(body: unknown): string {
  const { error, data } = (body ?? {}) as {
    error?: { code?: string; details?: { path: string; message: string }[] };
    data?: { id?: string };
  };
  return error === undefined
    ? (data?.id ?? '')
    : `${error.code} ${(error.details ?? []).map(({ path, message }) => `${path} ${message}`).join(', ')}`;
}
