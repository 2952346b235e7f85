import Database from 'better-sqlite3';
import { verifyHandle } from '../../src/storage/verify-file.ts';

/** One changed byte of a database file. */
export interface Flip {
  readonly at: number;
  /** The bits that change, 1 to 255. */
  readonly mask: number;
}

export type FlipResult = 'unreadable' | 'noticed' | 'changes nothing' | 'unnoticed';

const JOURNAL_MODE_BYTES = [18, 19];

/**
 * A database file with everything in it, as one that can be opened from memory: the two bytes that
 * ask for a WAL ask for a plain journal instead.
 */
export function withoutWal(file: Buffer): Buffer {
  const image = Buffer.from(file);
  for (const at of JOURNAL_MODE_BYTES) image[at] = 1;
  return image;
}

/**
 * Everything that a reader can get out of a database: every table row by row, every index in its
 * order, the schema and the marks in the header.
 */
export function logicalDump(image: Buffer): string {
  const db = new Database(image);
  try {
    const schema = db
      .prepare<[], { type: string; name: string; tbl_name: string; sql: string | null }>(
        'SELECT type, name, tbl_name, sql FROM sqlite_schema ORDER BY type, name',
      )
      .all();
    const lines = schema.map((row) => JSON.stringify(Object.values(row)));
    for (const { type, name, tbl_name } of schema) {
      const rows = type === 'table' ? readTable(db, name) : readIndex(db, name, tbl_name);
      for (const row of rows) lines.push(row.map(describeValue).join('|'));
    }
    for (const mark of ['application_id', 'user_version', 'encoding']) {
      lines.push(String(db.pragma(mark, { simple: true })));
    }
    return lines.join('\n');
  } finally {
    db.close();
  }
}

function readTable(db: Database.Database, name: string): unknown[][] {
  return db.prepare<[], unknown[]>(`SELECT * FROM "${name}" NOT INDEXED`).raw().all();
}

/** The index alone, through a query that needs nothing else. */
function readIndex(db: Database.Database, name: string, table: string): unknown[][] {
  const columns = (db.pragma(`index_info("${name}")`) as { name: string }[]).map(
    (column) => `"${column.name}"`,
  );
  const isAutomatic = name.startsWith('sqlite_autoindex');
  const wherePart = isAutomatic ? '' : partOf(db, name);
  return db
    .prepare<[], unknown[]>(
      isAutomatic
        ? `SELECT ${columns.join(', ')} FROM "${table}" ORDER BY ${columns.join(', ')}`
        : `SELECT ${columns.join(', ')} FROM "${table}" INDEXED BY "${name}" ${wherePart} ORDER BY ${columns.join(', ')}`,
    )
    .raw()
    .all();
}

function partOf(db: Database.Database, index: string): string {
  const sql = db
    .prepare<[string], string>('SELECT sql FROM sqlite_schema WHERE name = ?')
    .pluck()
    .get(index);
  return /\bWHERE\b.*$/s.exec(sql ?? '')?.[0] ?? '';
}

function describeValue(value: unknown): string {
  if (Buffer.isBuffer(value)) return `x${value.toString('hex')}`;
  return `${typeof value}:${String(value)}`;
}

/** What becomes of one flip: the product must notice each that changes what can be read. */
export function tryFlip(image: Buffer, before: string, flip: Flip): FlipResult {
  const changed = Buffer.from(image);
  changed[flip.at] = (changed[flip.at] ?? 0) ^ flip.mask;
  let isSame: boolean;
  try {
    isSame = logicalDump(changed) === before;
  } catch {
    isSame = false;
  }
  if (isSame) return 'changes nothing';
  return isNoticed(changed) ? 'noticed' : 'unnoticed';
}

function isNoticed(image: Buffer): boolean {
  let db: Database.Database | null = null;
  try {
    db = new Database(image);
    return !verifyHandle(db).ok;
  } catch {
    return true; // It cannot even be opened.
  } finally {
    db?.close();
  }
}

/**
 * Flips to try: every byte of the file's header and of each page's head and cell pointers by
 * chance, the rest spread over the whole file.
 */
export function chooseFlips(bytes: number, count: number, random: { uint32(): number }): Flip[] {
  const flips: Flip[] = [];
  const mask = () =>
    random.uint32() % 2 === 0 ? 1 << (random.uint32() % 8) : (random.uint32() % 255) + 1;
  for (let i = 0; i < count; i++) {
    const place = i % 4;
    const page = (random.uint32() % Math.max(1, bytes / 4096)) * 4096;
    let at = random.uint32() % bytes;
    if (place === 0) at = random.uint32() % 100;
    else if (place === 1) at = Math.floor(page / 4096) * 4096 + (random.uint32() % 64);
    if (!JOURNAL_MODE_BYTES.includes(at)) flips.push({ at, mask: mask() });
  }
  return flips;
}
