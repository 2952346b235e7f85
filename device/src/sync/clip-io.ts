import type { ClipPart, Milliseconds, RandomBytes } from '@cat-feeder/shared';

/** A clip that the cloud does not have. */
export interface UnsentClip {
  readonly id: string;
  readonly bytes: number;
  /** In hex, as it was recorded. */
  readonly sha256: string;
  readonly feedingIds: readonly string[];
}

/** The clips of this feeder, as far as their sending goes. */
export interface ClipQueue {
  /** The next one that is not sent: failed feedings first, then the newest; none of those set aside. */
  next(aside: ReadonlySet<string>): UnsentClip | undefined;
  has(id: string): boolean;
  /** The cloud has it. Nothing when the clip is gone by now. */
  markSent(id: string): void;
}

/** What holds at this moment. */
export interface ClipConditions {
  /** The owner wants clips in the cloud. */
  readonly isWanted: boolean;
  /** There is a session with the cloud. */
  readonly isOnline: boolean;
  /** Entries wait, or a feeding runs: clips must not take the line. */
  readonly isBusy: boolean;
  /** Somebody looks at this feeder now. */
  readonly isWatched: boolean;
}

/** What happens to the sending of clips. */
export type ClipInput =
  /** Time passed, or a condition may have changed. */
  | { readonly kind: 'look' }
  /** The file was read: its SHA-256 in hex, and the MD5 of each part in hex; null: it cannot be. */
  | {
      readonly kind: 'read';
      readonly clipId: string;
      readonly digest: { readonly sha256: string; readonly md5s: readonly string[] } | null;
    }
  /** An answer of the cloud; status 0: none. */
  | {
      readonly kind: 'answer';
      readonly id: number;
      readonly status: number;
      readonly body: unknown;
      readonly retryAfterMs?: Milliseconds;
    }
  /** What the store said to a part; status 0: nothing. */
  | { readonly kind: 'sent'; readonly clipId: string; readonly n: number; readonly status: number };

/** What the shell must do, in order. */
export type ClipOutput =
  | { readonly kind: 'read'; readonly clipId: string }
  | {
      readonly kind: 'request';
      readonly id: number;
      readonly path: string;
      readonly body: unknown;
    }
  /** Send these bytes of the file, at no more than half of what the line takes. */
  | {
      readonly kind: 'send';
      readonly clipId: string;
      readonly part: ClipPart;
      readonly from: number;
      readonly bytes: number;
      /** In hex. */
      readonly md5: string;
    }
  /** Stop sending for a moment; `go` follows, or `end`. */
  | { readonly kind: 'hold' }
  | { readonly kind: 'go' }
  /** Nothing that is under way is wanted any more. */
  | { readonly kind: 'end' }
  /** Look again at this monotonic instant; the newest wake replaces the one before. */
  | { readonly kind: 'wake'; readonly atMonoMs: Milliseconds };

/** What a step may use besides its input. */
export interface ClipStepContext {
  readonly queue: ClipQueue;
  readonly conditions: ClipConditions;
  readonly monoMs: Milliseconds;
  readonly random: RandomBytes;
}

/** The clip that is being sent. */
export interface ClipJob {
  readonly clip: UnsentClip;
  /** MD5 of each part in hex; empty until the file was read. */
  readonly md5s: readonly string[];
  /** How often the cloud was asked what is missing. */
  readonly asks: number;
}

export type ClipStage =
  | { readonly kind: 'idle' }
  | { readonly kind: 'reading'; readonly job: ClipJob }
  | { readonly kind: 'asking'; readonly job: ClipJob; readonly requestId: number }
  | {
      readonly kind: 'sending';
      readonly job: ClipJob;
      /** The first of them is the one under way. */
      readonly parts: readonly [ClipPart, ...ClipPart[]];
      readonly isBegun: boolean;
      /** Since when the line is left to others; null: it is not. */
      readonly heldSinceMs: Milliseconds | null;
    }
  | { readonly kind: 'completing'; readonly job: ClipJob; readonly requestId: number };

export interface ClipSendState {
  readonly stage: ClipStage;
  readonly lastId: number;
  /** The next clip begins at this instant; null: it has not been decided yet. */
  readonly beginAtMs: Milliseconds | null;
  /** Failures in a row. */
  readonly attempt: number;
  /** How often each clip failed; those that failed too often are left until the next start. */
  readonly failures: ReadonlyMap<string, number>;
  readonly aside: ReadonlySet<string>;
  /** Why nothing is sent, for people; empty: nothing is wrong. */
  readonly why: string;
}

export interface ClipStep {
  readonly state: ClipSendState;
  readonly outputs: readonly ClipOutput[];
}
