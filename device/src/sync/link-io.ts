import type {
  CommandEnd,
  CommandOrder,
  DocState,
  EventClass,
  Milliseconds,
  MqttOffer,
  RandomBytes,
  Sha256,
} from '@cat-feeder/shared';
import type { SyncNow, SyncStore } from './sync-store.ts';

/** What became of a command on the feeder. */
export interface CommandWord {
  readonly end: CommandEnd;
  readonly reason: string;
  readonly feedingId: string | null;
}

/** What happens to the sync core. */
export type LinkInput =
  /** The daemon started, its crash recovery is over, nothing of the former life is running. */
  | { readonly kind: 'started'; readonly boot: string; readonly firmware: string }
  /** The time of the newest `wake` has come; harmless at any other time. */
  | { readonly kind: 'tick' }
  | { readonly kind: 'appended'; readonly cls: EventClass }
  /** An answer of whatever stands behind the address; the core decides whether it is the cloud. */
  | {
      readonly kind: 'answer';
      readonly id: number;
      readonly status: number;
      /** The parsed JSON body; undefined when it was none. */
      readonly body: unknown;
      readonly retryAfterMs?: Milliseconds;
    }
  /** No answer: refused, reset, cut, timed out. */
  | { readonly kind: 'failed'; readonly id: number }
  /** An item or a bare doorbell came by MQTT. */
  | { readonly kind: 'pushed'; readonly body: unknown }
  /** The doorbell hears again: what it missed is asked for. */
  | { readonly kind: 'listening' }
  /** The broker does not know this feeder, or not its secret: hello comes sooner. */
  | { readonly kind: 'unheard' }
  /** The network came back: a wait may end early. */
  | { readonly kind: 'reachable' }
  | ({ readonly kind: 'executed'; readonly commandId: string } & CommandWord);

/** What the shell must do, in order. */
export type LinkOutput =
  | {
      readonly kind: 'request';
      readonly id: number;
      readonly method: 'GET' | 'POST';
      readonly path: string;
      readonly body: unknown;
      readonly timeoutMs: Milliseconds;
    }
  /** Start it, through the same gate as every other feeding, before this monotonic instant or not at all. */
  | {
      readonly kind: 'execute';
      readonly commandId: string;
      readonly order: CommandOrder;
      readonly startByMonoMs: Milliseconds;
    }
  /** Send a `tick` at this monotonic instant; the newest wake replaces the one before. */
  | { readonly kind: 'wake'; readonly atMonoMs: Milliseconds };

/** What a step may use besides its input; nothing else enters. */
export interface LinkContext {
  readonly store: SyncStore;
  readonly now: SyncNow;
  readonly random: RandomBytes;
  readonly sha256: Sha256;
  readonly validate: (doc: DocState) => string | null;
  /**
   * What the feeder's own book says of a command that was being carried out: its end, `running`
   * when this daemon is at it, null when nothing was begun.
   */
  readonly outcomeOf: (commandId: string) => CommandWord | 'running' | null;
  /** The present state for hello. */
  readonly present: () => Record<string, unknown>;
}

export interface LinkStep {
  readonly state: LinkState;
  readonly outputs: readonly LinkOutput[];
}

/** One request at a time on the uplink; claims have their own lane. */
export type UplinkRequest =
  | { readonly what: 'hello' }
  | { readonly what: 'batch'; readonly epoch: number; readonly items: number }
  | { readonly what: 'fork'; readonly epoch: number; readonly from: number; readonly to: number }
  | { readonly what: 'fill'; readonly epoch: number; readonly from: number; readonly to: number }
  | { readonly what: 'down' };

/** A range of numbers, both ends included. */
export type SeqRange = readonly [from: number, to: number];

/** A fork under way: the pages of each diverged segment are compared one after the other. */
export interface ForkWork {
  readonly genNew: string;
  readonly epochs: readonly number[];
  /** Next page. */
  readonly at: { readonly epoch: number; readonly from: number } | null;
  readonly common: Readonly<Record<number, number>>;
  readonly have: Readonly<Record<number, readonly SeqRange[]>>;
  readonly newEpoch: number | null;
}

/** Where the doorbell of a session hangs. */
export type Bell = MqttOffer & { readonly session: number };

/** Everything the core remembers between two steps; what must outlive a restart is in the store. */
export interface LinkState {
  readonly phase: 'stopped' | 'resting' | 'greeting' | 'forking' | 'live' | 'local';
  readonly boot: string;
  readonly firmware: string;
  readonly session: number;
  readonly lastId: number;
  readonly busy: { readonly id: number; readonly request: UplinkRequest } | null;
  readonly claims: Readonly<
    Record<number, { readonly commandId: string; readonly sentMonoMs: number }>
  >;
  /** When the next attempt is made while resting. */
  readonly retryAtMs: Milliseconds;
  readonly claimRetryAtMs: Milliseconds;
  readonly flushAtMs: Milliseconds | null;
  readonly pollAtMs: Milliseconds;
  readonly helloAtMs: Milliseconds;
  /** What the cloud has of each epoch in this session, by its own word. */
  readonly acks: Readonly<Record<number, { readonly seq: number; readonly hash: string }>>;
  readonly limits: {
    readonly items: number;
    readonly bytes: number;
    readonly capMs: number;
    readonly pollMs: number;
  };
  /** Items of the next batch: halves when the cloud finds one too large. */
  readonly batchItems: number;
  readonly fork: ForkWork | null;
  readonly fills: readonly { readonly epoch: number; readonly from: number; readonly to: number }[];
  /** The cloud's documents differ: a snapshot is due. */
  readonly needDocs: boolean;
  /** Kept over a wait; null: the cloud has none, or this feeder no rights. */
  readonly bell: Bell | null;
  /** The cloud has seen a second copy of this feeder. */
  readonly isCloned: boolean;
}
