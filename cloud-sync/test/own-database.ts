import { randomBytes } from 'node:crypto';
import { createConnection } from 'mysql2/promise';
import { Database, type StatementWatch } from '../src/storage/mysql/database.ts';
import { migrate } from '../src/storage/mysql/migrate.ts';

/** A database of its own on a server, with the schema: tests of one server do not meet. */
export async function ownDatabaseUrl(serverUrl: string): Promise<string> {
  const url = new URL(serverUrl);
  url.pathname = `/t${randomBytes(6).toString('hex')}`;
  const connection = await createConnection(serverUrl);
  await connection.query(`CREATE DATABASE ${url.pathname.slice(1)}`);
  await connection.end();
  await migrate({ url: url.href, nowMs: 0 });
  return url.href;
}

/** The same, opened. */
export async function ownDatabase(serverUrl: string, watch?: StatementWatch): Promise<Database> {
  const url = await ownDatabaseUrl(serverUrl);
  return new Database({ url, connections: 4, ...(watch === undefined ? {} : { watch }) });
}
