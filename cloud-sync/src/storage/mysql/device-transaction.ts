import type { CommandState } from '@cat-feeder/shared';
import type {
  ClipRow,
  ClipState,
  CommandRow,
  DeviceRow,
  DeviceTransaction,
  DocRow,
  DownRow,
  EpochRow,
  EventRow,
  GapRow,
  MutationRow,
} from '../../core/cloud-store.ts';
import type { Sql, SqlValue } from './database.ts';
import {
  type ClipRecord,
  type CommandRecord,
  clipOf,
  clipStateNumber,
  clipValues,
  commandOf,
  commandStateNumber,
  type DeviceRecord,
  type DocRecord,
  type DownRecord,
  deviceOf,
  deviceValues,
  docOf,
  docValues,
  downKindNumber,
  downOf,
  type EpochRecord,
  epochOf,
  epochValues,
  eventValues,
  type GapRecord,
  gapOf,
  type MutationRecord,
  mutationOf,
} from './device-rows.ts';
import { hashBytes, hashText, jsonBytes, partyToBytes, ulid } from './row-values.ts';

const deviceColumns =
  'device_id, home_id, status, session, session_ms, boots, cloned_ms, max_epoch, down_head, down_acked';
const epochColumns = 'epoch, genesis, home_id, acked_seq, acked_hash, adopted, opened_ms';
const eventColumns =
  'epoch, seq, eid, hash, kind, kver, boot, mono_ms, occurred_ms, received_ms, tq, quarantined, body';
const docColumns = 'doc_kind, doc_id, epoch, seq, rev, deleted, gone, doc_groups, grevs';
const commandColumns =
  'command_id, dseq, state, wish, issued_ms, not_after_ms, nonce, claimed_ms, reason';
const clipColumns =
  'clip_id, home_id, feed_id, state, bytes, sha256, object_key, upload_id, created_ms, stored_ms, due_ms';

const marks = (count: number) => Array(count).fill('?').join(', ');
/** Beyond every id that there is: 2^128 - 1 is a time that no clock shows. */
const AFTER_ALL = Buffer.alloc(16, 0xff);
const EVENT_MARKS = `(${marks(14)})`;

/**
 * One transaction on the rows of one device: its key is in every statement. The downlink's table
 * holds open items only, so a row leaves it when its mutation or command is closed or renumbered.
 */
export class SqlDeviceTransaction implements DeviceTransaction {
  readonly #sql: Sql;
  readonly #key: Buffer;
  #device: DeviceRow | undefined;
  #isDeviceChanged = false;

  private constructor(sql: Sql, key: Buffer, device: DeviceRow | undefined) {
    this.#sql = sql;
    this.#key = key;
    this.#device = device;
  }

  /** Locks the device's row. */
  static async begin(sql: Sql, deviceId: string): Promise<SqlDeviceTransaction> {
    const key = partyToBytes(deviceId);
    const [row] = await sql.rows<DeviceRecord>(
      `SELECT ${deviceColumns} FROM device WHERE device_id = ? FOR UPDATE`,
      key,
    );
    return new SqlDeviceTransaction(sql, key, row === undefined ? undefined : deviceOf(row));
  }

  /** Writes what was kept back; the commit follows. */
  async flush(): Promise<void> {
    if (!this.#isDeviceChanged || this.#device === undefined) return;
    await this.#write(
      `UPDATE device SET home_id = ?, status = ?, session = ?, session_ms = ?, boots = ?,
       cloned_ms = ?, max_epoch = ?, down_head = ?, down_acked = ? WHERE device_id = ?`,
      ...deviceValues(this.#device),
      this.#key,
    );
    this.#isDeviceChanged = false;
  }

  async device() {
    return this.#device;
  }

  async putDevice(row: DeviceRow) {
    this.#device = row;
    this.#isDeviceChanged = true;
  }

  async epochs() {
    const rows = await this.#rows<EpochRecord>(
      `SELECT ${epochColumns} FROM device_epoch WHERE device_id = ? ORDER BY epoch`,
    );
    return rows.map(epochOf);
  }

