import type { EpochMs, FeedRequest, Grams, Milliseconds } from '@cat-feeder/shared';
import type { MotorSlice } from '../dispensing/control-board.ts';
import type { DispenseOrder, DispenseOutcome } from '../dispensing/feed-station.ts';
import type { FaultKind } from './fault-kinds.ts';
import type { AuditEntry } from './ledger-reader.ts';

/** A request that the simulator sent, and what it should come to by its making. */
export interface SentRequest {
  readonly label: string;
  readonly method: string;
  readonly path: string;
  readonly feed: FeedRequest | null;
  /**
   * `fresh`: a new wish. `far`: one from afar, whose expiry is an instant of true time. The others
   * must never move the motor on their own account.
   */
  readonly nature: 'fresh' | 'far' | 'duplicate' | 'reused' | 'expired' | 'invalid' | 'other';
}

/** What the simulator sees happen: from outside, never by asking the product for its opinion. */
export type Observed =
  | { readonly kind: 'boot'; readonly number: number }
  | { readonly kind: 'death'; readonly how: 'power_cut' | 'kill' | 'stop' }
  /** The program stands still, or its control loop has lost the permission to move. */
  | { readonly kind: 'hang'; readonly what: 'program' | 'permission' }
  /** It goes on. */
  | { readonly kind: 'resumed' }
  | { readonly kind: 'order'; readonly order: DispenseOrder }
  /** A command that reached the motor driver. */
  | {
      readonly kind: 'slice';
      readonly feedingId: string | null;
      readonly maxMs: Milliseconds;
      readonly direction: MotorSlice['direction'];
    }
  | { readonly kind: 'outcome'; readonly outcome: DispenseOutcome }
  | { readonly kind: 'entry'; readonly entry: AuditEntry }
  | { readonly kind: 'sent'; readonly request: SentRequest }
  | {
      readonly kind: 'answer';
      readonly request: SentRequest;
      readonly status: number;
      readonly body: unknown;
    }
  | { readonly kind: 'fault'; readonly fault: FaultKind; readonly note: string }
  /** Once for each stretch of quiet time, and at the end. */
  | { readonly kind: 'look' }
  | { readonly kind: 'end' };

/** The state of things as they are, for the checkers. Times are the simulation's own. */
export interface Situation {
  readonly nowMs: Milliseconds;
  readonly trueWallMs: EpochMs;
  readonly isUp: boolean;
  /** Since when the daemon has run without a break. */
  readonly bootedAtMs: Milliseconds;
  readonly isDiskHealthy: boolean;
  readonly diskHealthySinceMs: Milliseconds;
  /** Since when the wall clock has been right and known to be. */
  readonly clockRightSinceMs: Milliseconds;
  /** The wall clock is wrong and an authority vouches for it: nobody on the board can know. */
  readonly isClockFalse: boolean;
  /** Since when nothing has been wrong with the hardware. */
  readonly hardwareSoundSinceMs: Milliseconds;
  /** The heaviest piece that this food has. */
  readonly pieceGramsMax: Grams;
}

/** One rule, watched from outside. */
export interface Checker {
  /** Is shown every command to the motor, too; the others are not. */
  readonly watchesMotor?: true;
  see(event: Observed, now: Situation): void;
}

/** Tells of a broken invariant. */
export type Fail = (invariant: string, why: string) => void;
