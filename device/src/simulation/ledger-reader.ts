import { createHash } from 'node:crypto';
import { type EventBody, type EventName, eventKinds, FeederError } from '@cat-feeder/shared';
import type Database from 'better-sqlite3';

/*
 * The ledger as an outsider reads it: its own SQL on the open tables and its own computation of
 * the hash chain from the description in docs/storage.md. Nothing here comes from the store.
 */

interface RawRow {
  readonly seq: number;
  readonly eid: Buffer;
  readonly hash: Buffer;
  readonly kind: number;
  readonly kver: number;
  readonly boot: Buffer;
  readonly mono_ms: number;
  readonly wall_ms: number;
  readonly body: string;
}

/** One entry, with its body taken apart. */
export type AuditEntry = {
  [Name in EventName]: {
    readonly name: Name;
    readonly seq: number;
    readonly boot: string;
    readonly wallMs: number;
    readonly body: EventBody<Name>;
  };
}[EventName];

const names = new Map<number, EventName>(
  (Object.entries(eventKinds) as [EventName, { number: number }][]).map(([name, kind]) => [
    kind.number,
    name,
  ]),
);

/** What does not fit: the entry and why. */
export interface ChainFault {
  readonly seq: number;
  readonly why: string;
}

/** Reads the ledger as it grows; each entry once, in order. */
export class LedgerReader {
  readonly #db: Database.Database;
  #rows: Database.Statement<[number], RawRow> | null = null;
  #seq = 0;
  #hash: Buffer | null = null;

  constructor(db: Database.Database) {
    this.#db = db;
  }

  /** Number of the last entry that was read. */
  get lastSeq(): number {
    return this.#seq;
  }

  /** Hash of the last entry that was read, in hex; empty before the first. */
  get lastHash(): string {
    return this.#hash?.toString('hex') ?? '';
  }

  /** New entries since the last call. `fault` is the first one that does not fit the chain. */
  readOn(): { readonly entries: AuditEntry[]; readonly fault: ChainFault | null } {
    const entries: AuditEntry[] = [];
    if (!this.#isReady()) return { entries, fault: null };
    for (const row of this.#rows?.all(this.#seq) ?? []) {
      const fault = this.#check(row);
      if (fault !== null) return { entries, fault };
      this.#seq = row.seq;
      this.#hash = row.hash;
      entries.push(entryOf(row));
    }
    return { entries, fault: null };
  }

  /** Reads the whole chain again from the genesis: nothing written before may have changed. */
  verifyAll(): ChainFault | null {
    const again = new LedgerReader(this.#db);
    const { fault } = again.readOn();
    if (fault !== null) return fault;
    if (again.lastSeq !== this.#seq || again.lastHash !== this.lastHash) {
      return { seq: again.lastSeq, why: `the end was ${this.#seq} ${this.lastHash}` };
    }
    return null;
  }

  #isReady(): boolean {
    if (this.#rows !== null) return true;
    const isThere = this.#db
      .prepare("SELECT 1 FROM sqlite_master WHERE name = 'log_segment'")
      .get();
    if (isThere === undefined) return false;
    const genesis = this.#db
      .prepare<[], { genesis: Buffer }>('SELECT genesis FROM log_segment WHERE epoch = 0')
      .get();
    if (genesis === undefined) return false;
    this.#hash = genesis.genesis;
    this.#rows = this.#db.prepare<[number], RawRow>(
      `SELECT seq, eid, hash, kind, kver, boot, mono_ms, wall_ms, body FROM event_log
       WHERE epoch = 0 AND seq > ? ORDER BY seq`,
    );
    return true;
  }

  #check(row: RawRow): ChainFault | null {
    if (row.seq !== this.#seq + 1) return { seq: row.seq, why: `it follows ${this.#seq}` };
    const wanted = hashOf(this.#hash ?? Buffer.alloc(0), row);
    if (wanted.equals(row.hash)) return null;
    return { seq: row.seq, why: `hash ${row.hash.toString('hex')}, not ${wanted.toString('hex')}` };
  }
}

/** First 8 bytes of SHA-256(previous | eid | kind u16 | kver u8 | boot | mono_ms u64 | body). */
function hashOf(previous: Buffer, row: RawRow): Buffer {
  const numbers = Buffer.alloc(3);
  numbers.writeUInt16BE(row.kind, 0);
  numbers.writeUInt8(row.kver, 2);
  const mono = Buffer.alloc(8);
  mono.writeBigUInt64BE(BigInt(row.mono_ms), 0);
  return createHash('sha256')
    .update(Buffer.concat([previous, row.eid, numbers, row.boot, mono, Buffer.from(row.body)]))
    .digest()
    .subarray(0, 8);
}

function entryOf(row: RawRow): AuditEntry {
  const name = names.get(row.kind);
  if (name === undefined) {
    const message = `Ledger entry ${row.seq} has the unknown kind ${row.kind}.`;
    throw new FeederError('ERR_INTERNAL', { message });
  }
  return {
    name,
    seq: row.seq,
    boot: row.boot.toString('hex'),
    wallMs: row.wall_ms,
    body: JSON.parse(row.body),
  } as AuditEntry;
}
