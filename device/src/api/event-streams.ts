import { FeederError, type Milliseconds } from '@cat-feeder/shared';
import type { Cancel, Clock } from '../platform/clock.ts';
import type { LiveEvent, LiveEvents } from '../platform/live-events.ts';
import type { MediaReply } from './route.ts';

/** Watchers at a time; each costs a connection. */
export const STREAMS_MAX = 16;
const HEARTBEAT_MS: Milliseconds = 10_000;
/** A watcher this far behind is cut off: it comes back and catches up by its last id. */
const QUEUED_CHUNKS_MAX = 200;
/** How long a browser waits before it comes back. */
const RETRY_MS: Milliseconds = 3_000;

export interface EventStreamsParts {
  readonly clock: Clock;
  readonly live: LiveEvents;
  /** The whole state: told once in full to each new watcher. */
  readonly status: () => unknown;
  /** Told when the first watcher comes and when the last one goes. */
  readonly onAudience: (isWatched: boolean) => void;
}

/** Server-sent event streams: bounded in number, in what they queue, and ended on shutdown. */
export class EventStreams {
  readonly #parts: EventStreamsParts;
  readonly #open = new Set<EventStream>();
  #isClosed = false;

  constructor(parts: EventStreamsParts) {
    this.#parts = parts;
  }

  count(): number {
    return this.#open.size;
  }

  /** A new stream. Missed events come first, then `status`, then what happens from now on. */
  open(lastEventId: string | null): MediaReply {
    if (this.#isClosed) throw new FeederError('ERR_UNAVAILABLE');
    if (this.#open.size >= STREAMS_MAX) {
      throw new FeederError('ERR_UNAVAILABLE', {
        message: `There are ${STREAMS_MAX} event streams already.`,
        hint: 'Close another page of the feeder.',
      });
    }
    const opening = this.#opening(lastEventId);
    const stream = new EventStream(this.#parts, opening, () => {
      this.#open.delete(stream);
      if (this.#open.size === 0) this.#parts.onAudience(false);
    });
    this.#open.add(stream);
    if (this.#open.size === 1) this.#parts.onAudience(true);
    return {
      status: 200,
      body: stream.body,
      // Nothing follows a stream on its connection; kept alive, it would hold up a stop.
      headers: { 'content-type': 'text/event-stream', connection: 'close' },
    };
  }

  /** Tells every watcher that the feeder stops, and ends their streams. */
  close(why: string): void {
    this.#isClosed = true;
    this.#parts.live.publish('stopping', { why });
    for (const stream of [...this.#open]) stream.end();
  }

  /** All that a watcher must know before what happens next, as one piece. */
  #opening(lastEventId: string | null): string {
    const { live, status } = this.#parts;
    const now: LiveEvent = { id: live.lastId(), name: 'status', data: status() };
    const events = [...this.#missed(lastEventId), now];
    return `retry: ${RETRY_MS}\n\n${events.map(eventText).join('')}`;
  }

  #missed(lastEventId: string | null): readonly LiveEvent[] {
    if (lastEventId === null) return [];
    const replay = this.#parts.live.after(lastEventId);
    if (replay.kind === 'events') return replay.events;
    return [{ id: null, name: 'reset', data: { why: replay.why } }];
  }
}

/** One watcher. It ends by itself when the reader goes away or falls behind. */
class EventStream {
  readonly body: ReadableStream<Uint8Array>;
  readonly #clock: Clock;
  readonly #onEnd: () => void;
  readonly #unsubscribe: () => void;
  readonly #encoder = new TextEncoder();
  /** Null once the stream has ended. */
  #controller: ReadableStreamDefaultController<Uint8Array> | null = null;
  #cancelBeat: Cancel = () => {};

  constructor(
    parts: Pick<EventStreamsParts, 'clock' | 'live'>,
    opening: string,
    onEnd: () => void,
  ) {
    this.#clock = parts.clock;
    this.#onEnd = onEnd;
    this.body = new ReadableStream<Uint8Array>(
      {
        start: (controller) => {
          this.#controller = controller;
        },
        cancel: () => void this.#leave(),
      },
      { highWaterMark: QUEUED_CHUNKS_MAX },
    );
    this.#send(opening);
    this.#unsubscribe = parts.live.subscribe((event) => this.#send(eventText(event)));
    this.#armBeat();
  }

  /** What was sent before still reaches the reader. */
  end(): void {
    this.#leave()?.close();
  }

  #send(text: string): void {
    const controller = this.#controller;
    if (controller === null) return;
    controller.enqueue(this.#encoder.encode(text));
    if ((controller.desiredSize ?? 0) <= 0) this.end();
  }

  #armBeat(): void {
    this.#cancelBeat = this.#clock.after('event stream heartbeat', HEARTBEAT_MS, () => {
      this.#armBeat();
      this.#send(': still here\n\n');
    });
  }

  /** Gives everything up; returns the controller the first time. */
  #leave(): ReadableStreamDefaultController<Uint8Array> | null {
    const controller = this.#controller;
    if (controller === null) return null;
    this.#controller = null;
    this.#cancelBeat();
    this.#unsubscribe();
    this.#onEnd();
    return controller;
  }
}

/** One event in the wire format. JSON has no raw line breaks, so one `data` line is enough. */
function eventText(event: LiveEvent): string {
  const id = event.id === null ? '' : `id: ${event.id}\n`;
  return `${id}event: ${event.name}\ndata: ${JSON.stringify(event.data)}\n\n`;
}
