import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';
import { createInterface } from 'node:readline';

const main = resolve(import.meta.dirname, '../../src/main.ts');

export interface DaemonOptions {
  readonly dataDir: string;
  readonly uiDir: string;
  /** 0: any free port. */
  readonly port?: number;
  /** With the test picture; otherwise there is no camera. */
  readonly hasCamera?: boolean;
}

/** The daemon as its own process, on the simulated board. */
export class RealDaemon {
  readonly url: string;
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess, url: string) {
    this.#child = child;
    this.url = url;
  }

  /** Starts it and waits until it says where it listens. */
  static async start(options: DaemonOptions): Promise<RealDaemon> {
    const { dataDir, uiDir, port = 0, hasCamera = false } = options;
    const child = spawn(
      process.execPath,
      [
        main,
        'run',
        ...['--hardware', 'simulated', '--data-dir', dataDir, '--ui-dir', uiDir],
        ...['--port', String(port), '--trust-wall-clock'],
        ...['--camera-source', hasCamera ? 'synthetic' : 'off'],
      ],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    );
    for await (const line of createInterface({ input: child.stdout })) {
      const entry = parseLine(line);
      if (entry.url !== undefined) {
        child.stdout.resume();
        return new RealDaemon(child, entry.url);
      }
      if (line.includes('"level":"error"')) process.stderr.write(`${line}\n`);
    }
    throw new Error(`The daemon ended before it listened (exit ${child.exitCode}).`);
  }

  async kill(signal: NodeJS.Signals): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    this.#child.kill(signal);
    await once(this.#child, 'exit');
  }

  /** Asks the API with a JSON body and gives back its data. */
  async ask<T>(method: 'GET' | 'POST' | 'PATCH', path: string, body?: unknown): Promise<T> {
    const response = await fetch(`${this.url}/api/v1${path}`, {
      method,
      ...(body === undefined
        ? {}
        : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
    });
    const json = (await response.json()) as { data: T };
    if (!response.ok) throw new Error(`${method} ${path}: ${JSON.stringify(json)}`);
    return json.data;
  }
}

function parseLine(line: string): { url?: string } {
  try {
    return JSON.parse(line) as { url?: string };
  } catch {
    return {};
  }
}
