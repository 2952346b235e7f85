import { FeederError, type Milliseconds } from '@cat-feeder/shared';
import type { Segment } from '../camera/capture.ts';
import { type LiveSeats, VIEWERS_MAX } from '../camera/live-seats.ts';
import { moveFragments, partsOf } from './fragmented-mp4.ts';
import type { MediaReply } from './route.ts';

/** A viewer that is so many seconds behind is cut off: a player asks again and sees the present. */
const QUEUED_SEGMENTS_MAX = 5;

export interface LiveVideosParts {
  readonly seats: Pick<LiveSeats, 'watch'>;
  /** The bytes of a segment; null: it is gone. */
  readonly read: (segment: Segment) => Promise<Uint8Array | null>;
}

/** Live video for everyone who has a seat: one endless MP4 each, from the segments of the one child. */
export class LiveVideos {
  readonly #parts: LiveVideosParts;
  readonly #open = new Set<LiveVideo>();

  constructor(parts: LiveVideosParts) {
    this.#parts = parts;
  }

  /** `ERR_UNAVAILABLE` when all seats are taken, `ERR_CAMERA` when there is nothing to see. */
  open(): MediaReply {
    const video = new LiveVideo(this.#parts, () => this.#open.delete(video));
    this.#open.add(video);
    return {
      status: 200,
      body: video.body,
      // Nothing follows a stream on its connection; kept alive, it would hold up a stop.
      headers: { 'content-type': 'video/mp4', connection: 'close' },
    };
  }

  close(): void {
    for (const video of [...this.#open]) video.end();
  }
}

/** One viewer. */
class LiveVideo {
  readonly body: ReadableStream<Uint8Array>;
  readonly #read: LiveVideosParts['read'];
  readonly #onEnd: () => void;
  readonly #leaveSeat: () => void;
  /** Null once the stream has ended. */
  #controller: ReadableStreamDefaultController<Uint8Array> | null = null;
  /** Pieces go out in the order in which their segments came. */
  #work: Promise<void> = Promise.resolve();
  #waiting = 0;
  /** What the stream began with; another format needs another stream. */
  #format: string | null = null;
  #shownMs: Milliseconds = 0;
  #sequence = 1;

  constructor({ seats, read }: LiveVideosParts, onEnd: () => void) {
    this.#read = read;
    this.#onEnd = onEnd;
    const seat = seats.watch({ show: (segment) => this.#show(segment), end: () => this.end() });
    if (seat.kind === 'unseen') throw new FeederError('ERR_CAMERA', { message: seat.why });
    if (seat.kind === 'full') {
      throw new FeederError('ERR_UNAVAILABLE', {
        message: `${VIEWERS_MAX} are watching already.`,
        hint: 'Close another live view of the feeder.',
      });
    }
    this.#leaveSeat = seat.leave;
    this.body = new ReadableStream<Uint8Array>(
      {
        start: (controller) => {
          this.#controller = controller;
        },
        cancel: () => void this.#leave(),
      },
      { highWaterMark: QUEUED_SEGMENTS_MAX },
    );
  }

  /** What was sent before still reaches the viewer. */
  end(): void {
    this.#leave()?.close();
  }

  #show(segment: Segment): void {
    if (this.#controller === null) return;
    this.#waiting += 1;
    if (this.#waiting > QUEUED_SEGMENTS_MAX) {
      this.end();
      return;
    }
    this.#work = this.#work
      .then(() => this.#send(segment))
      .catch(() => this.end()) // The disk of segments is memory: what it refuses is gone.
      .finally(() => {
        this.#waiting -= 1;
      });
  }

  async #send(segment: Segment): Promise<void> {
    const bytes = await this.#read(segment);
    const parts = bytes === null ? null : partsOf(bytes);
    const controller = this.#controller;
    // A second that is gone or spoilt is left out.
    if (controller === null || parts === null) return;
    if (this.#format === null) controller.enqueue(parts.head);
    else if (this.#format !== segment.format) {
      this.end();
      return;
    }
    this.#format = segment.format;
    this.#sequence = moveFragments(parts, this.#shownMs, this.#sequence);
    this.#shownMs += segment.durationMs;
    controller.enqueue(parts.fragments);
    if ((controller.desiredSize ?? 0) <= 0) this.end();
  }

  /** Gives everything up; returns the controller the first time. */
  #leave(): ReadableStreamDefaultController<Uint8Array> | null {
    const controller = this.#controller;
    if (controller === null) return null;
    this.#controller = null;
    this.#leaveSeat();
    this.#onEnd();
    return controller;
  }
}
