import { createConnection, type RowDataPacket } from 'mysql2/promise';
import { partyToBytes } from '../../src/storage/mysql/row-values.ts';

/** Entries of these devices in the database, and those that are there twice. */
export async function storedAndTwice(
  databaseUrl: string,
  deviceIds: readonly string[],
): Promise<{ stored: number; twice: number }> {
  const connection = await createConnection(databaseUrl);
  let stored = 0;
  let twice = 0;
  for (const deviceId of deviceIds) {
    const [[row]] = await connection.query<RowDataPacket[]>(
      'SELECT count(*) AS n, count(DISTINCT eid) AS eids FROM device_event WHERE device_id = ?',
      [partyToBytes(deviceId)],
    );
    stored += Number(row?.['n']);
    twice += Number(row?.['n']) - Number(row?.['eids']);
  }
  await connection.end();
  return { stored, twice };
}
