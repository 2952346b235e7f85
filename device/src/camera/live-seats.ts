import type { Segment } from './capture.ts';

/** More viewers at a time are refused: each costs the feeder's uplink a whole stream. */
export const VIEWERS_MAX = 4;

export type Viewer = {
  /** A new second of video. Must not wait and must not throw. */
  readonly show: (segment: Segment) => void;
  /** The camera sees nothing any more. */
  readonly end: () => void;
};

/** Nobody waits in a seat for what does not come. */
export type Seat =
  | { readonly kind: 'taken'; readonly leave: () => void }
  | { readonly kind: 'full' }
  /** `why` says so for people. */
  | { readonly kind: 'unseen'; readonly why: string };

/** Those who watch live: the segments of the one child, shared out. Nothing runs for them alone. */
export class LiveSeats {
  readonly #seats = new Set<{ readonly viewer: Viewer }>();
  readonly #onChange: () => void;
  readonly #unseen: () => string | null;
  #isClosed = false;

  /** `unseen` tells why there is no picture now and will be none soon; null: there will be. */
  constructor(options: { readonly onChange: () => void; readonly unseen: () => string | null }) {
    this.#onChange = options.onChange;
    this.#unseen = options.unseen;
  }

  get count(): number {
    return this.#seats.size;
  }

  /** Takes a seat until it is left. */
  watch(viewer: Viewer): Seat {
    const why = this.#isClosed ? 'The feeder stops.' : this.#unseen();
    if (why !== null) return { kind: 'unseen', why };
    if (this.#seats.size >= VIEWERS_MAX) return { kind: 'full' };
    const seat = { viewer };
    this.#seats.add(seat);
    this.#onChange();
    const leave = () => {
      if (this.#seats.delete(seat)) this.#onChange();
    };
    return { kind: 'taken', leave };
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
