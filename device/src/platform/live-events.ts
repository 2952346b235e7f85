import { type LiveEventBody, type LiveEventName, transientLiveEvents } from '@cat-feeder/shared';
import type { Logger } from './logger.ts';

/** Events kept for those who come back: several hours of feedings and changes. */
const KEPT_EVENTS_MAX = 500;

/** One thing that happened, as watchers see it. */
export interface LiveEvent {
  /** `<epoch>-<number>`; null for an event that is never replayed. */
  readonly id: string | null;
  readonly name: LiveEventName;
  readonly data: unknown;
}

export type LiveListener = (event: LiveEvent) => void;

/** What came after an event: the events themselves, or nothing, because some are gone. */
export type Replay =
  | { readonly kind: 'events'; readonly events: readonly LiveEvent[] }
  | { readonly kind: 'gap'; readonly why: string };

export interface LiveEventsOptions {
  /** Differs between any two starts of the daemon, so that ids of an earlier one are recognised. */
  readonly epoch: string;
  readonly logger: Logger;
  readonly keptMax?: number;
}

/**
 * Tells watchers what happens, while it happens. It may lose events, the ledger may not: nothing
 * that feeds depends on it, and a watcher that throws is dropped rather than heard.
 */
export class LiveEvents {
  readonly #epoch: string;
  readonly #logger: Logger;
  readonly #keptMax: number;
  readonly #kept: LiveEvent[] = [];
  readonly #listeners = new Set<LiveListener>();
  #published = 0;

  constructor(options: LiveEventsOptions) {
    this.#epoch = options.epoch.replace(/[^A-Za-z0-9]/g, '');
    this.#logger = options.logger;
    this.#keptMax = options.keptMax ?? KEPT_EVENTS_MAX;
  }

  /** Tells every listener at once. Never throws, whatever they do. */
  publish<Name extends LiveEventName>(name: Name, data: LiveEventBody<Name>): void {
    const isTransient = transientLiveEvents.has(name);
    if (!isTransient) this.#published += 1;
    const event: LiveEvent = { id: isTransient ? null : this.lastId(), name, data };
    if (!isTransient) {
      this.#kept.push(event);
      if (this.#kept.length > this.#keptMax) this.#kept.shift();
    }
    for (const listener of [...this.#listeners]) this.#tell(listener, event);
  }

  /** The id that the newest kept event has; replaying after it gives nothing. */
  lastId(): string {
    return `${this.#epoch}-${this.#published}`;
  }

  /** Everything kept after the event with this id, oldest first. */
  after(id: string): Replay {
    const match = /^([A-Za-z0-9]*)-(\d{1,15})$/.exec(id);
    if (match === null || match[1] !== this.#epoch) {
      return { kind: 'gap', why: 'The feeder was started again since then.' };
    }
    const seen = Number(match[2]);
    const missed = this.#published - seen;
    if (missed < 0 || missed > this.#kept.length) {
      return { kind: 'gap', why: 'More happened since then than is kept.' };
    }
    return { kind: 'events', events: missed === 0 ? [] : this.#kept.slice(-missed) };
  }

  /** Listens until the function that it returns is called. */
  subscribe(listener: LiveListener): () => void {
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
    };
  }

  listenerCount(): number {
    return this.#listeners.size;
  }

  #tell(listener: LiveListener, event: LiveEvent): void {
    try {
      listener(event);
    } catch (error) {
      this.#listeners.delete(listener);
      this.#logger.error({ err: error, event: event.name }, 'A watcher failed and was dropped.');
    }
  }
}
