import { createRequire } from 'node:module';
import { FeederError } from '@cat-feeder/shared';
import { assertTrain } from './pulse-check.ts';
import type { Pulse, PulseLine, PulsePlayer } from './pulse-player.ts';

/** What is used of the package pigpio. */
export interface PigpioPackage {
  readonly WAVE_MODE_ONE_SHOT: number;
  Gpio: (new (
    pin: number,
    options: { mode: number },
  ) => { digitalWrite(level: 0 | 1): void }) & {
    readonly OUTPUT: number;
  };
  waveClear(): void;
  waveAddGeneric(pulses: readonly { gpioOn: number; gpioOff: number; usDelay: number }[]): void;
  waveCreate(): number;
  waveTxSend(wave: number, mode: number): void;
  waveTxStop(): void;
  terminate(): void;
}

const requireHere = createRequire(import.meta.url);

/**
 * Loads the optional package pigpio, which drives the pins from inside this program and therefore
 * needs root. Throws ERR_CONFIG with a sentence when it is not there, or was not built.
 */
export async function loadPigpio(
  resolve: (name: string) => string = requireHere.resolve,
): Promise<PigpioPackage> {
  try {
    // The package itself only prints a warning when its binary is missing.
    resolve('pigpio/build/Release/pigpio.node');
  } catch (cause) {
    throw new FeederError('ERR_CONFIG', {
      message:
        'The package pigpio is not built on this machine: use pigpiod, or build it where the pigpio library is installed (npm rebuild pigpio).',
      cause,
    });
  }
  return requireHere('pigpio') as PigpioPackage;
}

type PigpioLine = { readonly idle: 0 | 1; readonly gpio: { digitalWrite(level: 0 | 1): void } };

/** Pulses by the package pigpio: its DMA plays them, but it dies with this program. */
export class PigpioPlayer implements PulsePlayer {
  readonly #pigpio: PigpioPackage;
  readonly #lines: readonly PigpioLine[];
  #why: string | null = null;

  constructor(pigpio: PigpioPackage, lines: readonly PulseLine[]) {
    this.#pigpio = pigpio;
    this.#lines = lines.map(({ pin, idle }) => {
      return { idle, gpio: new pigpio.Gpio(pin, { mode: pigpio.Gpio.OUTPUT }) };
    });
    this.halt();
  }

  get why(): string | null {
    return this.#why;
  }

  play(train: readonly Pulse[]): void {
    assertTrain(train);
    if (this.#why !== null) return;
    this.#attempt(() => {
      const pigpio = this.#pigpio;
      pigpio.waveTxStop();
      pigpio.waveClear();
      pigpio.waveAddGeneric(
        train.map(({ on, off, us }) => ({ gpioOn: on, gpioOff: off, usDelay: us })),
      );
      pigpio.waveTxSend(pigpio.waveCreate(), pigpio.WAVE_MODE_ONE_SHOT);
    });
  }

  halt(): void {
    if (this.#why !== null) return;
    this.#attempt(() => {
      this.#pigpio.waveTxStop();
      for (const { gpio, idle } of this.#lines) gpio.digitalWrite(idle);
    });
  }

  close(): void {
    if (this.#why !== null) return;
    this.halt();
    this.#attempt(() => this.#pigpio.terminate());
    this.#why ??= 'The library pigpio was closed.';
  }

  #attempt(work: () => void): void {
    try {
      work();
    } catch (error) {
      this.#why = `The library pigpio failed: ${error instanceof Error ? error.message : error}.`;
    }
  }
}
