import type { Segment } from './capture.ts';

/** More viewers at a time are refused: each costs the feeder's uplink a whole stream. */
export const VIEWERS_MAX = 4;

export type Viewer = {
  /** A new second of video. Must not wait and must not throw. */
  readonly show: (segment: Segment) => void;
  /** The camera sees nothing any more. */
  readonly end: () => void;
};

/** Those who watch live: the segments of the one child, shared out. Nothing runs for them alone. */
export class LiveSeats {
  readonly #seats = new Set<{ readonly viewer: Viewer }>();
  readonly #onChange: () => void;
  #isClosed = false;

  constructor(options: { readonly onChange: () => void }) {
    this.#onChange = options.onChange;
  }

  get count(): number {
    return this.#seats.size;
  }

  /** Takes a seat until the function that it returns is called; null: all are taken. */
  watch(viewer: Viewer): (() => void) | null {
    if (this.#isClosed || this.#seats.size >= VIEWERS_MAX) return null;
    const seat = { viewer };
    this.#seats.add(seat);
    this.#onChange();
    return () => {
      if (this.#seats.delete(seat)) this.#onChange();
    };
  }

  show(segment: Segment): void {
    for (const { viewer } of this.#seats) viewer.show(segment);
  }

  /** Sends everyone home. */
  clear(): void {
    const gone = [...this.#seats];
    this.#seats.clear();
    for (const { viewer } of gone) viewer.end();
    if (gone.length > 0) this.#onChange();
  }

  close(): void {
    this.#isClosed = true;
    this.clear();
  }
}
