import type { BoardFacts } from '../../platform/board-facts.ts';
import type { SysfsTree } from '../../platform/sysfs-tree.ts';
import type { Temperature } from '../../platform/thermometer.ts';

/** The machine under the feeder, as the doctor looks at it: by files alone. */
export interface Machine {
  readonly tree: SysfsTree;
  /** Who runs the doctor. */
  readonly user: string;
  board(): BoardFacts;
  temperatures(): readonly Temperature[];
  /** Who holds a line of a chip: a name, an empty text when nobody does, null when it cannot be known. */
  lineOwner(chip: string, line: number): string | null;
}
