import { crc32 } from 'node:zlib';
import type Database from 'better-sqlite3';
import { damaged } from './sqlite-errors.ts';
import { type SqlValue, statement } from './statements.ts';

/** A table whose rows carry a checksum in the column `crc`; `columns` are all the others, in order. */
export interface TableShape<Row extends object> {
  readonly name: string;
  readonly columns: readonly (keyof Row & string)[];
  readonly key: readonly (keyof Row & string)[];
}

/**
 * CRC-32 over the table's name and the row's values, each with its type, so that a text that turns
 * into a blob of the same bytes is noticed, too.
 */
export function rowCrc(table: string, values: readonly SqlValue[]): number {
  let text = table;
  for (const value of values) {
    if (value === null) text += '|n';
    else if (typeof value === 'number') text += `|i${value}`;
    else if (typeof value === 'string') text += `|t${value.length}:${value}`;
    else text += `|b${value.toString('hex')}`;
  }
  return crc32(text);
}

/** Reads and writes whole rows of one table and checks each row that it reads. */
export class CheckedTable<Row extends object> {
  readonly shape: TableShape<Row>;
  readonly #db: Database.Database;
  readonly #sql: { insert: string; update: string; remove: string; select: string; key: string };

  constructor(db: Database.Database, shape: TableShape<Row>) {
    this.#db = db;
    this.shape = shape;
    const all = [...shape.columns, 'crc'];
    const key = shape.key.map((column) => `"${column}" = ?`).join(' AND ');
    const names = all.map((column) => `"${column}"`).join(', ');
    this.#sql = {
      insert: `INSERT INTO ${shape.name} (${names}) VALUES (${all.map(() => '?').join(', ')})`,
      update: `UPDATE ${shape.name} SET ${all.map((column) => `"${column}" = ?`).join(', ')} WHERE ${key}`,
      remove: `DELETE FROM ${shape.name} WHERE ${key}`,
      select: `SELECT ${names} FROM ${shape.name}`,
      key,
    };
  }

  insert(row: Row): void {
    const values = this.values(row);
    statement(this.#db, this.#sql.insert).run(...values, rowCrc(this.shape.name, values));
  }

  /** Replaces the row with the same key; false when there is none. */
  update(row: Row): boolean {
    const values = this.values(row);
    const key = this.shape.key.map((column) => toSql(row[column]));
    const crc = rowCrc(this.shape.name, values);
    return statement(this.#db, this.#sql.update).run(...values, crc, ...key).changes > 0;
  }

  /** Updates the row, or inserts it when it is new. */
  put(row: Row): void {
    if (!this.update(row)) this.insert(row);
  }

  remove(...key: SqlValue[]): boolean {
    return statement(this.#db, this.#sql.remove).run(...key).changes > 0;
  }

  get(...key: SqlValue[]): Row | undefined {
    return this.first(`WHERE ${this.#sql.key}`, ...key);
  }

  first(rest: string, ...params: SqlValue[]): Row | undefined {
    const found = this.#select(rest).get(...params);
    return found === undefined ? undefined : this.checked(found);
  }

  all(rest = '', ...params: SqlValue[]): Row[] {
    const found = this.#select(rest).all(...params);
    for (const row of found) this.checked(row);
    return found;
  }

  /** One row at a time and unchecked: for those who look for damage. */
  scan(rest = '', ...params: SqlValue[]): IterableIterator<Row & { crc: number }> {
    return this.#select(rest).iterate(...params);
  }

  isIntact(row: Row & { crc: number }): boolean {
    return rowCrc(this.shape.name, this.values(row)) === row.crc;
  }

  /** The row without its checksum; throws `ERR_DATABASE_CORRUPT` when they do not fit. */
  checked(row: Row & { crc: number }): Row {
    if (!this.isIntact(row)) throw damaged(`A row of the table ${this.shape.name}`);
    return row;
  }

  values(row: Row): SqlValue[] {
    return this.shape.columns.map((column) => toSql(row[column]));
  }

  #select(rest: string): Database.Statement<unknown[], Row & { crc: number }> {
    return statement<Row & { crc: number }>(this.#db, `${this.#sql.select} ${rest}`);
  }
}

function toSql(value: unknown): SqlValue {
  // SQLite stores text as UTF-8, which has no half of a surrogate pair.
  if (typeof value === 'string') return value.toWellFormed();
  if (typeof value === 'number' || value === null || Buffer.isBuffer(value)) return value;
  throw new TypeError(`A column can not hold ${typeof value}.`);
}
