import type { EventReader } from '../../home/event-reader.ts';
import type { Database } from './database.ts';
import { type EventRecord, eventOf } from './device-rows.ts';
import { partyToBytes } from './row-values.ts';

/** Entries that one answer holds. */
export const PAGE_MAX = 500;

/** Reads the ledger from MariaDB or MySQL. */
export class MysqlEventReader implements EventReader {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  page(...[{ deviceId, homeId }, { after, limit }]: Parameters<EventReader['page']>) {
    const rows = Math.min(PAGE_MAX, Math.max(1, Math.floor(limit)));
    const device = partyToBytes(deviceId);
    return this.#database.transaction(async (sql) => {
      const epochs = await sql.rows<{ epoch: number }>(
        'SELECT epoch FROM device_epoch WHERE device_id = ? AND home_id = ? AND epoch >= ? ORDER BY epoch',
        ...[device, partyToBytes(homeId), after.epoch],
      );
      const found: EventRecord[] = [];
      for (const { epoch } of epochs) {
        const missing = rows - found.length;
        if (missing <= 0) break;
        const from = epoch === after.epoch ? after.seq : 0;
        const more = await sql.rows<EventRecord>(
          `SELECT epoch, seq, eid, hash, kind, kver, boot, mono_ms, occurred_ms, received_ms, tq,
           quarantined, body FROM device_event
           WHERE device_id = ? AND epoch = ? AND seq > ? ORDER BY seq LIMIT ${missing}`,
          ...[device, epoch, from],
        );
        found.push(...more);
      }
      return found.map(eventOf);
    });
  }
}
