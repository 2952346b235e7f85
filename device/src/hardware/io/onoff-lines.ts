import { FeederError, type Milliseconds } from '@cat-feeder/shared';
import type { Cancel, Clock } from '../../platform/clock.ts';
import type { SysfsTree } from '../../platform/sysfs-tree.ts';
import { HEADER_LABELS } from './header-chip.ts';
import type { InputLine, InputLineRequest, LineEdge, LineSource, OutputLine } from './lines.ts';

const FOLDER = 'sys/class/gpio';

/** Sysfs does not say that a chip went away, and two quick changes can look like none: look again. */
export const LOOK_AGAIN_MS: Milliseconds = 2000;

/** What is used of the package onoff. */
export interface OnoffGpio {
  readSync(): 0 | 1;
  watch(callback: (error: Error | null | undefined, level: 0 | 1) => void): void;
  unexport(): void;
}

export interface OnoffPackage {
  readonly Gpio: new (
    number: number,
    direction: 'in',
    edge: 'both',
    options: { activeLow: boolean; debounceTimeout?: number },
  ) => OnoffGpio;
}

/** Loads the optional package onoff. Throws ERR_CONFIG with a sentence when it cannot be used. */
export async function loadOnoff(
  load: () => Promise<OnoffPackage> = () => import('onoff'),
): Promise<OnoffPackage> {
  try {
    return await load();
  } catch (cause) {
    throw new FeederError('ERR_CONFIG', {
      message:
        'The package onoff cannot be loaded: a release does not bring it, and in a checkout its part epoll has to be built (npm rebuild epoll). Leave "via" out: then the character device reads the line.',
      cause,
    });
  }
}

/** What sysfs calls BCM line 0. Throws ERR_CONFIG when there is no such chip in sysfs. */
export function headerBase(tree: SysfsTree): number {
  for (const name of tree.list(FOLDER)) {
    if (!name.startsWith('gpiochip')) continue;
    const label = tree.read(`${FOLDER}/${name}/label`)?.trim() ?? '';
    const base = Number.parseInt(tree.read(`${FOLDER}/${name}/base`) ?? '', 10);
    if (HEADER_LABELS.includes(label) && base >= 0) return base;
  }
  throw new FeederError('ERR_CONFIG', {
    message:
      'The header is not in /sys/class/gpio: this kernel has no GPIO by sysfs. Use the character device for lines.',
  });
}

export interface OnoffLinesParts {
  readonly onoff: OnoffPackage;
  readonly tree: SysfsTree;
  readonly clock: Clock;
}

/**
 * Inputs by sysfs and the package onoff, for old images. Never outputs: a line that sysfs drives
 * keeps its level when this program dies.
 */
export class OnoffLines implements LineSource {
  readonly #parts: OnoffLinesParts;
  readonly #base: number;
  readonly #open = new Map<number, InputLine>();

  /** Throws ERR_CONFIG without the header's chip in sysfs. */
  constructor(parts: OnoffLinesParts) {
    this.#parts = parts;
    this.#base = headerBase(parts.tree);
  }

  input(request: InputLineRequest): InputLine {
    if (request.bias !== 'none') {
      throw new FeederError('ERR_CONFIG', {
        message: `onoff cannot switch on the pull-${request.bias} of GPIO ${request.pin}: add a resistor, or gpio=${request.pin}=ip,p${request.bias === 'up' ? 'u' : 'd'} to config.txt, and set its bias to none.`,
      });
    }
    // Sysfs would give the same line out twice, and the first to close would take it from both.
    if (this.#open.has(request.pin)) {
      throw new FeederError('ERR_HARDWARE_FAULT', {
        message: `GPIO ${request.pin} is in use by another part of the feeder.`,
      });
    }
    const line = new OnoffInput(this.#parts, this.#base + request.pin, request);
    line.onClose(() => this.#open.delete(request.pin));
    this.#open.set(request.pin, line);
    return line;
  }

  output(): OutputLine {
    throw new FeederError('ERR_CONFIG', {
      message: 'onoff may not drive a line: it would stay on when the feeder dies.',
    });
  }

  close(): void {
    for (const line of [...this.#open.values()]) line.close();
  }
}

class OnoffInput implements InputLine {
  readonly #clock: Clock;
  readonly #pin: number;
  readonly #gpio: OnoffGpio;
  #level: 0 | 1;
  #count = 0;
  /** Closed or lost: nothing is told any more. */
  #isOver = false;
  #isClosed = false;
  #cancelLook: Cancel = () => {};
  #edgeListener: (edge: LineEdge) => void = () => {};
  #lostListener: (cause: Error) => void = () => {};
  #closeListener: () => void = () => {};

  constructor({ onoff, clock }: OnoffLinesParts, number: number, request: InputLineRequest) {
    const { pin, activeLow, debounceMs } = request;
    this.#clock = clock;
    this.#pin = pin;
    try {
      const debounce = debounceMs > 0 ? { debounceTimeout: debounceMs } : {};
      this.#gpio = new onoff.Gpio(number, 'in', 'both', { activeLow, ...debounce });
      this.#level = this.#gpio.readSync();
    } catch (cause) {
      throw new FeederError('ERR_HARDWARE_FAULT', {
        message: `GPIO ${pin} cannot be had by sysfs: another program holds it, or the right is missing.`,
        cause,
      });
    }
    this.#gpio.watch((error, level) => (error ? this.#lose(error) : this.#take(level)));
    this.#lookLater();
  }

  level(): 0 | 1 {
    try {
      return this.#gpio.readSync();
    } catch (cause) {
      throw this.#lostFault(cause);
    }
  }

  onEdge(listener: (edge: LineEdge) => void): void {
    this.#edgeListener = listener;
  }

  onLost(listener: (cause: Error) => void): void {
    this.#lostListener = listener;
  }

  onClose(listener: () => void): void {
    this.#closeListener = listener;
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#isOver = true;
    this.#cancelLook();
    this.#closeListener();
    try {
      this.#gpio.unexport();
    } catch {
      // A line that went with its chip cannot be given back, and need not be.
    }
  }

  #take(level: 0 | 1): void {
    if (this.#isOver || level === this.#level) return;
    this.#level = level;
    this.#count += 1;
    this.#edgeListener({ level, atMs: this.#clock.monoMs(), count: this.#count });
  }

  #lookLater(): void {
    this.#cancelLook = this.#clock.after('onoff line', LOOK_AGAIN_MS, () => this.#look());
  }

  #look(): void {
    try {
      this.#take(this.#gpio.readSync());
    } catch (cause) {
      this.#lose(cause);
    }
    if (!this.#isOver) this.#lookLater();
  }

  #lose(cause: unknown): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#cancelLook();
    this.#lostListener(this.#lostFault(cause));
  }

  #lostFault(cause: unknown): FeederError {
    const message = `GPIO ${this.#pin} is lost: sysfs does not have it any more.`;
    return new FeederError('ERR_HARDWARE_FAULT', { message, cause });
  }
}
