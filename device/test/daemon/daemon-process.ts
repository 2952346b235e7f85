import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { performance } from 'node:perf_hooks';

const root = resolve(import.meta.dirname, '../../..');
/** The program as it is shipped. */
export const BUNDLE = resolve(root, 'dist/device/feeder.mjs');
const READY_LIMIT_MS = 30_000;
const EXIT_LIMIT_MS = 15_000;

/** How a daemon ended. */
export interface Ending {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** The V8 flags that systemd/cat-feeder.service starts the daemon with. */
export function shippedNodeFlags(): readonly string[] {
  const unit = readFileSync(resolve(root, 'systemd/cat-feeder.service'), 'utf8');
  const words = /^ExecStart=(.*)$/m.exec(unit)?.[1]?.split(' ') ?? [];
  return words.filter((word) => word.startsWith('--'));
}

/** A real daemon in its own process, from the built bundle, on a port of its own choice. */
export class DaemonProcess {
  readonly child: ChildProcess;
  readonly startedAtMs = performance.now();
  #stdout = '';
  #stderr = '';
  readonly #ended: Promise<Ending>;

  constructor(options: {
    dataDir: string;
    flags?: readonly string[];
    nodeFlags?: readonly string[];
    environment?: Readonly<Record<string, string>>;
  }) {
    if (!existsSync(BUNDLE)) throw new Error(`${BUNDLE} is missing: run npm run build first`);
    const { dataDir, flags = [], nodeFlags = shippedNodeFlags() } = options;
    const args = [...nodeFlags, BUNDLE, 'run', '--data-dir', dataDir, '--port', '0', ...flags];
    this.child = spawn(process.execPath, args, {
      env: { PATH: process.env['PATH'] ?? '', ...options.environment },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.child.stdout?.on('data', (text: Buffer) => {
      this.#stdout += text.toString();
    });
    this.child.stderr?.on('data', (text: Buffer) => {
      this.#stderr += text.toString();
    });
    this.#ended = new Promise((done) => {
      this.child.once('close', (code, signal) =>
        done({ code, signal, stdout: this.#stdout, stderr: this.#stderr }),
      );
    });
  }

  get pid(): number {
    return this.child.pid ?? 0;
  }

  get output(): string {
    return this.#stdout + this.#stderr;
  }

  /** The address of the API, as soon as the daemon has printed it. */
  ready(): Promise<string> {
    return new Promise((done, fail) => {
      const look = () => {
        const url = /http:\/\/127\.0\.0\.1:\d+/.exec(this.#stdout)?.[0];
        if (url === undefined) return;
        clearTimeout(limit);
        done(url);
      };
      const limit = setTimeout(
        () => fail(new Error(`not ready in ${READY_LIMIT_MS} ms:\n${this.output}`)),
        READY_LIMIT_MS,
      );
      this.child.stdout?.on('data', look);
      look();
      void this.#ended.then((ending) => {
        clearTimeout(limit);
        fail(new Error(`ended with ${ending.code ?? ending.signal}:\n${this.output}`));
      });
    });
  }

  /** Sends a signal and waits for the end. */
  end(signal: NodeJS.Signals = 'SIGTERM'): Promise<Ending> {
    this.child.kill(signal);
    return this.ended();
  }

  /** Waits for the end; SIGKILL when it takes too long, which the ending then shows. */
  async ended(): Promise<Ending> {
    const limit = setTimeout(() => this.child.kill('SIGKILL'), EXIT_LIMIT_MS);
    const ending = await this.#ended;
    clearTimeout(limit);
    return ending;
  }
}
