import type { EdgeCounter } from '../../dispensing/shaft-sensors.ts';
import {
  checkOf,
  healthy,
  type PartCheck,
  type PartHealth,
  reasonOf,
} from '../../platform/part.ts';
import type { InputLine, LineSource } from '../io/lines.ts';

/**
 * The shaft's index or encoder on an input line. It counts by the kernel's own numbers, so edges that
 * came while the program was busy, and even those it never saw, are counted too.
 */
export class LineEdgeCounter implements EdgeCounter {
  readonly #line: InputLine;
  #count = 0;
  #lost: string | null = null;

  /** Throws what the source throws when the line cannot be had. */
  constructor(parts: {
    readonly lines: LineSource;
    readonly pin: number;
    readonly activeLow: boolean;
  }) {
    const { lines, pin, activeLow } = parts;
    this.#line = lines.input({ pin, activeLow, bias: 'up', debounceMs: 0 });
    this.#line.onEdge(({ count }) => {
      this.#count = Math.max(this.#count, count);
    });
    this.#line.onLost((cause) => {
      this.#lost = `The line of the shaft sensor is lost: ${reasonOf(cause)}`;
    });
  }

  edges(): number | null {
    return this.#lost === null ? this.#count : null;
  }

  health(): PartHealth {
    return this.#lost === null ? healthy : { state: 'unplugged', why: this.#lost };
  }

  selfTest(): Promise<PartCheck> {
    const found = `${this.#count} edges of the shaft since the start`;
    return Promise.resolve(checkOf(this.health(), found, 'Check the wires of the shaft sensor.'));
  }

  close(): void {
    this.#line.close();
  }
}
