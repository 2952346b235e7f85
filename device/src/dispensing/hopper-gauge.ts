import type { Milliseconds } from '@cat-feeder/shared';
import type { Part } from '../platform/part.ts';

/** How full the hopper is. */
export interface HopperLevel {
  /** 0 (empty) to 1 (full), by the two points an installer set. */
  readonly fraction: number;
  /** 0 (a guess) to 1: how far several looks agree and how clear the echo was. */
  readonly confidence: number;
  readonly isLow: boolean;
  readonly isEmpty: boolean;
  /** Monotonic time of the look. */
  readonly atMs: Milliseconds;
}

/** Looks into the hopper. The scale, not the gauge, decides what was served. */
export interface HopperGauge extends Part {
  /** One look, at most two seconds long; null when it gave nothing that can be believed. Never rejects. */
  look(): Promise<HopperLevel | null>;
}
