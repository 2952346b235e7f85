import { WATCH_S_MAX } from '@cat-feeder/shared';
import { Refused } from '../api/reply.ts';
import type { Doorbell } from '../mqtt/doorbell.ts';
import type { System } from '../platform/system.ts';

/* Streams of server-sent events for those who watch a feeder: bounded in number, length and speed. */

const PER_ACCOUNT_MAX = 4;
/** Events that wait for a slow reader; one more ends the stream. */
const WAITING_MAX = 64;
/** A stream ends after this and is opened again: its token may have ended in between. */
const LIFE_MS = 900_000;
/** Nothing said for so long: a line goes out, so that a dead reader is noticed. */
const STEP_MS = 10_000;

export interface ViewerSubject {
  readonly account: string;
  readonly deviceId: string;
  /** How far the feeder's entries are stored; throws when the database is away. */
  readonly head: () => Promise<{ readonly epoch: number; readonly seq: number } | null>;
}

interface Viewer {
  readonly subject: ViewerSubject;
  readonly controller: ReadableStreamDefaultController<Uint8Array>;
  /** The last note as it was sent, so that nothing is said twice. */
  said: string;
  end: () => void;
}

const utf8 = new TextEncoder();

/** Everybody who watches at this node. */
export class Viewers {
  readonly #doorbell: Doorbell;
  readonly #system: System;
  readonly #max: number;
  readonly #viewers = new Set<Viewer>();

  constructor(parts: { readonly doorbell: Doorbell; readonly system: System; max: number }) {
    this.#doorbell = parts.doorbell;
    this.#system = parts.system;
    this.#max = parts.max;
  }

  get count(): number {
    return this.#viewers.size;
  }

  /** A stream of `note`, `live` and `presence`; null: too many watch already. */
  open(subject: ViewerSubject): ReadableStream<Uint8Array> | null {
    const own = [...this.#viewers].filter(
      ({ subject: { account } }) => account === subject.account,
    );
    if (this.#viewers.size >= this.#max || own.length >= PER_ACCOUNT_MAX) return null;
    let viewer: Viewer | null = null;
    return new ReadableStream<Uint8Array>(
      {
        start: (controller) => {
          viewer = this.#begin(subject, controller);
        },
        cancel: () => viewer?.end(),
      },
      { highWaterMark: WAITING_MAX },
    );
  }

  /** Ends all of them. */
  close(): void {
    for (const viewer of [...this.#viewers]) viewer.end();
  }

  #begin(subject: ViewerSubject, controller: ReadableStreamDefaultController<Uint8Array>): Viewer {
    const { deviceId } = subject;
    const stopHearing = this.#doorbell.hear(deviceId, (kind, body) => {
      if (kind === 'note') this.#note(viewer, body);
      else this.#say(viewer, kind, body);
    });
    const endMs = this.#system.monoMs() + LIFE_MS;
    let callOff = () => {};
    const step = () => {
      if (this.#system.monoMs() > endMs) viewer.end();
      if (!this.#viewers.has(viewer)) return;
      this.#doorbell.watch(deviceId, WATCH_S_MAX);
      void this.#look(viewer);
      callOff = this.#system.after(STEP_MS, step);
    };
    const viewer: Viewer = {
      ...{ subject, controller, said: '' },
      end: () => {
        if (!this.#viewers.delete(viewer)) return;
        callOff();
        stopHearing();
        closeQuietly(controller);
      },
    };
    this.#viewers.add(viewer);
    step();
    return viewer;
  }

  /** Without a broker, and after a note that was lost, the database tells. */
  async #look(viewer: Viewer): Promise<void> {
    const head = await viewer.subject.head().catch((error: unknown) => {
      // The feeder is another home's by now. Anything else may be over at the next look.
      if (error instanceof Refused) viewer.end();
      return null;
    });
    if (head === null) this.#send(viewer, ': nothing is known\n\n');
    else if (!this.#note(viewer, head)) this.#send(viewer, ': still here\n\n');
  }

  #note(viewer: Viewer, body: unknown): boolean {
    const text = JSON.stringify(body);
    if (text === viewer.said) return false;
    viewer.said = text;
    this.#say(viewer, 'note', body);
    return true;
  }

  #say(viewer: Viewer, kind: string, body: unknown): void {
    this.#send(viewer, `event: ${kind}\ndata: ${JSON.stringify(body)}\n\n`);
  }

  #send(viewer: Viewer, text: string): void {
    if (!this.#viewers.has(viewer)) return;
    if ((viewer.controller.desiredSize ?? 0) <= 0) viewer.end();
    else viewer.controller.enqueue(utf8.encode(text));
  }
}

function closeQuietly(controller: ReadableStreamDefaultController<Uint8Array>): void {
  try {
    controller.close();
  } catch {
    // The reader has gone by itself, and the stream with it.
  }
}
