import { createConnection, type RowDataPacket } from 'mysql2/promise';
import { expireAfterRestore } from '../../core/commands.ts';
import { realSystem } from '../../platform/system.ts';
import { Database } from './database.ts';
import { commandStateNumber } from './device-rows.ts';
import { MysqlStore } from './device-store.ts';
import { bytesToParty } from './row-values.ts';

/**
 * Expires every queued command of every device: the backup may be older than what became of them.
 * Looks over all devices, so it is the operator's, with nothing served meanwhile. Returns how many.
 */
export async function expireQueuedCommands(url: string): Promise<number> {
  const connection = await createConnection(url);
  const sql = 'SELECT DISTINCT device_id FROM device_command WHERE state = ?';
  const [rows] = await connection.execute<RowDataPacket[]>(sql, [commandStateNumber('queued')]);
  await connection.end();
  const database = new Database({ url, connections: 1 });
  const { random, sha256 } = realSystem;
  const now = () => realSystem.wallMs();
  const context = { store: new MysqlStore(database), now, random, sha256 };
  let expired = 0;
  try {
    for (const { device_id } of rows as { device_id: Buffer }[]) {
      // One transaction for each device.
      const count = await expireAfterRestore(context, bytesToParty(device_id));
      expired += count;
    }
  } finally {
    await database.close();
  }
  return expired;
}