  async epoch(epoch: number) {
    const [row] = await this.#rows<EpochRecord>(
      `SELECT ${epochColumns} FROM device_epoch WHERE device_id = ? AND epoch = ?`,
      epoch,
    );
    return row === undefined ? undefined : epochOf(row);
  }

  async putEpoch(row: EpochRow) {
    const { ackedSeq, ackedHash } = row;
    const moved = await this.#write(
      'UPDATE device_epoch SET acked_seq = ?, acked_hash = ? WHERE device_id = ? AND epoch = ?',
      ...[ackedSeq, hashBytes(ackedHash), this.#key, row.epoch],
    );
    if (moved > 0) return;
    await this.#write(
      `INSERT INTO device_epoch (device_id, ${epochColumns}) VALUES (${marks(8)})`,
      this.#key,
      ...epochValues(row),
    );
  }

  async addEvents(rows: readonly EventRow[]) {
    if (rows.length === 0) return;
    const values: SqlValue[] = [];
    for (const row of rows) values.push(this.#key, ...eventValues(row));
    await this.#write(
      `INSERT IGNORE INTO device_event (device_id, ${eventColumns}) VALUES ${rows.map(() => EVENT_MARKS).join(', ')}`,
      ...values,
    );
  }

  async hashes(epoch: number, from: number, to: number) {
    const events = await this.#rows<{ seq: number; hash: Buffer }>(
      'SELECT seq, hash FROM device_event WHERE device_id = ? AND epoch = ? AND seq BETWEEN ? AND ?',
      ...[epoch, from, to],
    );
    const gaps = await this.#rows<{ seq: number; hash: Buffer }>(
      `SELECT to_seq AS seq, hash FROM device_gap
       WHERE device_id = ? AND epoch = ? AND to_seq BETWEEN ? AND ?`,
      ...[epoch, from, to],
    );
    return new Map([...gaps, ...events].map(({ seq, hash }) => [seq, hashText(hash)]));
  }

  async heldEids(eids: readonly string[]) {
    if (eids.length === 0) return new Set<string>();
    const rows = await this.#rows<{ eid: Buffer }>(
      `SELECT eid FROM device_event WHERE device_id = ? AND eid IN (${marks(eids.length)})`,
      ...eids.map(hashBytes),
    );
    return new Set(rows.map(({ eid }) => hashText(eid)));
  }

  async gaps(epoch: number, limit: number) {
    const rows = await this.#rows<GapRecord>(
      `SELECT epoch, from_seq, to_seq, why, hash FROM device_gap
       WHERE device_id = ? AND epoch = ? ORDER BY to_seq DESC LIMIT ${whole(limit)}`,
      epoch,
    );
    return rows.map(gapOf);
  }

  async gapEndingAt(epoch: number, to: number) {
    const [row] = await this.#rows<GapRecord>(
      `SELECT epoch, from_seq, to_seq, why, hash FROM device_gap
       WHERE device_id = ? AND epoch = ? AND to_seq = ?`,
      ...[epoch, to],
    );
    return row === undefined ? undefined : gapOf(row);
  }

  async putGap({ epoch, from, to, why, hash }: GapRow) {
    await this.#write(
      `REPLACE INTO device_gap (device_id, epoch, to_seq, from_seq, why, hash)
       VALUES (${marks(6)})`,
      ...[this.#key, epoch, to, from, why, hashBytes(hash)],
    );
  }

  async removeGap(epoch: number, to: number) {
    await this.#write(
      'DELETE FROM device_gap WHERE device_id = ? AND epoch = ? AND to_seq = ?',
      ...[this.#key, epoch, to],
    );
  }

  async docs() {
    const rows = await this.#rows<DocRecord>(
      `SELECT ${docColumns} FROM device_doc WHERE device_id = ?`,
    );
    return rows.map(docOf);
  }

  async doc(kind: string, id: string) {
    const [row] = await this.#rows<DocRecord>(
      `SELECT ${docColumns} FROM device_doc WHERE device_id = ? AND doc_kind = ? AND doc_id = ?`,
      ...[Buffer.from(kind, 'utf8'), ulid(id)],
    );
    return row === undefined ? undefined : docOf(row);
  }

  async putDoc(row: DocRow) {
    await this.#write(
      `REPLACE INTO device_doc (device_id, ${docColumns}) VALUES (${marks(10)})`,
      this.#key,
      ...docValues(row),
    );
  }

  async mutation(mid: string) {
    const [row] = await this.#rows<MutationRecord>(
      `SELECT mid, dseq, outcomes, reason, created_ms FROM device_mutation
       WHERE device_id = ? AND mid = ?`,
      ulid(mid),
    );
    return row === undefined ? undefined : mutationOf(row);
  }

  async putMutation({ mid, dseq, outcomes, reason, createdMs }: MutationRow) {
    const told = outcomes === null ? null : jsonBytes(outcomes);
    await this.#write(
      `REPLACE INTO device_mutation (device_id, mid, dseq, outcomes, reason, created_ms)
       VALUES (${marks(6)})`,
      ...[this.#key, ulid(mid), dseq, told, reason, createdMs],
    );
    await this.#leaveDown('mut', mid, outcomes === null ? dseq : null);
  }

  async command(id: string) {
    const [row] = await this.#rows<CommandRecord>(
      `SELECT ${commandColumns} FROM device_command WHERE device_id = ? AND command_id = ?`,
      ulid(id),
    );
    return row === undefined ? undefined : commandOf(row);
  }

  async putCommand(row: CommandRow) {
    const { commandId, dseq, state, order, issuedMs, notAfterMs, nonce, claimedMs, reason } = row;
    await this.#write(
      `REPLACE INTO device_command (device_id, ${commandColumns}) VALUES (${marks(10)})`,
      ...[this.#key, ulid(commandId), dseq, commandStateNumber(state), jsonBytes(order)],
      ...[issuedMs, notAfterMs, nonce === null ? null : hashBytes(nonce), claimedMs, reason],
    );
    await this.#leaveDown('cmd', commandId, state === 'queued' ? dseq : null);
  }

  async commandsIn(states: readonly CommandState[]) {
    const rows = await this.#rows<CommandRecord>(
      `SELECT ${commandColumns} FROM device_command
       WHERE device_id = ? AND state IN (${marks(states.length)})`,
      ...states.map(commandStateNumber),
    );
    return rows.map(commandOf);
  }

  async clip(id: string) {
    const [row] = await this.#rows<ClipRecord>(
      `SELECT ${clipColumns} FROM device_clip WHERE device_id = ? AND clip_id = ?`,
      ulid(id),
    );
    return row === undefined ? undefined : clipOf(row);
  }

  async putClip(row: ClipRow) {
    await this.#write(
      `REPLACE INTO device_clip (device_id, ${clipColumns}) VALUES (${marks(12)})`,
      this.#key,
      ...clipValues(row),
    );
  }

  async clipsIn(state: ClipState, { before, limit }: { before: string | null; limit: number }) {
    const rows = await this.#rows<ClipRecord>(
      `SELECT ${clipColumns} FROM device_clip WHERE device_id = ? AND clip_id < ? AND state = ?
       ORDER BY clip_id DESC LIMIT ${whole(limit)}`,
      ...[before === null ? AFTER_ALL : ulid(before), clipStateNumber(state)],
    );
    return rows.map(clipOf);
  }

  async dueClips(nowMs: number, limit: number) {
    const rows = await this.#rows<ClipRecord>(
      `SELECT ${clipColumns} FROM device_clip WHERE device_id = ? AND due_ms <= ?
       ORDER BY clip_id LIMIT ${whole(limit)}`,
      nowMs,
    );
    return rows.map(clipOf);
  }

  async clipBytes(sinceMs: number) {
    const rows = await this.#rows<{ bytes: number }>(
      `SELECT bytes FROM device_clip WHERE device_id = ? AND created_ms >= ? AND state IN (?, ?)`,
      ...[sinceMs, clipStateNumber('open'), clipStateNumber('stored')],
    );
    return rows.reduce((sum, { bytes }) => sum + bytes, 0);
  }

  async forgetClips(beforeMs: number) {
    await this.#write(
      'DELETE FROM device_clip WHERE device_id = ? AND created_ms < ?',
      ...[this.#key, beforeMs],
    );
  }

  async addDown({ dseq, kind, ref, notAfterMs, body }: DownRow) {
    await this.#write(
      `REPLACE INTO device_downlink (device_id, dseq, kind, ref, not_after_ms, body)
       VALUES (${marks(6)})`,
      ...[this.#key, dseq, downKindNumber(kind), ulid(ref), notAfterMs, jsonBytes(body)],
    );
  }

  async openDown(after: number, limit: number) {
    const rows = await this.#rows<DownRecord>(
      `SELECT dseq, kind, ref, not_after_ms, body FROM device_downlink
       WHERE device_id = ? AND dseq > ? ORDER BY dseq LIMIT ${whole(limit)}`,
      after,
    );
    return rows.map(downOf);
  }

  /** Takes an item off the downlink: all its numbers, or all but the present one. */
  async #leaveDown(kind: DownRow['kind'], ref: string, present: number | null) {
    await this.#write(
      'DELETE FROM device_downlink WHERE device_id = ? AND kind = ? AND ref = ? AND dseq <> ?',
      ...[this.#key, downKindNumber(kind), ulid(ref), present ?? 0],
    );
  }

  /** Every read names the device first. */
  #rows<Row>(sql: string, ...values: SqlValue[]): Promise<Row[]> {
    return this.#sql.rows<Row>(sql, this.#key, ...values);
  }

  #write(sql: string, ...values: SqlValue[]): Promise<number> {
    return this.#sql.write(sql, ...values);
  }
}

/** A limit stands in the statement, since MySQL takes no parameter of every type there. */
function whole(limit: number): number {
  if (!Number.isSafeInteger(limit) || limit < 1) throw new RangeError('A limit is a whole number.');
  return limit;
}
