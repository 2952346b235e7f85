import type { Chance } from '../../platform/back-off.ts';
import type { Clock } from '../../platform/clock.ts';
import { commands, PigpiodSocket, type Request } from './pigpiod-socket.ts';
import { assertTrain } from './pulse-check.ts';
import { type Pulse, type PulseLine, type PulsePlayer, STALE_MS } from './pulse-player.ts';

const OUTPUT = 1;

export interface PigpiodPlayerParts {
  /** The daemon listens on this machine: anyone who reaches its port can drive every pin. */
  readonly host: string;
  readonly port: number;
  readonly lines: readonly PulseLine[];
  readonly clock: Clock;
  readonly chance: Chance;
}

/**
 * Pulses through the socket of pigpiod (Pi 3 and 4): a train becomes a wave that its DMA plays to
 * the microsecond and once. When this program dies, the wave still ends.
 */
export class PigpiodPlayer implements PulsePlayer {
  readonly #clock: Clock;
  readonly #lines: readonly PulseLine[];
  readonly #socket: PigpiodSocket;
  #isReady = false;
  #trouble: string | null = null;
  /** Grows with each wish; what belongs to an older one is thrown away. */
  #wish = 0;
  #wave: number | null = null;

  constructor(parts: PigpiodPlayerParts) {
    this.#clock = parts.clock;
    this.#lines = parts.lines;
    this.#socket = new PigpiodSocket({
      ...parts,
      onOpen: () => this.#prepare(),
      onGone: () => {
        this.#isReady = false;
        this.#wave = null;
        this.#wish += 1;
      },
    });
  }

  get why(): string | null {
    return this.#socket.why ?? this.#trouble ?? (this.#isReady ? null : 'pigpiod is being set up.');
  }

  play(train: readonly Pulse[]): void {
    assertTrain(train);
    if (!this.#isReady) return;
    this.#wish += 1;
    this.#begin(train, this.#wish).catch((error: unknown) => this.#stumble(error));
  }

  halt(): void {
    this.#wish += 1;
    if (!this.#isReady) return;
    this.#socket.ask(this.#stillness()).catch((error: unknown) => this.#stumble(error));
  }

  close(): void {
    this.halt();
    this.#isReady = false;
    this.#socket.close();
  }

  async #begin(train: readonly Pulse[], wish: number): Promise<void> {
    const askedAtMs = this.#clock.monoMs();
    const [, , wave = 0] = await this.#socket.ask([
      { command: commands.WVNEW },
      { command: commands.WVAG, extension: waveBytes(train) },
      { command: commands.WVCRE },
    ]);
    const old = this.#wave;
    const isStale = wish !== this.#wish || this.#clock.monoMs() - askedAtMs > STALE_MS;
    if (isStale) {
      await this.#socket.ask([{ command: commands.WVDEL, p1: wave }]);
      return;
    }
    this.#wave = wave;
    // One piece: the old wave is never halted without the new one being begun.
    const begin: Request[] = [{ command: commands.WVHLT }, { command: commands.WVTX, p1: wave }];
    if (old !== null) begin.push({ command: commands.WVDEL, p1: old });
    await this.#socket.ask(begin);
    this.#trouble = null;
  }

  /** All lines idle: after every connection, whatever was before. */
  #prepare(): void {
    const modes = this.#lines.map(({ pin }) => ({ command: commands.MODES, p1: pin, p2: OUTPUT }));
    this.#socket.ask([{ command: commands.PIGPV }, ...this.#stillness(), ...modes]).then(
      () => {
        this.#isReady = true;
        this.#trouble = null;
      },
      (error: unknown) => this.#stumble(error),
    );
  }

  #stillness(): Request[] {
    const idle = this.#lines.map(({ pin, idle: level }) => {
      return { command: commands.WRITE, p1: pin, p2: level };
    });
    return [{ command: commands.WVHLT }, ...idle];
  }

  #stumble(error: unknown): void {
    this.#trouble = error instanceof Error ? error.message : String(error);
  }
}

/** A wave as pigpiod takes it: three words for each pulse. */
export function waveBytes(train: readonly Pulse[]): Uint8Array {
  const bytes = new Uint8Array(12 * train.length);
  const view = new DataView(bytes.buffer);
  for (const [at, { on, off, us }] of train.entries()) {
    view.setUint32(12 * at, on, true);
    view.setUint32(12 * at + 4, off, true);
    view.setUint32(12 * at + 8, us, true);
  }
  return bytes;
}
