import { type ChildProcess, spawn } from 'node:child_process';
import {
  closeSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';

const checkout = resolve(import.meta.dirname, '../../..');
const JOB_BYTES = 64 * 1024;
const MEMORY = '1G';
/** Lines of the console that explain a boot without a result. */
const LAST_WORDS = 20;

/** How a boot of the machine ended; `status` null: it was cut, or gave no result. */
export interface BootEnding {
  readonly status: number | null;
  readonly wasCut: boolean;
  /** Of kernel and service manager, for people. */
  readonly lastWords: string;
}

export interface BootOptions {
  /** A program for Bash, run in the checkout inside the machine. */
  readonly job: string;
  /** Directory that the machine shares with its host, at /exchange. */
  readonly exchange: string;
  /** What the machine writes is kept in this file; without one it is forgotten. */
  readonly disk?: string;
  /** Boots the service manager; without it only the kernel and a shell. */
  readonly isSystemd?: boolean;
  /** The power is cut after so long. */
  readonly limitMs: number;
  /** Each line that the job prints. */
  readonly onLine?: (line: string) => void;
}

/** A User-Mode Linux machine, made by scripts/kernel/build in `folder`; an ordinary process. */
export class GuestMachine {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  boot(options: BootOptions): Boot {
    return new Boot(this.#folder, options);
  }
}

/** One boot, from power-on until it switches itself off or its power is cut. */
export class Boot {
  readonly #scratch = mkdtempSync(join(tmpdir(), 'feeder-guest-'));
  readonly #child: ChildProcess;
  readonly #ended: Promise<BootEnding>;
  #wasCut = false;
  readonly #atExit = () => {
    this.#kill();
    rmSync(this.#scratch, { recursive: true, force: true });
  };

  constructor(folder: string, options: BootOptions) {
    const job = join(this.#scratch, 'job');
    writeFileSync(job, `${options.job}\n`);
    truncateSync(job, JOB_BYTES);
    const disk = options.disk ?? join(this.#scratch, 'disk');
    const init = options.isSystemd === true ? '/lib/systemd/systemd' : '/usr/local/sbin/bare-init';
    const words = join(this.#scratch, 'console');
    const file = openSync(words, 'a');
    this.#child = spawn(
      join(folder, 'kernel/linux'),
      [
        ...[`mem=${MEMORY}`, 'root=/dev/ubda', 'rw', `init=${init}`],
        ...[`ubd0=${disk},${join(folder, 'disk.img')}`, `ubd1=${job}`],
        ...['console=ttyS0', 'con=null', 'ssl=null', 'ssl0=null,fd:3', 'ssl1=null,fd:4'],
        // Its memory maps are broken on this architecture ("Bad page map"); Node does without.
        'sysctl.kernel.io_uring_disabled=2',
        ...['systemd.show_status=0', `feeder.checkout=${checkout}`],
        `feeder.exchange=${options.exchange}`,
      ],
      {
        stdio: ['ignore', file, file, file, 'pipe'],
        // The machine's memory is a file in TMPDIR, which has to be a tmpfs; it notes its id in HOME.
        env: { TMPDIR: '/dev/shm', HOME: this.#scratch, PATH: process.env['PATH'] ?? '' },
        // All its processes are killed together.
        detached: true,
      },
    );
    closeSync(file);
    // In a group of its own, it would outlive a program that is told to end.
    process.once('exit', this.#atExit);
    this.#ended = this.#watch(options, { job, words });
  }

  /** Takes the power away: everything dies at once, what was not synced is lost. */
  cut(): Promise<BootEnding> {
    this.#wasCut = true;
    this.#kill();
    return this.#ended;
  }

  ended(): Promise<BootEnding> {
    return this.#ended;
  }

  async #watch(options: BootOptions, files: { job: string; words: string }): Promise<BootEnding> {
    const limit = setTimeout(() => this.#kill(), options.limitMs);
    const line = this.#child.stdio[4];
    if (line && 'read' in line) {
      createInterface({ input: line }).on('line', (text) => options.onLine?.(text));
    }
    const code = await new Promise<number | null>((done) => {
      this.#child.once('close', done);
      this.#child.once('error', () => done(null));
    });
    clearTimeout(limit);
    // Its helpers, if any outlived it.
    this.#kill();
    const result = readFileSync(files.job, 'latin1').split('\n', 1)[0] ?? '';
    const status = code === 0 && /^\d+$/.test(result) ? Number(result) : null;
    const lastWords = readFileSync(files.words, 'utf8')
      .trimEnd()
      .split('\n')
      .slice(-LAST_WORDS)
      .join('\n');
    process.off('exit', this.#atExit);
    rmSync(this.#scratch, { recursive: true, force: true });
    return { status: this.#wasCut ? null : status, wasCut: this.#wasCut, lastWords };
  }

  #kill(): void {
    const { pid } = this.#child;
    if (pid === undefined) return;
    try {
      process.kill(-pid, 'SIGKILL');
    } catch {
      // It has ended already.
    }
  }
}
