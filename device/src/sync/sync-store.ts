import type {
  CommandOrder,
  DocState,
  EventBody,
  EventClass,
  EventName,
  GroupOutcome,
  Milliseconds,
} from '@cat-feeder/shared';

/** One epoch of the ledger. Hashes, genesis and ids are texts of 8 bytes, as they travel. */
export interface LogSegment {
  /** 0 until the cloud has named it. */
  readonly epoch: number;
  readonly genesis: string;
  /** The first number still held; `head + 1` when none is. */
  readonly base: number;
  /** The hash before `base`. */
  readonly baseHash: string;
  readonly head: number;
  /** What the cloud said it has, for retention only: hello decides what is sent. */
  readonly acked: number;
  readonly closed: boolean;
  /** The genesis of the epoch that a fork is about to open. */
  readonly pendingGenesis: string | null;
}

/** One entry of the ledger as the sync core sees it. */
export interface LogEvent {
  readonly item: 'event';
  readonly seq: number;
  readonly eid: string;
  readonly hash: string;
  readonly kind: number;
  readonly kver: number;
  readonly cls: EventClass;
  readonly boot: string;
  readonly monoMs: number;
  readonly wallMs: number;
  readonly tq: number;
  /** Canonical JSON. */
  readonly body: string;
}

/** Numbers whose entries are gone; the chain goes on from `hash`. */
export interface LogHole {
  readonly item: 'gap';
  readonly from: number;
  readonly to: number;
  readonly why: string;
  readonly hash: string;
}
export type LogItem = LogEvent | LogHole;

/** What a fork does to the ledger, in one transaction. */
export interface ForkPlan {
  /** Segments that end earlier now: the numbers after `head` are removed or renumbered. */
  readonly cut: readonly { readonly epoch: number; readonly head: number }[];
  /** The epoch that is opened, with what the cloud did not have, renumbered from 1. */
  readonly opened: { readonly epoch: number; readonly genesis: string };
  readonly items: Iterable<LogItem>;
}

/**
 * A command on the feeder.
 *   claiming --claim granted in time--> executing --result--> ended
 *       |------refused or too late------------------------->|
 */
export type LocalCommandState = 'claiming' | 'executing' | 'ended';

export interface LocalCommand {
  readonly id: string;
  readonly state: LocalCommandState;
  readonly nonce: string;
  readonly order: CommandOrder;
  /** By the cloud's clock; judged there. */
  readonly notAfterMs: number;
}

/** Small numbers that outlive a restart. */
export type SyncNumber = 'cursor' | 'session' | 'attempt';

/**
 * What the sync core needs of the feeder's database. Synchronous; `transact` is all or nothing and
 * durable when it returns; every writing method needs a running transaction.
 */
export interface SyncStore {
  transact<T>(name: string, work: () => T): T;

  /** Every retained segment, oldest first; the last one is the active one. */
  segments(): readonly LogSegment[];
  /** At most `limit` items of an epoch from the one that holds `from` on, in order. */
  items(epoch: number, from: number, limit: number): readonly LogItem[];
  /** The hash at a number that is held, ends a gap, or lies right before the base. */
  hashAt(epoch: number, seq: number): string | undefined;
  append<Name extends EventName>(name: Name, body: EventBody<Name>): void;
  acknowledge(epoch: number, seq: number): void;
  /** Gives epoch 0 its number. */
  nameEpoch(epoch: number): void;
  setPendingGenesis(genesis: string): void;
  fork(plan: ForkPlan): void;

  docs(): readonly DocState[];
  doc(kind: string, id: string): DocState | undefined;
  putDoc(doc: DocState): void;
  /** Whether an entry about a document is not acknowledged. */
  hasUnackedDocs(): boolean;
  /** Whether an epoch after this one has an entry about this document. */
  isTouched(kind: string, id: string, afterEpoch: number): boolean;

  mutationOutcomes(mid: string): Readonly<Record<string, GroupOutcome>> | undefined;
  closeMutation(mid: string, dseq: number, outcomes: Readonly<Record<string, GroupOutcome>>): void;

  command(id: string): LocalCommand | undefined;
  putCommand(command: LocalCommand): void;
  /** Commands that have not ended, oldest first. */
  openCommands(): readonly LocalCommand[];

  number(name: SyncNumber): number;
  setNumber(name: SyncNumber, value: number): void;
}

/** The instant of a step: `tq` says how far the wall clock is believed, as in the ledger. */
export interface SyncNow {
  readonly monoMs: Milliseconds;
  readonly wallMs: number;
  readonly tq: number;
}
