import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { performance } from 'node:perf_hooks';

const root = resolve(import.meta.dirname, '../../..');
/** The program as it is shipped, and as it is written. */
const entries = {
  bundle: resolve(root, 'dist/device/feeder.mjs'),
  source: resolve(root, 'device/src/main.ts'),
} as const;
const LAUNCHER = resolve(root, 'systemd/start-notifying');
const READY_LIMIT_MS = 30_000;
const EXIT_LIMIT_MS = 15_000;

/** How a daemon ended. */
export interface Ending {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

const readUnit = () => readFileSync(resolve(root, 'systemd/cat-feeder.service'), 'utf8');

/** What the unit says of the daemon's memory in its environment. */
export function shippedMemorySettings(): Readonly<Record<string, string>> {
  const found = readUnit().matchAll(/^Environment=(MALLOC_\w+)=(.*)$/gm);
  return Object.fromEntries([...found].map(([, name, value]) => [name, value]));
}

/** The V8 flags that systemd/cat-feeder.service starts the daemon with. */
export function shippedNodeFlags(): readonly string[] {
  const unit = readUnit();
  const words = /^ExecStart=(.*)$/m.exec(unit)?.[1]?.split(' ') ?? [];
  return words.filter((word) => word.startsWith('--'));
}

/** Makes the bundle anew, so that what is measured is what is in the tree. */
export function buildBundle(): void {
  const built = spawnSync(process.execPath, [resolve(root, 'scripts/build.ts')], {
    encoding: 'utf8',
  });
  if (built.status !== 0) throw new Error(`The build failed:\n${built.stdout}${built.stderr}`);
}

/** A real daemon in its own process, on a port of its own choice. */
export class DaemonProcess {
  readonly child: ChildProcess;
  readonly startedAtMs = performance.now();
  #stdout = '';
  #stderr = '';
  readonly #ended: Promise<Ending>;

  constructor(options: {
    readonly entry: keyof typeof entries;
    /** Everything after the program's name. */
    readonly args: readonly string[];
    readonly environment?: Readonly<Record<string, string>>;
    /** For Node itself, which hands them on to its threads. */
    readonly nodeFlags?: readonly string[];
    /** Through systemd/start-notifying, as the service manager starts it. */
    readonly isNotifying?: boolean;
    /** The Node to run it with; missing: the one that runs this. */
    readonly nodePath?: string;
  }) {
    const flags = [...shippedNodeFlags(), ...(options.nodeFlags ?? [])];
    const node = [options.nodePath ?? process.execPath, ...flags, entries[options.entry]];
    const line = options.isNotifying === true ? [LAUNCHER, ...node] : node;
    const [program = '', ...args] = [...line, ...options.args];
    this.child = spawn(program, args, {
      // Tests that want the camera switch it on: its encoder would take the CPU of all others.
      env: {
        PATH: process.env['PATH'] ?? '',
        FEEDER_CAMERA_SOURCE: 'off',
        ...shippedMemorySettings(),
        ...options.environment,
      },
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
