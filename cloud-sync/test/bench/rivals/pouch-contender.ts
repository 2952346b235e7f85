import { mkdirSync, mkdtempSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { ownServer } from '../../servers/mariadb.ts';
import { freePort, runToEnd, startProcess, untilReady } from '../../servers/own-process.ts';
import type { OwnServer } from '../../servers/own-servers.ts';
import { delayedWire } from '../delayed-wire.ts';
import type { Contender, SenderFigures, SendPlan } from './contender.ts';

const READY_MS = 20_000;
const program = (name: string) => resolve(import.meta.dirname, name);

/** PouchDB to PouchDB over HTTP, each on LevelDB, which survives a kill and not every power cut. */
export async function pouchContender(below: string, packages: string): Promise<Contender> {
  const folder = join(below, 'pouchdb');
  mkdirSync(folder);
  const port = await freePort();
  const plan = { name: 'pouchdb', logPath: join(below, 'pouchdb.log'), timeoutMs: READY_MS };
  const url = `http://127.0.0.1:${port}`;
  const server = await ownServer(url, async () => {
    const told = JSON.stringify({ packages, folder, port });
    const args = [program('pouch-server.ts'), told];
    const started = startProcess({ ...plan, command: process.execPath, args });
    await untilReady(started, plan, async () => (await fetch(url)).ok);
    return started;
  });
  return new PouchContender({ below, packages, server });
}

class PouchContender implements Contender {
  readonly #parts: { below: string; packages: string; server: OwnServer };
  readonly victims;

  constructor(parts: { below: string; packages: string; server: OwnServer }) {
    this.#parts = parts;
    const { kill, start } = parts.server;
    this.victims = [{ name: 'server', kill, start }];
  }

  send(plan: SendPlan): Promise<SenderFigures> {
    return this.#send(plan, this.#parts.server.url);
  }

  async sendCounted(plan: SendPlan): Promise<number> {
    const line = await delayedWire(this.#parts.server.url, 0);
    await this.#send(plan, line.url);
    line.close();
    return line.bytes();
  }

  /** The checkpoint is set after the receiver has written. */
  async storedMs(_plan: SendPlan, { endedMs }: SenderFigures): Promise<number> {
    return endedMs;
  }

  async stored(): Promise<readonly string[]> {
    const answer = await fetch(`${this.#parts.server.url}/facts/_all_docs`);
    const { rows } = (await answer.json()) as { rows: { id: string }[] };
    return rows.map(({ id }) => id);
  }

  processes(): Record<string, number> {
    return { server: this.#parts.server.pid() };
  }

  stop(): Promise<void> {
    return this.#parts.server.stop();
  }

  async #send(plan: SendPlan, url: string): Promise<SenderFigures> {
    const { below, packages } = this.#parts;
    const folder = mkdtempSync(join(below, 'pouch-sender-'));
    const told = JSON.stringify({ ...plan, packages, folder, url: `${url}/facts` });
    const said = await runToEnd(process.execPath, [program('pouch-sender.ts'), told]);
    return JSON.parse(said) as SenderFigures;
  }
}
