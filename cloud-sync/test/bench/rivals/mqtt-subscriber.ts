import { writeFileSync } from 'node:fs';
import mqtt from 'mqtt';
import { createConnection } from 'mysql2/promise';

/*
 * Takes facts from the broker into MariaDB. Either each is acknowledged after its commit, which
 * mqtt.js does one after the other (`handleMessage`), or on arrival, and then they are stored together.
 */

interface Told {
  readonly url: string;
  readonly databaseUrl: string;
  readonly table: string;
  readonly isAckedOnArrival: boolean;
  /** Written when it listens. */
  readonly readyFile: string;
}

const ROWS = 200;

const told = JSON.parse(process.argv[2] ?? '{}') as Told;
const database = await createConnection(told.databaseUrl);
const client = mqtt.connect(told.url, { clientId: 'store', clean: false });
const row = (payload: Buffer) => {
  const { b } = JSON.parse(payload.toString()) as { b: { feedingId: string } };
  return [b.feedingId, payload];
};

if (told.isAckedOnArrival) {
  const waiting: (string | Buffer)[][] = [];
  let isStoring = false;
  const store = async () => {
    if (isStoring) return;
    isStoring = true;
    while (waiting.length > 0) {
      const rows = waiting.splice(0, ROWS);
      await database.query(`INSERT INTO ${told.table} (fact, body) VALUES ?`, [rows]);
    }
    isStoring = false;
  };
  client.on('message', (_topic, payload) => {
    waiting.push(row(payload));
    void store();
  });
} else {
  const sql = `INSERT INTO ${told.table} (fact, body) VALUES (?, ?)`;
  client.handleMessage = ({ payload }, done) => {
    database.execute(sql, row(Buffer.from(payload))).then(() => done(), done);
  };
}
client.on('error', () => {
  // It connects again by itself.
});
client.on('connect', () => {
  client.subscribe('feeders/+/facts', { qos: 1 }, (error) => {
    if (error === null) writeFileSync(told.readyFile, '');
  });
});
