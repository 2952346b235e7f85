/**
 * The feeder's wall clock as seen from the page. The phone's own wall clock is never asked: it may
 * be wrong, or in another zone. Between two messages the browser's monotonic clock carries on.
 */
export interface ServerClock {
  /** Feeder wall time minus browser monotonic time; null until the first message. */
  readonly offsetMs: number | null;
}

export const noServerClock: ServerClock = { offsetMs: null };

/** Messages arrive late, never early, so a later-looking clock is always the better estimate. */
const LATENESS_MS_MAX = 1_000;

/** Learns from a message that said `wallMs` and arrived at `monoMs`. */
export function observeServerClock(
  clock: ServerClock,
  wallMs: number,
  monoMs: number,
): ServerClock {
  const offsetMs = wallMs - monoMs;
  if (clock.offsetMs === null) return { offsetMs };
  const behindMs = clock.offsetMs - offsetMs;
  // A little behind is a slow message; a lot is a clock that was set, or a browser that slept.
  if (behindMs >= 0 && behindMs < LATENESS_MS_MAX) return clock;
  return { offsetMs };
}

/** The feeder's wall time now, or null while it is not known. */
export function serverNowMs(clock: ServerClock, monoMs: number): number | null {
  return clock.offsetMs === null ? null : clock.offsetMs + monoMs;
}
