import { HOUR_MS } from '@cat-feeder/shared';
import type { Cancel, Clock } from '../platform/clock.ts';
import type { PetReader, ReaderLink } from './pet-reader.ts';
import {
  nextPresence,
  nextTimeMs,
  nobody,
  type Presence,
  type PresenceChange,
  type PresenceEvent,
  presentIds,
} from './presence.ts';

/** `left` is looked for this long after it becomes true: a frame of that very instant still counts. */
const LOOK_LATE_MS = 1;

export interface PresenceWatchParts {
  readonly reader: Pick<PetReader, 'onReading' | 'onLink'>;
  readonly clock: Clock;
  /** Told after each change of the reader's link. */
  readonly onLink?: (link: ReaderLink) => void;
}

/** Follows which tags are at the bowl. It takes over the reader's listeners, not its closing. */
export class PresenceWatch {
  readonly #clock: Clock;
  #presence: Presence = nobody;
  #isClosed = false;
  #cancelTimer: Cancel = () => {};
  #listener: (change: PresenceChange) => void = () => {};

  constructor({ reader, clock, onLink }: PresenceWatchParts) {
    this.#clock = clock;
    reader.onReading(({ id, atMs }) => this.#handle({ kind: 'frame', id, atMs }));
    reader.onLink((link) => {
      if (!link.isUp) this.#handle({ kind: 'reader-lost', atMs: clock.monoMs() });
      if (!this.#isClosed) onLink?.(link);
    });
  }

  /** The ids of the tags at the bowl, in the order in which they arrived. */
  present(): string[] {
    return presentIds(this.#presence);
  }

  /** One listener. */
  onChange(listener: (change: PresenceChange) => void): void {
    this.#listener = listener;
  }

  /** Nothing is told afterwards. Idempotent. */
  close(): void {
    this.#isClosed = true;
    this.#cancelTimer();
  }

  #handle(event: PresenceEvent): void {
    if (this.#isClosed) return;
    const { presence, changes } = nextPresence(this.#presence, event);
    this.#presence = presence;
    this.#cancelTimer();
    const dueMs = nextTimeMs(presence);
    if (dueMs !== null) {
      const delayMs = Math.max(0, dueMs - this.#clock.monoMs()) + LOOK_LATE_MS;
      this.#cancelTimer = this.#clock.after('pet presence', Math.min(delayMs, HOUR_MS), () =>
        this.#handle({ kind: 'time', atMs: this.#clock.monoMs() }),
      );
    }
    for (const change of changes) this.#listener(change);
  }
}
