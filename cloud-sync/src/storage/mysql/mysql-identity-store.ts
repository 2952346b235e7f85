import type { EpochMs } from '@cat-feeder/shared';
import type {
  ClaimRow,
  ClaimState,
  DeviceKey,
  HomeDevice,
  IdentityStore,
} from '../../identity/identity-store.ts';
import type { Database, Sql } from './database.ts';
import { commandStateNumber } from './device-rows.ts';
import {
  bytesToParty,
  hashBytes,
  hashText,
  jsonBytes,
  partyToBytes,
  ulid,
  ulidText,
} from './row-values.ts';

const CLAIM_STATES: readonly ClaimState[] = ['waiting', 'named', 'agreed', 'claimed'];
const stateNumber = (state: ClaimState) => CLAIM_STATES.indexOf(state);
const claimColumns =
  'claim_id, public_x, hw_hash, model, state, expires_ms, home_id, account, device_id';
/** Claims that one call forgets. */
const FORGOTTEN_MAX = 100;

interface ClaimRecord {
  readonly claim_id: Buffer;
  readonly public_x: string;
  readonly hw_hash: Buffer;
  readonly model: string;
  readonly state: number;
  readonly expires_ms: number;
  readonly home_id: Buffer | null;
  readonly account: string | null;
  readonly device_id: Buffer | null;
}

function claimOf(row: ClaimRecord): ClaimRow {
  return {
    claimId: ulidText(row.claim_id),
    publicX: row.public_x,
    hw: hashText(row.hw_hash),
    model: row.model,
    state: CLAIM_STATES[row.state] ?? 'claimed',
    expiresMs: row.expires_ms,
    homeId: row.home_id === null ? null : bytesToParty(row.home_id),
    account: row.account,
    deviceId: row.device_id === null ? null : bytesToParty(row.device_id),
  };
}

