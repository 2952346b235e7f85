import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort, type OwnProcess, startProcess, untilReady } from '../servers/own-process.ts';

const main = resolve(import.meta.dirname, '../../../device/src/main.ts');
const READY_MS = 20_000;

const STORY_SPEED = 20;

export interface OwnDaemonParts {
  readonly folder: string;
  readonly cloudUrl: string;
  /** How much faster than real time; 20 unless given. */
  readonly speed?: number;
  readonly env?: Readonly<Record<string, string>>;
}

/** The feeder's daemon as a process of its own, on the simulated board. */
export class OwnDaemon {
  readonly #folder: string;
  readonly #cloudUrl: string;
  readonly #port: number;
  readonly #env: Readonly<Record<string, string>>;
  #process: OwnProcess | null = null;

  private constructor(parts: OwnDaemonParts & { port: number }) {
    this.#env = {
      FEEDER_SIMULATION_SPEED: String(parts.speed ?? STORY_SPEED),
      ...(parts.env ?? {}),
    };
    this.#folder = parts.folder;
    this.#cloudUrl = parts.cloudUrl;
    this.#port = parts.port;
  }

  static async start(parts: OwnDaemonParts): Promise<OwnDaemon> {
    const daemon = new OwnDaemon({ ...parts, port: await freePort() });
    await daemon.start();
    return daemon;
  }

  async start(): Promise<void> {
    const logPath = `${this.#folder}.log`;
    const plan = { name: 'feeder', logPath, timeoutMs: READY_MS };
    const args = ['run', '--hardware', 'simulated', '--trust-wall-clock', '--camera-source', 'off'];
    const where = ['--data-dir', this.#folder, '--port', String(this.#port)];
    this.#process = startProcess({
      ...plan,
      command: process.execPath,
      args: [main, ...args, ...where],
      env: { FEEDER_CLOUD_URL: this.#cloudUrl, ...this.#env },
    });
    await untilReady(this.#process, plan, async () => {
      await this.get('/status');
      return true;
    });
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  get pid(): number {
    return this.#process?.pid ?? 0;
  }

  /** SIGKILL, as a power cut. */
  async kill(): Promise<void> {
    await this.#process?.kill();
  }

  async stop(): Promise<void> {
    await this.#process?.stop();
  }

  log(): string {
    return readFileSync(`${this.#folder}.log`, 'utf8');
  }

  get<T>(path: string): Promise<T> {
    return this.ask<T>('GET', path);
  }

  /** What the daemon answers; throws when it refuses. */
  async ask<T>(method: string, path: string, body?: unknown): Promise<T> {
    const answer = await fetch(`${this.url}/api/v1${path}`, {
      method,
      headers: { 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const said = (await answer.json()) as { data?: T };
    if (!answer.ok || said.data === undefined) {
      throw new Error(`${method} ${path}: ${answer.status} ${JSON.stringify(said)}`);
    }
    return said.data;
  }
}

/** Looks until something is so; says what it saw last when it never is. */
export async function until<T>(
  look: () => Promise<T>,
  isSo: (seen: T) => boolean,
  timeoutMs = 20_000,
): Promise<T> {
  for (let waitedMs = 0; ; waitedMs += 50) {
    const seen = await look();
    if (isSo(seen)) return seen;
    if (waitedMs > timeoutMs) throw new Error(`It never came to be: ${JSON.stringify(seen)}`);
    await sleep(50);
  }
}
