import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** Waits until something is true; rejects with its name after 10 s. */
export async function until(what: string, isTrue: () => boolean): Promise<void> {
  const deadlineMs = performance.now() + 10_000;
  while (!isTrue()) {
    if (performance.now() > deadlineMs) throw new Error(`It never came true: ${what}`);
    await sleep(5);
  }
}

/**
 * A serial cable of two terminals of the kernel, made by socat: `path` is the end that a driver
 * opens, and the other end is socat's own input and output.
 */
export class PtyCable {
  readonly #folder = mkdtempSync(join(tmpdir(), 'feeder-pty-'));
  #socat: ChildProcess | null = null;
  #received = Buffer.alloc(0);

  /** As a name under /dev/serial/by-id: a link that leads to the terminal of the moment. */
  get path(): string {
    return join(this.#folder, 'usb-reader');
  }

  /** Plugs the cable in. */
  async plugIn(): Promise<void> {
    const socat = spawn('socat', ['-b', '4096', 'STDIO', `PTY,raw,echo=0,link=${this.path}`], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    let trouble: Error | null = null;
    socat.on('error', (error) => (trouble = error));
    // The terminal may vanish while bytes are on their way.
    socat.stdin.on('error', () => {});
    socat.stdout.on('data', (bytes: Buffer) => {
      this.#received = Buffer.concat([this.#received, bytes]);
      this.onReceived(bytes);
    });
    this.#socat = socat;
    await until('socat makes a terminal', () => trouble !== null || existsSync(this.path));
    if (trouble !== null) throw trouble;
  }

  /** Told of what the driver has written. */
  onReceived: (bytes: Buffer) => void = () => {};

  /** What the driver has written since the last call. */
  takeReceived(): Buffer {
    const bytes = this.#received;
    this.#received = Buffer.alloc(0);
    return bytes;
  }

  send(bytes: Uint8Array): void {
    this.#socat?.stdin?.write(bytes);
  }

  /** Pulls the plug: the terminal vanishes with everything in it. */
  async unplug(): Promise<void> {
    const socat = this.#socat;
    this.#socat = null;
    if (socat === null || socat.exitCode !== null) return;
    const ended = new Promise((resolve) => socat.once('exit', resolve));
    socat.kill('SIGKILL');
    await ended;
    rmSync(this.path, { force: true });
  }

  async end(): Promise<void> {
    await this.unplug();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
