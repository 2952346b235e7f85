import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { WorldState } from '../../src/hardware/simulated/world-state.ts';
import { DaemonProcess } from '../daemon/daemon-process.ts';
import { FeederWatch } from './feeder-watch.ts';
import { profile, SEED } from './simulated-food.ts';

/** One data directory with its feeder, its food and its daemons, one after the other. */
export class KillSeries extends FeederWatch {
  readonly #folder: string;
  readonly #profilePath: string;
  readonly #speed: number;
  readonly #entry: 'bundle' | 'source';
  #daemon: DaemonProcess | undefined;
  restarts = 0;

  constructor(options: { readonly speed: number; readonly entry: 'bundle' | 'source' }) {
    const folder = mkdtempSync(join(tmpdir(), 'feeder-kill-'));
    super(join(folder, 'data/simulated-world.json'));
    this.#folder = folder;
    this.#profilePath = join(folder, 'profile.json');
    this.#speed = options.speed;
    this.#entry = options.entry;
    writeFileSync(this.#profilePath, JSON.stringify(profile));
  }

  override get output(): string {
    return this.#daemon?.output ?? '';
  }

  /** Starts the feeder and prepares it. */
  async open(): Promise<void> {
    await this.start();
    await this.prepare();
  }

  spawn(): void {
    this.restarts += 1;
    this.#daemon = new DaemonProcess({
      entry: this.#entry,
      args: [
        ...['run', '--port', '0', '--data-dir', join(this.#folder, 'data')],
        ...['--profile', this.#profilePath, '--simulation-seed', String(SEED)],
        ...['--simulation-speed', String(this.#speed), '--trust-wall-clock'],
      ],
    });
  }

  async start(): Promise<void> {
    this.spawn();
    this.url = (await this.#daemon?.ready()) ?? '';
  }

  /** SIGKILL; returns the world as the daemon left it and how long the motor outlived it. */
  async kill(): Promise<{ readonly world: WorldState; readonly motorOutlivedMs: number }> {
    const deathAtMs = Date.now();
    await this.#daemon?.end('SIGKILL');
    const world = this.world();
    const stopsAtMs = world.savedAtWallMs + world.motor.leftMs / this.#speed;
    return { world, motorOutlivedMs: world.motor.leftMs > 0 ? stopsAtMs - deathAtMs : 0 };
  }

  async close(): Promise<void> {
    await this.#daemon?.end();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
