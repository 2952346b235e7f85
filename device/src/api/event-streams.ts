import { FeederError, type Milliseconds } from '@cat-feeder/shared';
import type { Clock } from '../platform/clock.ts';
import type { LiveEvent, LiveEvents } from '../platform/live-events.ts';
import type { MediaReply } from './route.ts';

/** Watchers at a time; each costs a connection. */
export const STREAMS_MAX = 16;
const HEARTBEAT_MS: Milliseconds = 10_000;
/** A watcher this far behind is cut off: it comes back and catches up by its last id. */
const QUEUED_EVENTS_MAX = 200;
/** How long a browser waits before it comes back. */
const RETRY_MS: Milliseconds = 3_000;

interface OpenStream {
  readonly end: () => void;
}

export interface EventStreamsParts {
  readonly clock: Clock;
  readonly live: LiveEvents;
  /** The whole state: the first thing that a watcher is told. */
  readonly status: () => unknown;
  /** Told when the first watcher comes and when the last one goes. */
  readonly onAudience: (isWatched: boolean) => void;
}

/** Server-sent event streams: bounded in number, in what they queue, and ended on shutdown. */
export class EventStreams {
  readonly #parts: EventStreamsParts;
  readonly #open = new Set<OpenStream>();
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
    let end = () => {};
    const body = new ReadableStream<Uint8Array>(
      {
        start: (controller) => {
          end = this.#begin(controller, lastEventId);
        },
        cancel: () => end(),
      },
      { highWaterMark: QUEUED_EVENTS_MAX },
    );
    return {
      status: 200,
      body,
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

  #begin(
    controller: ReadableStreamDefaultController<Uint8Array>,
    lastEventId: string | null,
  ): () => void {
    const { live, clock, status } = this.#parts;
    const encoder = new TextEncoder();
    let cancelBeat = () => {};
    let unsubscribe = () => {};
    let isEnded = false;
    const end = () => {
      if (isEnded) return;
      isEnded = true;
      cancelBeat();
      unsubscribe();
      this.#open.delete(stream);
      if (this.#open.size === 0) this.#parts.onAudience(false);
      // A stream that its reader has cancelled is closed already.
      if (controller.desiredSize !== null && !isCancelled) controller.close();
    };
    let isCancelled = false;
    const stream: OpenStream = { end };
    const send = (text: string) => {
      if (isEnded) return;
      controller.enqueue(encoder.encode(text));
      if ((controller.desiredSize ?? 0) <= 0) end();
    };
    const beat = () => {
      send(': still here\n\n');
      cancelBeat = clock.after('event stream heartbeat', HEARTBEAT_MS, beat);
    };
    this.#open.add(stream);
    if (this.#open.size === 1) this.#parts.onAudience(true);
    send(`retry: ${RETRY_MS}\n\n`);
    for (const event of this.#missed(lastEventId)) send(eventText(event));
    send(eventText({ id: live.lastId(), name: 'status', data: status() }));
    unsubscribe = live.subscribe((event) => send(eventText(event)));
    cancelBeat = clock.after('event stream heartbeat', HEARTBEAT_MS, beat);
    return () => {
      isCancelled = true;
      end();
    };
  }

  #missed(lastEventId: string | null): readonly LiveEvent[] {
    if (lastEventId === null) return [];
    const replay = this.#parts.live.after(lastEventId);
    if (replay.kind === 'events') return replay.events;
    return [{ id: null, name: 'reset', data: { why: replay.why } }];
  }
}

/** One event in the wire format. JSON has no raw line breaks, so one `data` line is enough. */
function eventText(event: LiveEvent): string {
  const id = event.id === null ? '' : `id: ${event.id}\n`;
  return `${id}event: ${event.name}\ndata: ${JSON.stringify(event.data)}\n\n`;
}
