/** How much of the past the plot shows. */
export const TRACE_WINDOW_MS = 180_000;
/** Five readings a second over the window, with room to spare. */
const POINTS_MAX = 1_200;
/** A silence longer than this breaks the line instead of bridging it. */
const GAP_MS = 4_000;

/** Bowl mass of the last minutes, oldest first; null breaks the line. */
export interface WeightTrace {
  readonly atMs: readonly number[];
  readonly grams: readonly (number | null)[];
}

export const emptyTrace: WeightTrace = { atMs: [], grams: [] };

/** The trace with one more reading; what is older than the window, or a step back in time, goes. */
export function addReading(trace: WeightTrace, atMs: number, grams: number | null): WeightTrace {
  const lastMs = trace.atMs.at(-1);
  if (lastMs !== undefined && atMs <= lastMs) {
    // The feeder's clock was set back: the old points belong to another time axis.
    return atMs < lastMs - GAP_MS ? { atMs: [atMs], grams: [grams] } : trace;
  }
  const broken = lastMs !== undefined && atMs - lastMs > GAP_MS;
  const times = broken ? [...trace.atMs, lastMs + 1, atMs] : [...trace.atMs, atMs];
  const values = broken ? [...trace.grams, null, grams] : [...trace.grams, grams];
  const oldestMs = atMs - TRACE_WINDOW_MS;
  const first = Math.max(
    times.findIndex((time) => time >= oldestMs),
    times.length - POINTS_MAX,
  );
  return { atMs: times.slice(first), grams: values.slice(first) };
}
