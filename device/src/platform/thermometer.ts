import type { Part } from './part.ts';

/** One place that is measured. */
export interface Temperature {
  /** `cpu-thermal`, as the kernel names it. */
  readonly zone: string;
  readonly celsius: number;
}

/** How warm the board is. */
export interface Thermometer extends Part {
  /** All places that can be read now; empty when there is none. Never throws. */
  read(): readonly Temperature[];
}
