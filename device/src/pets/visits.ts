import type { EpochMs, Grams, Milliseconds } from '@cat-feeder/shared';
import type { Cancel, Clock } from '../platform/clock.ts';
import type { PresenceChange } from './presence.ts';

/** After somebody left, the bowl is looked at so often and so long until it stands still. */
const LOOK_EVERY_MS: Milliseconds = 2000;
const LOOKS_MAX = 15;
/** More in the bowl than before by more than this: not food that was eaten, but a hand. */
const RISE_GRAMS_MAX: Grams = 2;

/** What stands in the bowl, when it stands still. */
export interface StillBowl {
  readonly grams: Grams;
  readonly sigmaGrams: Grams;
}

/** One stay of one tag at the bowl. */
export interface Visit {
  readonly startedMs: EpochMs;
  readonly endedMs: EpochMs;
  /** Null: it cannot be told, because the bowl did not rest, food fell, or two were there. */
  readonly eaten: { readonly grams: Grams; readonly sigmaGrams: Grams } | null;
}

interface Stay {
  readonly startedMs: EpochMs;
  /** Null when nothing can be told any more. */
  before: StillBowl | null;
}

export interface VisitBookParts {
  readonly clock: Clock;
  readonly wallMs: () => EpochMs;
  /** Null while the bowl does not stand still, or nobody can say. Looks only, never weighs anew. */
  readonly bowl: () => StillBowl | null;
  readonly onVisit: (visit: Visit) => void;
}

/** Makes visits of arrivals and departures, and weighs what was eaten where that can be told. */
export class VisitBook {
  readonly #parts: VisitBookParts;
  readonly #stays = new Map<string, Stay>();
  /** A visit that has ended and waits for the bowl to rest. At most one: a second one spoils it. */
  #ending: { readonly stay: Stay; readonly endedMs: EpochMs; readonly cancel: Cancel } | null =
    null;

  constructor(parts: VisitBookParts) {
    this.#parts = parts;
  }

  changed({ kind, id }: PresenceChange): void {
    if (kind === 'arrived') this.#arrived(id);
    else this.#left(id);
  }

  /** Food fell, or a hand was at the bowl: what is eaten around it cannot be told. */
  foodMoved(): void {
    for (const stay of this.#stays.values()) stay.before = null;
    this.#spoil();
  }

  /** A visit that lasts is forgotten; one that has ended is told. Idempotent. */
  close(): void {
    this.#spoil();
    this.#stays.clear();
  }

  #arrived(id: string): void {
    const isAlone = this.#stays.size === 0 && this.#ending === null;
    this.#spoil();
    if (!isAlone) for (const stay of this.#stays.values()) stay.before = null;
    const before = isAlone ? this.#parts.bowl() : null;
    this.#stays.set(id, { startedMs: this.#parts.wallMs(), before });
  }

  #left(id: string): void {
    const stay = this.#stays.get(id);
    if (stay === undefined) return;
    this.#stays.delete(id);
    const endedMs = this.#parts.wallMs();
    if (stay.before === null) this.#tell(stay, endedMs, null);
    else this.#await(stay, endedMs, LOOKS_MAX);
  }

  #await(stay: Stay, endedMs: EpochMs, looks: number): void {
    const cancel = this.#parts.clock.after('bowl after a visit', LOOK_EVERY_MS, () => {
      const after = this.#parts.bowl();
      if (after === null && looks > 1) this.#await(stay, endedMs, looks - 1);
      else {
        this.#ending = null;
        this.#tell(stay, endedMs, after);
      }
    });
    this.#ending = { stay, endedMs, cancel };
  }

  /** The visit that waits for the bowl is told without what was eaten. */
  #spoil(): void {
    if (this.#ending === null) return;
    const { stay, endedMs, cancel } = this.#ending;
    this.#ending = null;
    cancel();
    this.#tell(stay, endedMs, null);
  }

  #tell({ startedMs, before }: Stay, endedMs: EpochMs, after: StillBowl | null): void {
    const eaten = before === null || after === null ? null : eatenBetween(before, after);
    this.#parts.onVisit({ startedMs, endedMs: Math.max(startedMs, endedMs), eaten });
  }
}

function eatenBetween(before: StillBowl, after: StillBowl): Visit['eaten'] {
  const grams = before.grams - after.grams;
  if (grams < -RISE_GRAMS_MAX) return null;
  const sigmaGrams = Math.hypot(before.sigmaGrams, after.sigmaGrams);
  return { grams: Math.max(0, grams), sigmaGrams };
}
