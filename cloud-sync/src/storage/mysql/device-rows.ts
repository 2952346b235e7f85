import type { CommandOrder, CommandState, SyncDoc } from '@cat-feeder/shared';
import {
  type ClipRow,
  type ClipState,
  type CommandRow,
  clipStates,
  type DeviceRow,
  type DocRow,
  type DownRow,
  type EpochRow,
  type EventRow,
  type GapRow,
  type MutationRow,
} from '../../core/cloud-store.ts';
import type { SqlValue } from './database.ts';
import {
  bytesToParty,
  fromJson,
  hashBytes,
  hashText,
  jsonBytes,
  partyToBytes,
  ulid,
  ulidText,
} from './row-values.ts';

/* Rows of the device plane as the database holds them, and back. Numbers of states never change. */

const STATUSES = ['active', 'revoked'] as const;
const COMMAND_STATES: readonly CommandState[] = [
  'queued',
  'claimed',
  'done',
  'failed',
  'refused',
  'expired',
  'cancelled',
  'unconfirmed',
];
const DOWN_KINDS = ['cmd', 'mut'] as const;

/** The number of a state in the database. */
export function commandStateNumber(state: CommandState): number {
  return COMMAND_STATES.indexOf(state);
}

/** The state behind a number of the database. */
export function commandStateOf(number: number): CommandState {
  return named(COMMAND_STATES, number);
}

/** The number of a kind of downlink item. */
export function downKindNumber(kind: DownRow['kind']): number {
  return DOWN_KINDS.indexOf(kind);
}

function named<T>(names: readonly T[], number: number): T {
  const name = names[number];
  if (name === undefined) throw new RangeError(`The database has an unknown number ${number}.`);
  return name;
}

const BOOT_BYTES = 8;

/** `device` as it is read. */
export interface DeviceRecord {
  readonly device_id: Buffer;
  readonly home_id: Buffer | null;
  readonly status: number;
  readonly session: number;
  readonly session_ms: number;
  readonly boots: Buffer;
  readonly cloned_ms: number | null;
  readonly max_epoch: number;
  readonly down_head: number;
  readonly down_acked: number;
}

export function deviceOf(row: DeviceRecord): DeviceRow {
  const boots: string[] = [];
  for (let at = 0; at < row.boots.length; at += BOOT_BYTES) {
    boots.push(hashText(row.boots.subarray(at, at + BOOT_BYTES)));
  }
  return {
    deviceId: bytesToParty(row.device_id),
    homeId: row.home_id === null ? null : bytesToParty(row.home_id),
    status: named(STATUSES, row.status),
    session: row.session,
    sessionMs: row.session_ms,
    boots,
    clonedMs: row.cloned_ms,
    maxEpoch: row.max_epoch,
    downHead: row.down_head,
    downAcked: row.down_acked,
  };
}

/** In the order of the columns of `updateDeviceSql`. */
export function deviceValues(row: DeviceRow): SqlValue[] {
  return [
    row.homeId === null ? null : partyToBytes(row.homeId),
    STATUSES.indexOf(row.status),
    row.session,
    row.sessionMs,
    Buffer.concat(row.boots.map(hashBytes)),
    row.clonedMs,
    row.maxEpoch,
    row.downHead,
    row.downAcked,
  ];
}

export interface EpochRecord {
  readonly epoch: number;
  readonly genesis: Buffer;
  readonly home_id: Buffer;
  readonly acked_seq: number;
  readonly acked_hash: Buffer;
  readonly adopted: number;
  readonly opened_ms: number;
}

export function epochOf(row: EpochRecord): EpochRow {
  return {
    epoch: row.epoch,
    genesis: hashText(row.genesis),
    homeId: bytesToParty(row.home_id),
    ackedSeq: row.acked_seq,
    ackedHash: hashText(row.acked_hash),
    isAdopted: row.adopted === 1,
    openedMs: row.opened_ms,
  };
}

export function epochValues(row: EpochRow): SqlValue[] {
  const { epoch, genesis, homeId, ackedSeq, ackedHash, isAdopted, openedMs } = row;
  const acked = [ackedSeq, hashBytes(ackedHash)];
  return [epoch, hashBytes(genesis), partyToBytes(homeId), ...acked, isAdopted ? 1 : 0, openedMs];
}

/** In the order of `eventColumns`, without the device. */
export function eventValues(row: EventRow): SqlValue[] {
  return [
    row.epoch,
    row.seq,
    hashBytes(row.eid),
    hashBytes(row.hash),
    row.kind,
    row.kver,
    hashBytes(row.boot),
    row.monoMs,
    row.occurredMs,
    row.receivedMs,
    row.tq,
    row.quarantined ? 1 : 0,
    Buffer.from(row.body, 'utf8'),
  ];
}

export interface EventRecord {
  readonly epoch: number;
  readonly seq: number;
  readonly eid: Buffer;
  readonly hash: Buffer;
  readonly kind: number;
  readonly kver: number;
  readonly boot: Buffer;
  readonly mono_ms: number;
  readonly occurred_ms: number;
  readonly received_ms: number;
  readonly tq: number;
  readonly quarantined: number;
  readonly body: Buffer;
}

