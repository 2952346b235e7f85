import { createHash } from 'node:crypto';
import type { SyncFault } from './faults.ts';

export interface Violation {
  readonly seed: number;
  readonly invariant: string;
  readonly atMs: number;
  readonly why: string;
  readonly trail: readonly string[];
}

const TRAIL_LINES = 60;
/** Of a line of the trail; what is printed as it happens is whole. */
const TRAIL_CHARS = 400;
/** Violations of one seed that are kept. */
const VIOLATIONS_MAX = 20;

/** What happened, as text: the trace's hash says whether two runs were the same. */
export class Recorder {
  readonly violations: Violation[] = [];
  readonly faults = new Map<SyncFault, number>();
  readonly #hash = createHash('sha256');
  readonly #trail: string[] = [];
  readonly #seed: number;
  readonly #now: () => number;
  readonly #print: ((line: string) => void) | undefined;

  constructor(seed: number, now: () => number, print?: (line: string) => void) {
    this.#seed = seed;
    this.#now = now;
    this.#print = print;
  }

  note(line: string): void {
    const text = `${(this.#now() / 1000).toFixed(3)} ${line}`;
    this.#hash.update(text.slice(0, TRAIL_CHARS));
    this.#trail.push(text.slice(0, TRAIL_CHARS));
    if (this.#trail.length > TRAIL_LINES) this.#trail.shift();
    this.#print?.(text);
  }

  fault(name: SyncFault, where: string): void {
    this.faults.set(name, (this.faults.get(name) ?? 0) + 1);
    this.note(`FAULT ${name} ${where}`);
  }

  violate(invariant: string, why: string): void {
    this.note(`VIOLATION ${invariant} ${why}`);
    if (this.violations.length >= VIOLATIONS_MAX) return;
    const trail = [...this.#trail];
    this.violations.push({ seed: this.#seed, invariant, atMs: this.#now(), why, trail });
  }

  get faultCount(): number {
    return [...this.faults.values()].reduce((sum, count) => sum + count, 0);
  }

  digest(): string {
    return this.#hash.digest('hex');
  }
}
