import {
  type EventBody,
  HOUR_MS,
  type LiveEventBody,
  type Milliseconds,
  type ReaderView,
} from '@cat-feeder/shared';
import type { PetReader } from '../pets/pet-reader.ts';
import { PresenceWatch } from '../pets/presence-watch.ts';
import { type StillBowl, type Visit, VisitBook } from '../pets/visits.ts';
import type { Clock } from '../platform/clock.ts';
import type { LiveEvents } from '../platform/live-events.ts';
import type { Service, ServiceCondition } from './runtime-manager.ts';

/** More visits than this in an hour are a reader that flickers: they are shown, not recorded. */
export const VISITS_AN_HOUR_MAX = 60;
const MG_PER_GRAM = 1000;
/** So much of a tag is shown where it only shall be recognised. */
const DIGITS_SHOWN = 4;

export interface PetPresenceParts {
  readonly reader: PetReader;
  readonly clock: Clock;
  readonly wallMs: () => number;
  readonly live: LiveEvents;
  readonly bowl: () => StillBowl | null;
  /** Into the ledger; a disk that refuses is the caller's to tolerate. */
  readonly record: (visit: EventBody<'visit.ended'>) => void;
}

/**
 * Who is at the bowl: the reader's link and the tags that it sees, for status and watchers, and
 * visits for the ledger. Nothing that feeds asks it.
 */
export class PetPresence implements Service {
  readonly #parts: PetPresenceParts;
  readonly #watch: PresenceWatch;
  readonly #visits: VisitBook;
  #unsubscribe: () => void = () => {};
  #hourEndsMs: Milliseconds = 0;
  #recorded = 0;
  #shown = '';
  #lastSeen: ReaderView['lastSeen'] = null;

  constructor(parts: PetPresenceParts) {
    this.#parts = parts;
    const { reader, clock, wallMs, bowl } = parts;
    this.#visits = new VisitBook({ clock, wallMs, bowl, onVisit: (visit) => this.#record(visit) });
    this.#watch = new PresenceWatch({
      reader,
      clock,
      // After the watch has judged who was there.
      onLink: () => this.#publish(),
    });
    this.#watch.onChange((change) => {
      this.#visits.changed(change);
      const agoMs = clock.monoMs() - change.atMs;
      const tag = `…${change.id.slice(-DIGITS_SHOWN)}`;
      this.#lastSeen = { tag, atMs: Math.round(wallMs() - agoMs) };
      this.#publish();
    });
  }

  start(): void {
    this.#unsubscribe = this.#parts.live.subscribe(({ name }) => {
      if (name === 'feeding') this.#visits.foodMoved();
    });
  }

  stop(): void {
    this.#unsubscribe();
    this.#watch.close();
    this.#visits.close();
  }

  condition(): ServiceCondition {
    const { state, why } = this.#parts.reader.health();
    return state === 'ok' ? { state: 'ok' } : { state: 'degraded', why };
  }

  view(): ReaderView {
    const { state, why } = this.#parts.reader.health();
    return { state, why, tags: this.#watch.present(), lastSeen: this.#lastSeen };
  }

  #publish(): void {
    const view: LiveEventBody<'presence'> = this.view();
    const shown = JSON.stringify(view);
    if (shown === this.#shown) return;
    this.#shown = shown;
    this.#parts.live.publish('presence', view);
  }

  #record({ startedMs, endedMs, eaten }: Visit): void {
    const nowMs = this.#parts.clock.monoMs();
    if (nowMs >= this.#hourEndsMs) {
      this.#hourEndsMs = nowMs + HOUR_MS;
      this.#recorded = 0;
    }
    this.#recorded += 1;
    if (this.#recorded > VISITS_AN_HOUR_MAX) return;
    const inMg = (grams: number) => Math.round(grams * MG_PER_GRAM);
    this.#parts.record({
      startedMs,
      endedMs,
      eatenMg: eaten === null ? null : inMg(eaten.grams),
      sigmaMg: eaten === null ? null : inMg(eaten.sigmaGrams),
      // Tags belong to nobody yet, so nothing is claimed of whose visit it was.
      petId: null,
      confidence: 0,
    });
  }
}
