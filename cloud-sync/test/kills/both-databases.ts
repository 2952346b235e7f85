import { join } from 'node:path';
import type { SyncDoc } from '@cat-feeder/shared';
import Database from 'better-sqlite3';
import type { Connection, RowDataPacket } from 'mysql2/promise';
import { documentKinds } from '../../../device/src/storage/document-groups.ts';
import { commandStateOf } from '../../src/storage/mysql/device-rows.ts';
import {
  bytesToParty,
  fromJson,
  hashText,
  partyToBytes,
  ulidText,
} from '../../src/storage/mysql/row-values.ts';

/* One feeder's truth on both sides, read by SQL from the databases themselves. */

export interface EventSeen {
  readonly epoch: number;
  readonly seq: number;
  readonly eid: string;
  readonly hash: string;
  readonly kind: number;
  readonly kver: number;
  readonly boot: string;
  readonly monoMs: number;
  readonly wallMs: number;
  readonly body: string;
  readonly quarantined: boolean;
}
export interface GapSeen {
  readonly epoch: number;
  readonly from: number;
  readonly to: number;
  readonly hash: string;
}
export interface EpochSeen {
  readonly epoch: number;
  readonly genesis: string;
  readonly head: number;
  readonly acked: number;
}
export interface Side {
  readonly epochs: readonly EpochSeen[];
  readonly events: readonly EventSeen[];
  readonly gaps: readonly GapSeen[];
  /** Living documents, those that are exchanged. */
  readonly docs: readonly SyncDoc[];
}

export interface FeedingSeen {
  readonly requestId: string;
  readonly state: string;
  readonly result: string | null;
  readonly claimedMs: number;
  readonly highMg: number;
}
export interface FeederSide extends Side {
  readonly feedings: readonly FeedingSeen[];
  readonly mutations: ReadonlyMap<string, string>;
  readonly integrity: string;
}

export interface CommandSeen {
  readonly id: string;
  readonly state: string;
  readonly notAfterMs: number;
}
export interface CloudSide extends Side {
  readonly commands: readonly CommandSeen[];
  /** Outcomes by the id of the wish; null: it has none. */
  readonly mutations: ReadonlyMap<string, string | null>;
  readonly homes: ReadonlySet<string>;
  /** Sessions that the service has opened. */
  readonly session: number;
}

type Row = Record<string, unknown>;
const text = (value: unknown) => hashText(Buffer.from(value as Uint8Array));
const whole = (value: unknown) => Number(value);

/** The feeder's own database; nobody else may have it open. */
export function readFeeder(dataDir: string): FeederSide {
  const db = new Database(join(dataDir, 'db/feeder.db'));
  try {
    const all = (sql: string) => db.prepare(sql).all() as Row[];
    const names = new Map(Object.entries(documentKinds).map(([name, number]) => [number, name]));
    return {
      integrity: String(db.pragma('integrity_check', { simple: true })),
      epochs: all('SELECT * FROM log_segment ORDER BY epoch').map((row) => ({
        ...{ epoch: whole(row['epoch']), genesis: text(row['genesis']) },
        ...{ head: whole(row['head_seq']), acked: whole(row['acked_seq']) },
      })),
      events: all('SELECT * FROM event_log ORDER BY epoch, seq').map((row) => ({
        ...eventOf(row),
        wallMs: whole(row['wall_ms']),
        body: String(row['body']),
        quarantined: false,
      })),
      gaps: all('SELECT * FROM log_gap ORDER BY epoch, from_seq').map(gapOf),
      docs: all('SELECT * FROM doc WHERE deleted = 0').map((row) => {
        const stamps = JSON.parse(String(row['stamps'])) as Record<string, { rev: number }>;
        const grevs = Object.entries(stamps).map(([name, { rev }]) => [name, rev] as const);
        return {
          kind: names.get(whole(row['kind']) as never) ?? '',
          id: ulidText(row['id'] as Buffer),
          ...{ rev: whole(row['rev']), deleted: false },
          groups: JSON.parse(String(row['groups'])),
          grevs: Object.fromEntries(grevs),
        };
      }),
      feedings: all('SELECT * FROM feeding ORDER BY n').map((row) => ({
        ...{ requestId: String(row['request_id']), state: String(row['state']) },
        result: row['result'] === null ? null : String(row['result']),
        claimedMs: whole(row['claimed_ms']),
        highMg: whole(row['high_mg'] ?? 0),
      })),
      mutations: new Map(
        all('SELECT * FROM mutation_done').map((row) => [
          ulidText(row['mid'] as Buffer),
          String(row['outcomes']),
        ]),
      ),
    };
  } finally {
    db.close();
  }
}

/** What the cloud has of one feeder. */
export async function readCloud(connection: Connection, device: string): Promise<CloudSide> {
  const all = async (table: string, order: string) => {
    const sql = `SELECT * FROM ${table} WHERE device_id = ? ORDER BY ${order}`;
    const [rows] = await connection.execute<RowDataPacket[]>(sql, [partyToBytes(device)]);
    return rows as Row[];
  };
  const epochs = await all('device_epoch', 'epoch');
  const docs = (await all('device_doc', 'doc_kind, doc_id')).filter(
    (row) => whole(row['deleted']) === 0 && whole(row['gone']) === 0,
  );
  return {
    epochs: epochs.map((row) => ({
      ...{ epoch: whole(row['epoch']), genesis: text(row['genesis']) },
      ...{ head: whole(row['acked_seq']), acked: whole(row['acked_seq']) },
    })),
    events: (await all('device_event', 'epoch, seq')).map((row) => ({
      ...eventOf(row),
      wallMs: whole(row['occurred_ms']),
      body: (row['body'] as Buffer).toString('utf8'),
      quarantined: whole(row['quarantined']) !== 0,
    })),
    gaps: (await all('device_gap', 'epoch, to_seq')).map(gapOf),
    docs: docs.map((row) => ({
      kind: (row['doc_kind'] as Buffer).toString('utf8'),
      id: ulidText(row['doc_id'] as Buffer),
      ...{ rev: whole(row['rev']), deleted: false },
      groups: fromJson(row['doc_groups'] as Buffer),
      grevs: fromJson(row['grevs'] as Buffer),
    })),
    commands: (await all('device_command', 'dseq')).map((row) => ({
      id: ulidText(row['command_id'] as Buffer),
      state: commandStateOf(whole(row['state'])),
      notAfterMs: whole(row['not_after_ms']),
    })),
    mutations: new Map(
      (await all('device_mutation', 'dseq')).map((row) => [
        ulidText(row['mid'] as Buffer),
        row['outcomes'] === null ? null : (row['outcomes'] as Buffer).toString('utf8'),
      ]),
    ),
    session: whole((await all('device', 'device_id'))[0]?.['session'] ?? 0),
    homes: new Set(epochs.map((row) => bytesToParty(row['home_id'] as Buffer))),
  };
}

function eventOf(row: Row) {
  return {
    ...{ epoch: whole(row['epoch']), seq: whole(row['seq']) },
    ...{ eid: text(row['eid']), hash: text(row['hash']), boot: text(row['boot']) },
    ...{ kind: whole(row['kind']), kver: whole(row['kver']), monoMs: whole(row['mono_ms']) },
  };
}

function gapOf(row: Row): GapSeen {
  const [epoch, from, to] = [row['epoch'], row['from_seq'], row['to_seq']].map(whole);
  return { epoch: epoch ?? 0, from: from ?? 0, to: to ?? 0, hash: text(row['hash']) };
}
