import { existsSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Connection, createConnection, type RowDataPacket } from 'mysql2/promise';
import { ownServer } from '../../servers/mariadb.ts';
import { runToEnd, startProcess, untilReady } from '../../servers/own-process.ts';
import type { OwnServer } from '../../servers/own-servers.ts';
import type { BenchRig } from '../bench-rig.ts';
import { delayedWire } from '../delayed-wire.ts';
import type { Contender, SenderFigures, SendPlan } from './contender.ts';
import { startPlainBroker } from './plain-broker.ts';

const READY_MS = 20_000;
const LOOK_MS = 20;
/** After so long without a new row no other comes: longer than what either side waits to connect. */
const REST_MS = 4_000;
const program = (name: string) => resolve(import.meta.dirname, name);

export interface MqttSetting {
  readonly name: string;
  /** Lines of the broker's configuration beside those of Debian. */
  readonly broker: readonly string[];
  readonly isAckedOnArrival: boolean;
}

/** Mosquitto, and a subscriber that inserts into the same MariaDB; each keeps a session. */
export async function mqttContender(rig: BenchRig, setting: MqttSetting): Promise<Contender> {
  const { name, isAckedOnArrival } = setting;
  const { databaseUrl } = rig;
  const table = `fact_${name}`;
  const connection = await createConnection(databaseUrl);
  await connection.query(`CREATE TABLE ${table} (id BIGINT AUTO_INCREMENT PRIMARY KEY,
    fact VARCHAR(40) NOT NULL, body VARBINARY(8192) NOT NULL)`);
  await connection.end();
  const broker = await startPlainBroker(join(rig.folder, `broker-${name}`), setting.broker);
  const at = join(rig.folder, `subscriber-${name}`);
  const plan = { name: 'subscriber', logPath: `${at}.log`, timeoutMs: READY_MS };
  const readyFile = `${at}.ready`;
  const subscriber = await ownServer('', async () => {
    rmSync(readyFile, { force: true });
    const told = { url: broker.url, databaseUrl, table, isAckedOnArrival, readyFile };
    const args = [program('mqtt-subscriber.ts'), JSON.stringify(told)];
    const started = startProcess({ ...plan, command: process.execPath, args });
    await untilReady(started, plan, async () => existsSync(readyFile));
    return started;
  });
  return new MqttContender({ rig, table, broker, subscriber });
}

interface Parts {
  readonly rig: BenchRig;
  readonly table: string;
  readonly broker: OwnServer;
  readonly subscriber: OwnServer;
}

class MqttContender implements Contender {
  readonly #parts: Parts;
  #rowsBefore = 0;
  readonly victims;

  constructor(parts: Parts) {
    this.#parts = parts;
    this.victims = [
      { name: 'subscriber', kill: parts.subscriber.kill, start: parts.subscriber.start },
      { name: 'broker', kill: parts.broker.kill, start: parts.broker.start },
    ];
  }

  send(plan: SendPlan): Promise<SenderFigures> {
    return this.#send(plan, this.#parts.broker.url);
  }

  async sendCounted(plan: SendPlan): Promise<number> {
    const line = await delayedWire(this.#parts.broker.url, 0);
    const sent = await this.#send(plan, `mqtt://${new URL(line.url).host}`);
    line.close();
    await this.storedMs(plan, sent);
    return line.bytes();
  }

  /** The sender knows what the broker has; what is stored only the database knows. */
  async storedMs({ events, perSecond }: SendPlan, { endedMs }: SenderFigures): Promise<number> {
    const connection = await createConnection(this.#parts.rig.databaseUrl);
    // Where something is killed some come twice, and only silence tells that none is left.
    const enough = perSecond === undefined ? this.#rowsBefore + events : Number.POSITIVE_INFINITY;
    let rows = await this.#rows(connection);
    let lastMs = endedMs;
    while (rows < enough && Date.now() - lastMs < REST_MS) {
      await sleep(LOOK_MS);
      const found = await this.#rows(connection);
      if (found > rows) lastMs = Date.now();
      rows = found;
    }
    await connection.end();
    return lastMs;
  }

  async stored(): Promise<readonly string[]> {
    const connection = await createConnection(this.#parts.rig.databaseUrl);
    const sql = `SELECT fact FROM ${this.#parts.table}`;
    const [rows] = await connection.query<RowDataPacket[]>(sql);
    await connection.end();
    return (rows as { fact: string }[]).map(({ fact }) => fact);
  }

  processes(): Record<string, number> {
    const { broker, subscriber, rig } = this.#parts;
    return {
      broker: broker.pid(),
      subscriber: subscriber.pid(),
      mariadb: rig.servers.mariadb.pid(),
    };
  }

  async stop(): Promise<void> {
    await this.#parts.subscriber.stop();
    await this.#parts.broker.stop();
  }

  async #send(plan: SendPlan, url: string): Promise<SenderFigures> {
    const connection = await createConnection(this.#parts.rig.databaseUrl);
    this.#rowsBefore = await this.#rows(connection);
    await connection.end();
    const told = JSON.stringify({ ...plan, url });
    const said = await runToEnd(process.execPath, [program('mqtt-sender.ts'), told]);
    return JSON.parse(said) as SenderFigures;
  }

  /** Without a count of them, which would cost the database more than the inserts. */
  async #rows(connection: Connection): Promise<number> {
    const sql = `SELECT coalesce(max(id), 0) AS n FROM ${this.#parts.table}`;
    const [[row]] = await connection.query<RowDataPacket[]>(sql);
    return Number(row?.['n']);
  }
}
