import { createHash, randomBytes } from 'node:crypto';
import type { EpochMs, Milliseconds, RandomBytes, Sha256 } from '@cat-feeder/shared';

/** Time and chance as the service uses them; the only door to the system's own. */
export interface System {
  wallMs(): EpochMs;
  /** Never steps. */
  monoMs(): Milliseconds;
  readonly random: RandomBytes;
  readonly sha256: Sha256;
  /** Runs something after a while; the program does not stay for it. Returns how to call it off. */
  after(delayMs: Milliseconds, run: () => void): () => void;
}

/** The system of this machine. */
export const realSystem: System = {
  wallMs: () => Date.now(),
  monoMs: () => performance.now(),
  random: (length) => randomBytes(length),
  sha256: (bytes) => createHash('sha256').update(bytes).digest(),
  after: (delayMs, run) => {
    const timer = setTimeout(run, delayMs);
    timer.unref();
    return () => clearTimeout(timer);
  },
};

/** An instant in the form that libraries take. */
export function asDate(ms: EpochMs): Date {
  return new Date(ms);
}

/** The day of an instant as `2026/11/22`, in UTC. */
export function dayOf(ms: EpochMs): string {
  return new Date(ms).toISOString().slice(0, 10).replaceAll('-', '/');
}
