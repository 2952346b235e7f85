import type { Milliseconds } from '@cat-feeder/shared';
import type { Part, PartCheck } from '../platform/part.ts';

/** `fdxb`: the implanted chip of ISO 11784/11785. `em4100`: a tag on the collar. */
export type TagProtocol = 'fdxb' | 'em4100';

/** One valid frame from a reader. */
export interface TagReading {
  readonly protocol: TagProtocol;
  /** 15 digits of an implanted chip (country, then national), or 10 hex digits of a collar tag. */
  readonly id: string;
  /** The flag in the chip that says it sits in an animal; null where the frame does not tell. */
  readonly isAnimal: boolean | null;
  /** The frame as it came, in hex. */
  readonly raw: string;
  /** Monotonic, when its last byte had come. */
  readonly atMs: Milliseconds;
}

/** Whether the reader is there; `why` is a sentence for people while it is not. */
export interface ReaderLink {
  readonly isUp: boolean;
  readonly why: string | null;
}

/** What came from a reader since the start. */
export interface ReaderCounts {
  /** Valid frames of a tag. */
  readonly frames: number;
  /** Bytes that belonged to no frame. */
  readonly noiseBytes: number;
  /** Monotonic time of the last of these frames. */
  readonly lastFrameAtMs: Milliseconds | null;
}

/**
 * Reads the chips of pets near the bowl. Its health: `unplugged`; `silent`: it owes an answer and
 * gives none; `babbling`: bytes come, but no valid frame; `stuck`: it has named the same tag for
 * over an hour.
 */
export interface PetReader extends Part {
  readonly link: ReaderLink;
  /** One listener; every valid frame, in order of time. Never called after close. */
  onReading(listener: (reading: TagReading) => void): void;
  /** One listener; told at every change. Never called after close. */
  onLink(listener: (link: ReaderLink) => void): void;
  counts(): ReaderCounts;
  /** Waits up to so long for any tag to be held to the reader: the guided test. Never rejects. */
  awaitTag(waitMs: Milliseconds): Promise<PartCheck>;
}