/** Identities on MariaDB or MySQL. */
export class MysqlIdentityStore implements IdentityStore {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  addClaim(claim: Omit<ClaimRow, 'state' | 'homeId' | 'account'>, codeHash: Buffer) {
    const { claimId, publicX, hw, model, expiresMs, deviceId } = claim;
    return this.#database.transaction(async (sql) => {
      const added = await sql.write(
        `INSERT IGNORE INTO claim
         (claim_id, code_hash, public_x, hw_hash, model, state, expires_ms, device_id)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
        ...[ulid(claimId), codeHash, publicX, hashBytes(hw), model, stateNumber('waiting')],
        ...[expiresMs, deviceId === null ? null : partyToBytes(deviceId)],
      );
      return added > 0;
    });
  }

  claim(claimId: string) {
    return this.#database.transaction((sql) => readClaim(sql, claimId));
  }

  nameClaim(
    codeHash: Buffer,
    member: { readonly homeId: string; readonly account: string; readonly nowMs: EpochMs },
  ) {
    return this.#database.transaction(async (sql) => {
      const [row] = await sql.rows<ClaimRecord>(
        `SELECT ${claimColumns} FROM claim WHERE code_hash = ? AND expires_ms > ? FOR UPDATE`,
        ...[codeHash, member.nowMs],
      );
      if (row === undefined || CLAIM_STATES[row.state] !== 'waiting') return undefined;
      await sql.write(
        'UPDATE claim SET state = ?, home_id = ?, account = ? WHERE claim_id = ?',
        ...[stateNumber('named'), partyToBytes(member.homeId), member.account, row.claim_id],
      );
      return readClaim(sql, ulidText(row.claim_id));
    });
  }

  agree(claimId: string, deviceId: string) {
    return this.#database.transaction(async (sql) => {
      await sql.write(
        `UPDATE claim SET state = ?, device_id = COALESCE(device_id, ?)
         WHERE claim_id = ? AND state = ?`,
        ...[stateNumber('agreed'), partyToBytes(deviceId), ulid(claimId), stateNumber('named')],
      );
      return readClaim(sql, claimId);
    });
  }

  async finishClaim(claimId: string) {
    await this.#database.transaction((sql) =>
      sql.write(
        'UPDATE claim SET state = ? WHERE claim_id = ?',
        ...[stateNumber('claimed'), ulid(claimId)],
      ),
    );
  }

  async forgetClaims(beforeMs: EpochMs) {
    await this.#database.transaction((sql) =>
      sql.write(`DELETE FROM claim WHERE expires_ms < ? LIMIT ${FORGOTTEN_MAX}`, beforeMs),
    );
  }

  homeOf(deviceId: string) {
    return this.#database.transaction(async (sql) => {
      const [row] = await sql.rows<{ home_id: Buffer | null }>(
        'SELECT home_id FROM device WHERE device_id = ?',
        partyToBytes(deviceId),
      );
      return row === undefined || row.home_id === null ? null : bytesToParty(row.home_id);
    });
  }

  async linkDevice(device: Parameters<IdentityStore['linkDevice']>[0], nowMs: EpochMs) {
    const { deviceId, homeId, hw, model, kid, publicX } = device;
    const key = partyToBytes(deviceId);
    await this.#database.transaction(async (sql) => {
      await sql.write(
        `INSERT IGNORE INTO device (device_id, model, hw_hash, status, created_ms)
         VALUES (?, ?, ?, ?, ?)`,
        ...[key, model, hashBytes(hw), 0, nowMs],
      );
      const [before] = await sql.rows<{ home_id: Buffer | null }>(
        'SELECT home_id FROM device WHERE device_id = ? FOR UPDATE',
        key,
      );
      await sql.write(
        `UPDATE device SET home_id = ?, status = ?, model = ?, hw_hash = ?, boots = '', cloned_ms = NULL
         WHERE device_id = ?`,
        ...[partyToBytes(homeId), 0, model, hashBytes(hw), key],
      );
      await sql.write(
        `INSERT IGNORE INTO device_key (device_id, kid, public_x, state, created_ms)
         VALUES (?, ?, ?, ?, ?)`,
        ...[key, kid, publicX, 0, nowMs],
      );
      const left = before?.home_id ?? null;
      if (left !== null && bytesToParty(left) !== homeId) await endOpenItems(sql, key);
    });
  }

  keys(deviceId: string, nowMs: EpochMs) {
    return this.#database.transaction(async (sql) => {
      const rows = await sql.rows<{ kid: Buffer; public_x: string }>(
        `SELECT kid, public_x FROM device_key
         WHERE device_id = ? AND state = ? AND COALESCE(ends_ms, ?) > ?`,
        ...[partyToBytes(deviceId), 0, nowMs + 1, nowMs],
      );
      return rows.map((row): DeviceKey => ({ kid: row.kid, publicX: row.public_x }));
    });
  }

  async rotateKey(
    deviceId: string,
    { kid, publicX }: DeviceKey,
    { nowMs, othersEndMs }: { nowMs: EpochMs; othersEndMs: EpochMs },
  ) {
    const key = partyToBytes(deviceId);
    await this.#database.transaction(async (sql) => {
      await sql.rows('SELECT status FROM device WHERE device_id = ? FOR UPDATE', key);
      await sql.write(
        `INSERT IGNORE INTO device_key (device_id, kid, public_x, state, created_ms)
         VALUES (?, ?, ?, ?, ?)`,
        ...[key, kid, publicX, 0, nowMs],
      );
      await sql.write(
        `UPDATE device_key SET ends_ms = ?
         WHERE device_id = ? AND kid <> ? AND ends_ms IS NULL`,
        ...[othersEndMs, key, kid],
      );
    });
  }

  async addHome(homeId: string, name: string, nowMs: EpochMs) {
    await this.#database.transaction((sql) =>
      sql.write(
        'INSERT INTO home (home_id, name, created_ms) VALUES (?, ?, ?)',
        ...[partyToBytes(homeId), name, nowMs],
      ),
    );
  }

  hasHome(homeId: string) {
    return this.#database.transaction(async (sql) => {
      const rows = await sql.rows('SELECT name FROM home WHERE home_id = ?', partyToBytes(homeId));
      return rows.length > 0;
    });
  }

  async joinHome(homeId: string, deviceId: string, nowMs: EpochMs) {
    const keys = [partyToBytes(homeId), partyToBytes(deviceId)];
    await this.#database.transaction(async (sql) => {
      await sql.write(
        'INSERT IGNORE INTO home_device (home_id, device_id, joined_ms) VALUES (?, ?, ?)',
        ...[...keys, nowMs],
      );
      await sql.write(
        'UPDATE home_device SET left_ms = NULL WHERE home_id = ? AND device_id = ?',
        ...keys,
      );
    });
  }

  async leaveHome(homeId: string, deviceId: string, nowMs: EpochMs) {
    await this.#database.transaction((sql) =>
      sql.write(
        'UPDATE home_device SET left_ms = ? WHERE home_id = ? AND device_id = ?',
        ...[nowMs, partyToBytes(homeId), partyToBytes(deviceId)],
      ),
    );
  }

  isInHome(homeId: string, deviceId: string) {
    return this.#database.transaction(async (sql) => {
      const rows = await sql.rows(
        `SELECT joined_ms FROM home_device
         WHERE home_id = ? AND device_id = ? AND left_ms IS NULL`,
        ...[partyToBytes(homeId), partyToBytes(deviceId)],
      );
      return rows.length > 0;
    });
  }

  devicesOf(homeId: string) {
    return this.#database.transaction(async (sql) => {
      const rows = await sql.rows<{ device_id: Buffer; joined_ms: number }>(
        'SELECT device_id, joined_ms FROM home_device WHERE home_id = ? AND left_ms IS NULL',
        partyToBytes(homeId),
      );
      return rows.map(
        (row): HomeDevice => ({ deviceId: bytesToParty(row.device_id), joinedMs: row.joined_ms }),
      );
    });
  }
}

/** Nobody's feeder does what another home wished of it. */
async function endOpenItems(sql: Sql, key: Buffer): Promise<void> {
  await sql.write(
    'UPDATE device_command SET state = ? WHERE device_id = ? AND state = ?',
    ...[commandStateNumber('cancelled'), key, commandStateNumber('queued')],
  );
  await sql.write(
    `UPDATE device_mutation SET outcomes = ?, reason = ?
     WHERE device_id = ? AND outcomes IS NULL`,
    ...[jsonBytes({ '*': 'rejected' }), 'the feeder has another owner', key],
  );
  await sql.write('DELETE FROM device_downlink WHERE device_id = ?', key);
}

async function readClaim(sql: Sql, claimId: string): Promise<ClaimRow | undefined> {
  const [row] = await sql.rows<ClaimRecord>(
    `SELECT ${claimColumns} FROM claim WHERE claim_id = ?`,
    ulid(claimId),
  );
  return row === undefined ? undefined : claimOf(row);
}
