import type { ClockQuality, EpochMs, Milliseconds } from '@cat-feeder/shared';

/** Stops a timer; calling it twice, or after it fired, does nothing. */
export type Cancel = () => void;

/** Time as a port: the only door to the system's clocks and timers. */
export interface Clock {
  /** The wall clock, however wrong it may be. */
  wallMs(): EpochMs;
  /** Time since an arbitrary instant of this boot; never steps. */
  monoMs(): Milliseconds;
  /** Calls `fire` once, `delayMs` (0 to one hour) of monotonic time from now. The name is for people. */
  after(name: string, delayMs: Milliseconds, fire: () => void): Cancel;
}

/** What the operating system knows of its wall clock's origin. */
export interface TimeSource {
  /** `synchronized` by NTP, kept by an `rtc`, or `none`: restored from a file, or nothing. */
  origin(): 'synchronized' | 'rtc' | 'none';
  /**
   * Names the present power-up of the machine: while it stays the same, the monotonic clock has gone
   * on over restarts of the daemon. Null or missing: nobody knows.
   */
  powerUp?(): string | null;
}

/** An instant of one power-up of the machine, to be compared with others of the same one. */
export interface PowerStamp {
  readonly powerUp: string;
  readonly monoMs: Milliseconds;
}

/** An instant as the feeder knows it. */
export interface StationTime {
  readonly wallMs: EpochMs;
  readonly monoMs: Milliseconds;
  /** Time the feeder has surely lived through: adds up uptime over all boots, never steps, leaves out the time without power. */
  readonly ageMs: Milliseconds;
  /** Differs between any two starts of the daemon. */
  readonly bootId: string;
  /**
   * Lived time since which the monotonic clock has surely gone on, over restarts of the daemon too;
   * missing: since this start only.
   */
  readonly poweredAtAgeMs?: Milliseconds;
  readonly quality: ClockQuality;
}

/** The wall and monotonic clocks together with how far they may be believed. */
export interface StationClock {
  now(): StationTime;
}

/** Waits; rejects with the signal's reason when it is aborted first. */
export function sleep(
  clock: Clock,
  name: string,
  delayMs: Milliseconds,
  signal?: AbortSignal,
): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) {
      reject(signal.reason);
      return;
    }
    const onAbort = () => {
      cancel();
      reject(signal?.reason);
    };
    const cancel = clock.after(name, delayMs, () => {
      signal?.removeEventListener('abort', onAbort);
      resolve();
    });
    signal?.addEventListener('abort', onAbort, { once: true });
  });
}
