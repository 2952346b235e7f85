import type { Milliseconds } from '@cat-feeder/shared';
import type { Part } from '../platform/part.ts';
import type { FeedDrive } from './control-board.ts';

/** A drive as a part: what it is besides turning. A fault line or a lost link shows in its health. */
export interface DrivePart extends FeedDrive, Part {
  /** False: a slice that began now would surely move nothing. True also where trying may mend it. */
  canTurn(): boolean;
}

/** Counts the edges of the shaft's index or encoder. */
export interface EdgeCounter extends Part {
  /** Edges since power-up, either direction; only grows. Null: nothing can be known at present. */
  edges(): number | null;
}

/** The motor's current. */
export interface CurrentMeter extends Part {
  /** How often it shall be measured from now on; 0: not at all. */
  setPeriod(periodMs: Milliseconds): void;
  /** Mean in mA of what was measured since it was asked last; null when nothing was. */
  takeMilliamps(): number | null;
}
