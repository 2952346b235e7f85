import type { Milliseconds } from '@cat-feeder/shared';

/** A change of an input's logical level (active-low wiring is already undone). */
export interface LineEdge {
  readonly level: 0 | 1;
  /** Monotonic, by the kernel's stamp where there is one. */
  readonly atMs: Milliseconds;
  /** Edges since the request, this one included; a jump tells of lost events. */
  readonly count: number;
}

/** One input line, exclusively held. */
export interface InputLine {
  level(): 0 | 1;
  /** One listener at most; edges in order. */
  onEdge(listener: (edge: LineEdge) => void): void;
  /** Why the line is lost; never called after close. */
  onLost(listener: (cause: Error) => void): void;
  /** Idempotent. */
  close(): void;
}

/** One output line, exclusively held; it falls to its idle level when the holder dies. */
export interface OutputLine {
  set(level: 0 | 1): void;
  /** Back to the idle level and given up. Idempotent. */
  close(): void;
}

/** How an input line is asked for. */
export interface InputLineRequest {
  /** BCM number, 0 to 53. */
  readonly pin: number;
  readonly activeLow: boolean;
  readonly bias: 'up' | 'down' | 'none';
  /** Kernel debounce, 0 (off) to 1000. */
  readonly debounceMs: Milliseconds;
}

/** Where lines come from: the character device, or an optional older way. */
export interface LineSource {
  input(request: InputLineRequest): InputLine;
  output(request: { readonly pin: number; readonly activeLow: boolean }): OutputLine;
  close(): void;
}