export function eventOf(row: EventRecord): EventRow {
  return {
    epoch: row.epoch,
    seq: row.seq,
    eid: hashText(row.eid),
    hash: hashText(row.hash),
    kind: row.kind,
    kver: row.kver,
    boot: hashText(row.boot),
    monoMs: row.mono_ms,
    occurredMs: row.occurred_ms,
    receivedMs: row.received_ms,
    tq: row.tq,
    quarantined: row.quarantined === 1,
    body: row.body.toString('utf8'),
  };
}

export interface GapRecord {
  readonly epoch: number;
  readonly from_seq: number;
  readonly to_seq: number;
  readonly why: string;
  readonly hash: Buffer;
}

export function gapOf(row: GapRecord): GapRow {
  const { epoch, from_seq: from, to_seq: to, why, hash } = row;
  return { epoch, from, to, why, hash: hashText(hash) };
}

export interface DocRecord {
  readonly doc_kind: Buffer;
  readonly doc_id: Buffer;
  readonly epoch: number;
  readonly seq: number;
  readonly rev: number;
  readonly deleted: number;
  readonly gone: number;
  readonly doc_groups: Buffer;
  readonly grevs: Buffer;
}

export function docOf(row: DocRecord): DocRow {
  const doc: SyncDoc = {
    kind: row.doc_kind.toString('utf8'),
    id: ulidText(row.doc_id),
    rev: row.rev,
    deleted: row.deleted === 1,
    groups: fromJson(row.doc_groups),
    grevs: fromJson(row.grevs),
  };
  return { doc, isGone: row.gone === 1, epoch: row.epoch, seq: row.seq };
}

export function docValues({ doc, isGone, epoch, seq }: DocRow): SqlValue[] {
  return [
    ...[Buffer.from(doc.kind, 'utf8'), ulid(doc.id), epoch, seq, doc.rev],
    ...[doc.deleted ? 1 : 0, isGone ? 1 : 0, jsonBytes(doc.groups), jsonBytes(doc.grevs)],
  ];
}

export interface MutationRecord {
  readonly mid: Buffer;
  readonly dseq: number;
  readonly outcomes: Buffer | null;
  readonly reason: string | null;
  readonly created_ms: number;
}

export function mutationOf(row: MutationRecord): MutationRow {
  const { mid, dseq, outcomes, reason, created_ms: createdMs } = row;
  const told = outcomes === null ? null : fromJson<MutationRow['outcomes']>(outcomes);
  return { mid: ulidText(mid), dseq, outcomes: told, reason, createdMs };
}

export interface CommandRecord {
  readonly command_id: Buffer;
  readonly dseq: number;
  readonly state: number;
  readonly wish: Buffer;
  readonly issued_ms: number;
  readonly not_after_ms: number;
  readonly nonce: Buffer | null;
  readonly claimed_ms: number | null;
  readonly reason: string | null;
}

export function commandOf(row: CommandRecord): CommandRow {
  return {
    commandId: ulidText(row.command_id),
    dseq: row.dseq,
    state: commandStateOf(row.state),
    order: fromJson<CommandOrder>(row.wish),
    issuedMs: row.issued_ms,
    notAfterMs: row.not_after_ms,
    nonce: row.nonce === null ? null : hashText(row.nonce),
    claimedMs: row.claimed_ms,
    reason: row.reason,
  };
}

export interface DownRecord {
  readonly dseq: number;
  readonly kind: number;
  readonly ref: Buffer;
  readonly not_after_ms: number | null;
  readonly body: Buffer;
}

export function downOf(row: DownRecord): DownRow {
  return {
    dseq: row.dseq,
    kind: named(DOWN_KINDS, row.kind),
    ref: ulidText(row.ref),
    notAfterMs: row.not_after_ms,
    body: fromJson(row.body),
  };
}

/** The number of a state of a clip. */
export function clipStateNumber(state: ClipState): number {
  return clipStates.indexOf(state);
}

export interface ClipRecord {
  readonly clip_id: Buffer;
  readonly home_id: Buffer;
  readonly feed_id: Buffer | null;
  readonly state: number;
  readonly bytes: number;
  readonly sha256: Buffer;
  readonly object_key: Buffer;
  readonly upload_id: Buffer | null;
  readonly created_ms: number;
  readonly stored_ms: number | null;
  readonly due_ms: number | null;
}

export function clipOf(row: ClipRecord): ClipRow {
  return {
    clipId: ulidText(row.clip_id),
    homeId: bytesToParty(row.home_id),
    feedId: row.feed_id === null ? null : ulidText(row.feed_id),
    state: named(clipStates, row.state),
    bytes: row.bytes,
    sha256: hashText(row.sha256),
    key: row.object_key.toString('utf8'),
    uploadId: row.upload_id === null ? null : row.upload_id.toString('utf8'),
    createdMs: row.created_ms,
    storedMs: row.stored_ms,
    dueMs: row.due_ms,
  };
}

/** In the order of `clipColumns`. */
export function clipValues(row: ClipRow): SqlValue[] {
  const { clipId, homeId, feedId, state, bytes, sha256, key, uploadId } = row;
  return [
    ...[ulid(clipId), partyToBytes(homeId), feedId === null ? null : ulid(feedId)],
    ...[clipStateNumber(state), bytes, hashBytes(sha256), Buffer.from(key, 'utf8')],
    uploadId === null ? null : Buffer.from(uploadId, 'utf8'),
    ...[row.createdMs, row.storedMs, row.dueMs],
  ];
}
