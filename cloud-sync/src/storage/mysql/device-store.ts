import type { CloudStore, DeviceTransaction } from '../../core/cloud-store.ts';
import type { Database } from './database.ts';
import { SqlDeviceTransaction } from './device-transaction.ts';

/** The service's database as its cores see it, on MariaDB or MySQL. */
export class MysqlStore implements CloudStore {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /** Throws `StorageUnavailable`; whether the change was made is then unknown. */
  onDevice<T>(deviceId: string, work: (tx: DeviceTransaction) => Promise<T>): Promise<T> {
    return this.#database.transaction(async (sql) => {
      const tx = await SqlDeviceTransaction.begin(sql, deviceId);
      const result = await work(tx);
      await tx.flush();
      return result;
    });
  }
}
