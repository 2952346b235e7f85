import type { Milliseconds } from '@cat-feeder/shared';
import type { Part } from './part.ts';

/** What a switch says; null until it was read, or when its line is lost. */
export interface ContactState {
  readonly isClosed: boolean | null;
  /** Monotonic time of the last change, or of the first look. */
  readonly sinceMs: Milliseconds;
}

/** A switch that is open or closed: debounced, with the sense of the wiring already undone. */
export interface Contact extends Part {
  state(): ContactState;
  /** One listener; told of each change. */
  onChange(listener: (state: ContactState) => void): void;
}

/** Closed: the lid of the hopper is on. */
export type LidSensor = Contact;
/** Closed: the bowl stands in its place. */
export type BowlSensor = Contact;
