import type { Fault } from '@cat-feeder/shared';

/** A condition around the dispenser that keeps its motor off while it lasts. */
export type Interlock = Extract<
  Fault,
  'power_failing' | 'lid_open' | 'bowl_missing' | 'undervoltage'
>;

/** These end a feeding that runs. A weak supply only pauses it: a motor that starts pulls it down. */
export const endingInterlocks: ReadonlySet<Interlock> = new Set([
  'power_failing',
  'lid_open',
  'bowl_missing',
]);

/**
 * What switches and supply say of whether the motor may turn. A part that is not wired, or that
 * cannot be believed now, speaks against nothing: the scale still watches.
 */
export interface Interlocks {
  /** Those that hold now, the gravest first. */
  active(): readonly Interlock[];
  /** Told after every change. Returns the unsubscribe. */
  onChange(listener: () => void): () => void;
}

/** Of a feeder without such parts. */
export const noInterlocks: Interlocks = { active: () => [], onChange: () => () => {} };
