import type { CommandOrder, CommandState, GroupOutcome, SyncDoc } from '@cat-feeder/shared';

/** Rows of the device plane. Ids, hashes and genesis are texts as they travel. */
export interface DeviceRow {
  readonly deviceId: string;
  /** Null: it belongs to no home. */
  readonly homeId: string | null;
  readonly status: 'active' | 'revoked';
  readonly session: number;
  /** When the newest session was last heard of. */
  readonly sessionMs: number;
  /** Boots of the newest sessions, newest last: one that comes back is a second copy. */
  readonly boots: readonly string[];
  readonly clonedMs: number | null;
  readonly maxEpoch: number;
  readonly downHead: number;
  readonly downAcked: number;
}

export interface EpochRow {
  readonly epoch: number;
  readonly genesis: string;
  readonly homeId: string;
  readonly ackedSeq: number;
  readonly ackedHash: string;
  readonly openedMs: number;
  /** Not given here but taken over from a feeder, after this database was restored. */
  readonly isAdopted: boolean;
}

export interface EventRow {
  readonly epoch: number;
  readonly seq: number;
  readonly eid: string;
  readonly hash: string;
  readonly kind: number;
  readonly kver: number;
  readonly boot: string;
  readonly monoMs: number;
  readonly occurredMs: number;
  readonly receivedMs: number;
  readonly tq: number;
  /** Its projection failed: kept as it is, for a later version to read. */
  readonly quarantined: boolean;
  readonly body: string;
}

export interface GapRow {
  readonly epoch: number;
  readonly from: number;
  readonly to: number;
  readonly why: string;
  readonly hash: string;
}

/** The projection of one document, and the entry it comes from. */
export interface DocRow {
  readonly doc: SyncDoc;
  /** The feeder does not have it and nobody deleted it: a mark, not a deletion. */
  readonly isGone: boolean;
  readonly epoch: number;
  readonly seq: number;
}

export interface MutationRow {
  readonly mid: string;
  /** Its present number in the downlink. */
  readonly dseq: number;
  readonly outcomes: Readonly<Record<string, GroupOutcome>> | null;
  readonly reason: string | null;
  readonly createdMs: number;
}

export interface CommandRow {
  readonly commandId: string;
  /** Its present number in the downlink. */
  readonly dseq: number;
  readonly state: CommandState;
  readonly order: CommandOrder;
  readonly issuedMs: number;
  readonly notAfterMs: number;
  readonly nonce: string | null;
  readonly claimedMs: number | null;
  readonly reason: string | null;
}

export interface DownRow {
  readonly dseq: number;
  readonly kind: 'cmd' | 'mut';
  readonly ref: string;
  readonly notAfterMs: number | null;
  readonly body: unknown;
}

/** Numbers in the database: their order never changes. See the drawing in the rules of clips. */
export const clipStates = ['open', 'stored', 'removing', 'removed'] as const;
export type ClipState = (typeof clipStates)[number];

export interface ClipRow {
  readonly clipId: string;
  /** The home that the feeder belonged to: no other one ever sees it. */
  readonly homeId: string;
  readonly feedId: string | null;
  readonly state: ClipState;
  readonly bytes: number;
  /** Base64url. */
  readonly sha256: string;
  /** Name of its object. */
  readonly key: string;
  /** Of an upload in parts that is under way. */
  readonly uploadId: string | null;
  readonly createdMs: number;
  readonly storedMs: number | null;
  /** When its object is to be removed from the store; null: not by us. */
  readonly dueMs: number | null;
}

/**
 * One transaction on the rows of one device. It holds the device's row for update from its first
 * statement, so two transactions of one device never interleave. Reads see its own writes.
 */
export interface DeviceTransaction {
  device(): Promise<DeviceRow | undefined>;
  putDevice(row: DeviceRow): Promise<void>;

  epochs(): Promise<readonly EpochRow[]>;
  epoch(epoch: number): Promise<EpochRow | undefined>;
  putEpoch(row: EpochRow): Promise<void>;

  /** Inserts what is not there yet. */
  addEvents(rows: readonly EventRow[]): Promise<void>;
  /** Hash by number, of entries and of the ends of gaps, in a range. */
  hashes(epoch: number, from: number, to: number): Promise<ReadonlyMap<number, string>>;
  /** Those of the eids that exist, in any epoch. */
  heldEids(eids: readonly string[]): Promise<ReadonlySet<string>>;
  /** Gaps of an epoch, newest first. */
  gaps(epoch: number, limit: number): Promise<readonly GapRow[]>;
  gapEndingAt(epoch: number, to: number): Promise<GapRow | undefined>;
  putGap(row: GapRow): Promise<void>;
  removeGap(epoch: number, to: number): Promise<void>;

  docs(): Promise<readonly DocRow[]>;
  doc(kind: string, id: string): Promise<DocRow | undefined>;
  putDoc(row: DocRow): Promise<void>;

  mutation(mid: string): Promise<MutationRow | undefined>;
  putMutation(row: MutationRow): Promise<void>;
  command(id: string): Promise<CommandRow | undefined>;
  putCommand(row: CommandRow): Promise<void>;
  /** Commands in these states. */
  commandsIn(states: readonly CommandState[]): Promise<readonly CommandRow[]>;

  clip(id: string): Promise<ClipRow | undefined>;
  putClip(row: ClipRow): Promise<void>;
  /** Clips in a state, newest first; those before an id, if one is given. */
  clipsIn(
    state: ClipState,
    page: { readonly before: string | null; readonly limit: number },
  ): Promise<readonly ClipRow[]>;
  /** Clips whose object is to be removed by now. */
  dueClips(nowMs: number, limit: number): Promise<readonly ClipRow[]>;
  /** Bytes of clips that are open or stored and were announced at or after an instant. */
  clipBytes(sinceMs: number): Promise<number>;
  /** Forgets clips that were announced before an instant. */
  forgetClips(beforeMs: number): Promise<void>;

  addDown(row: DownRow): Promise<void>;
  /**
   * Items after a number, in order: those of mutations without an outcome and of queued commands,
   * each under its present number.
   */
  openDown(after: number, limit: number): Promise<readonly DownRow[]>;
}

/** The service's database as its cores see it. */
export interface CloudStore {
  /** Runs one transaction; when it resolves, the change is durable. */
  onDevice<T>(deviceId: string, work: (tx: DeviceTransaction) => Promise<T>): Promise<T>;
}
