import { createConnection, type RowDataPacket } from 'mysql2/promise';
import { partyToBytes } from '../../src/storage/mysql/row-values.ts';
import { BenchFeeder, type ReadyBatch } from './bench-feeder.ts';
import type { BenchRig } from './bench-rig.ts';
import type { BenchService } from './bench-service.ts';
import { delayedWire } from './delayed-wire.ts';

/* What the service takes in, beside what the database takes of the same rows without it. */

const FEEDERS = 8;
const RUN_MS = 5_000;
/** A month offline: 78 entries a day. */
const MONTH_EVENTS = 30 * 78;
const ROUND_TRIP_MS = 100;
/** Batches made beforehand for each feeder. */
const prepared: Readonly<Record<1 | 20 | 200, number>> = { 1: 2500, 20: 1200, 200: 260 };

const perSecond = (count: number, ms: number) => Math.round(count / (ms / 1000));
const seconds = (ms: number) => Math.round(ms) / 1000;

/** Rates by batch, the drain of one feeder, and what of all of it is in the database. */
export async function ingestPart(rig: BenchRig): Promise<object> {
  const service = await rig.service();
  const run = new IngestRun(service, rig.databaseUrl);
  const batch1 = await run.ingest(1);
  const batch20 = await run.ingest(20);
  const batch200 = await run.ingest(200);
  const rawPerSecond = await run.raw();
  const near = await run.drain(service.url, 200, 100);
  const line = await delayedWire(service.url, ROUND_TRIP_MS);
  const far = await run.drain(line.url, 200, 40);
  const month = await run.drain(line.url, MONTH_EVENTS / 12, 12);
  line.close();
  return {
    ingestPerSecond: { batch1, batch20, batch200 },
    rawPerSecond,
    ratioToRaw: Math.round((100 * batch200) / rawPerSecond) / 100,
    drainPerSecond: { rtt0: near.rate, rtt100: far.rate },
    catchUp30DaysSeconds: seconds(month.tookMs),
    bytesPerEvent: Math.round(near.bytes * 10) / 10,
    serviceMb: Math.round((await service.residentBytes()) / 1e6),
    ...(await run.compare()),
  };
}

class IngestRun {
  readonly #service: BenchService;
  readonly #databaseUrl: string;
  readonly #known: { deviceId: string; feeder: BenchFeeder }[] = [];

  constructor(service: BenchService, databaseUrl: string) {
    this.#service = service;
    this.#databaseUrl = databaseUrl;
  }

  async #newFeeder(url = this.#service.url): Promise<BenchFeeder> {
    const { deviceId, token } = await this.#service.feeder();
    const feeder = new BenchFeeder(url, token);
    await feeder.hello();
    this.#known.push({ deviceId, feeder });
    return feeder;
  }

  /** Entries stored in a second by several feeders, each with one batch under way. */
  async ingest(batch: 1 | 20 | 200): Promise<number> {
    const ready = [];
    for (let n = 0; n < FEEDERS; n++) {
      const feeder = await this.#newFeeder();
      ready.push({
        feeder,
        batches: Array.from({ length: prepared[batch] }, () => feeder.prepare(batch)),
      });
    }
    const beganMs = performance.now();
    let stored = 0;
    const runs = ready.map(async ({ feeder, batches }) => {
      for (const one of batches) {
        if (performance.now() - beganMs > RUN_MS) return;
        await feeder.send(one);
        stored += one.events;
      }
    });
    await Promise.all(runs);
    const tookMs = performance.now() - beganMs;
    if (tookMs < RUN_MS) console.error(`batches of ${batch} ran out after ${seconds(tookMs)} s`);
    for (const { feeder } of ready) feeder.close();
    return perSecond(stored, tookMs);
  }

  /** The same rows by one connection, as fast as it takes them. */
  async raw(): Promise<number> {
    const connection = await createConnection(this.#databaseUrl);
    await connection.query('CREATE TABLE raw_event LIKE device_event');
    const sql = 'SELECT * FROM device_event LIMIT 20000';
    const [found] = await connection.query<RowDataPacket[][]>({ sql, rowsAsArray: true });
    const rows = found as unknown as unknown[][];
    const device = Buffer.alloc(16, 1);
    let stored = 0;
    const beganMs = performance.now();
    while (performance.now() - beganMs < RUN_MS) {
      const page = Array.from({ length: 200 }, (_, i) => {
        const rest = rows[(stored + i) % rows.length]?.slice(3) ?? [];
        return [device, 1, stored + i + 1, ...rest];
      });
      await connection.query('INSERT IGNORE INTO raw_event VALUES ?', [page]);
      stored += page.length;
    }
    const rate = perSecond(stored, performance.now() - beganMs);
    const [[counted]] = await connection.query<RowDataPacket[]>(
      'SELECT count(*) AS n FROM raw_event',
    );
    if (counted?.['n'] !== stored) throw new Error('The raw inserts did not store every row.');
    await connection.end();
    return rate;
  }

  /** What one feeder gets rid of in a second, one batch under way. */
  async drain(url: string, batch: number, batches: number) {
    const feeder = await this.#newFeeder(url);
    const ready: ReadyBatch[] = Array.from({ length: batches }, () => feeder.prepare(batch));
    const beganMs = performance.now();
    for (const one of ready) await feeder.send(one);
    const tookMs = performance.now() - beganMs;
    feeder.close();
    const bytes = ready.reduce((sum, one) => sum + one.bytes.length, 0);
    return { tookMs, rate: perSecond(batch * batches, tookMs), bytes: bytes / (batch * batches) };
  }

  /** Of all that was acknowledged, what the database has not, and what it has twice. */
  async compare(): Promise<{ lost: number; duplicated: number }> {
    const connection = await createConnection(this.#databaseUrl);
    let lost = 0;
    let duplicated = 0;
    for (const { deviceId, feeder } of this.#known) {
      const [[row]] = await connection.query<RowDataPacket[]>(
        'SELECT count(*) AS n, count(DISTINCT eid) AS eids, max(seq) AS head FROM device_event WHERE device_id = ?',
        [partyToBytes(deviceId)],
      );
      lost += Math.max(0, feeder.acked - Number(row?.['n'] ?? 0));
      duplicated += Number(row?.['n'] ?? 0) - Number(row?.['eids'] ?? 0);
    }
    await connection.end();
    return { lost, duplicated };
  }
}
