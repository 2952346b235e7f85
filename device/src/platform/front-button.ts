import type { Part } from './part.ts';

/** What a finger meant. */
export type PressPattern = 'press' | 'double' | 'long';

/** The button at the front. */
export interface FrontButton extends Part {
  /** One listener; each pattern is told once, when it is certain. */
  onPattern(listener: (pattern: PressPattern) => void): void;
}
