import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { MemoryCloud } from '../../simulation/memory-cloud.ts';
import type { DeviceRow } from '../../src/core/cloud-store.ts';
import type { Database } from '../../src/storage/mysql/database.ts';
import { MysqlStore } from '../../src/storage/mysql/device-store.ts';
import { bytesToParty, partyToBytes } from '../../src/storage/mysql/row-values.ts';
import { perform, transactions } from '../contracts/store-operations.ts';
import { ownDatabase } from '../own-database.ts';
import { watchShards } from '../shard-guard.ts';

const hooks = { beforeCommit: () => {}, afterCommit: () => {}, committed: () => {} };
const watch = watchShards();
let database: Database;
let store: MysqlStore;
let lastDevice = 0;

beforeAll(async () => {
  database = await ownDatabase(inject('mariadbUrl'), watch);
  store = new MysqlStore(database);
});
afterAll(() => database.close());

function deviceRow(): DeviceRow {
  lastDevice += 1;
  const bytes = Buffer.alloc(16);
  bytes.writeUInt32BE(lastDevice, 4);
  return {
    ...{ deviceId: bytesToParty(bytes), homeId: null, status: 'active', session: 0 },
    ...{ sessionMs: 0, boots: [], clonedMs: null, maxEpoch: 0, downHead: 0, downAcked: 0 },
  };
}

async function register(device: DeviceRow): Promise<void> {
  await database.transaction((sql) =>
    sql.write(
      'INSERT INTO device (device_id, model, hw_hash, status, created_ms) VALUES (?, ?, ?, ?, ?)',
      ...[partyToBytes(device.deviceId), 'test', Buffer.alloc(8), 0, 0],
    ),
  );
}

describe('the store on MariaDB', () => {
  it('A-10 says and keeps what the store in memory does, over any transactions', async () => {
    await fc.assert(
      fc.asyncProperty(transactions, async (plan) => {
        const device = deviceRow();
        const memory = new MemoryCloud(hooks);
        memory.register(device);
        await register(device);
        const inMemory = await perform((work) => memory.onDevice(device.deviceId, work), plan);
        const inSql = await perform((work) => store.onDevice(device.deviceId, work), plan);
        expect(inSql).toEqual(inMemory);
      }),
      { numRuns: 300 },
    );
    expect(watch.seen()).toBeGreaterThan(1000);
  });

  it('knows no device that was not claimed', async () => {
    const { deviceId } = deviceRow();
    expect(await store.onDevice(deviceId, (tx) => tx.device())).toBe(undefined);
  });

  it('lets one transaction of a device wait for the other, and loses no update', async () => {
    const device = deviceRow();
    await register(device);
    const raise = () =>
      store.onDevice(device.deviceId, async (tx) => {
        const row = await tx.device();
        if (row !== undefined) await tx.putDevice({ ...row, session: row.session + 1 });
      });
    await Promise.all(Array.from({ length: 40 }, raise));
    expect((await store.onDevice(device.deviceId, (tx) => tx.device()))?.session).toBe(40);
  });
});
