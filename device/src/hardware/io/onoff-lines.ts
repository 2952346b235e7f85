import { FeederError } from '@cat-feeder/shared';
import type { Clock } from '../../platform/clock.ts';
import type { SysfsTree } from '../../platform/sysfs-tree.ts';
import type { InputLine, InputLineRequest, LineEdge, LineSource, OutputLine } from './lines.ts';

const FOLDER = 'sys/class/gpio';
/** The header's chip by the label of its driver: the numbers move between kernels and models. */
const HEADER_LABELS = ['pinctrl-rp1', 'pinctrl-bcm2711', 'pinctrl-bcm2835'];

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
        'The package onoff cannot be loaded: its part epoll is not built on this machine. Use the character device for lines, or build it (npm rebuild epoll).',
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
  readonly #open = new Set<InputLine>();

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
    const line = openInput(this.#parts, this.#base + request.pin, request, () => {
      this.#open.delete(line);
    });
    this.#open.add(line);
    return line;
  }

  output(): OutputLine {
    throw new FeederError('ERR_CONFIG', {
      message: 'onoff may not drive a line: it would stay on when the feeder dies.',
    });
  }

  close(): void {
    for (const line of [...this.#open]) line.close();
  }
}

function openInput(
  { onoff, clock }: OnoffLinesParts,
  number: number,
  { pin, activeLow, debounceMs }: InputLineRequest,
  onClosed: () => void,
): InputLine {
  let gpio: OnoffGpio;
  try {
    const debounce = debounceMs > 0 ? { debounceTimeout: debounceMs } : {};
    gpio = new onoff.Gpio(number, 'in', 'both', { activeLow, ...debounce });
  } catch (cause) {
    throw new FeederError('ERR_HARDWARE_FAULT', {
      message: `GPIO ${pin} cannot be had by sysfs: another program holds it, or the right is missing.`,
      cause,
    });
  }
  let isOpen = true;
  let count = 0;
  let level = gpio.readSync();
  let edgeListener: (edge: LineEdge) => void = () => {};
  let lostListener: (cause: Error) => void = () => {};
  gpio.watch((error, now) => {
    if (!isOpen) return;
    if (error) {
      lostListener(error);
      return;
    }
    // Sysfs tells that something changed, not what: two quick changes can look like none.
    if (now === level) return;
    level = now;
    count += 1;
    edgeListener({ level, atMs: clock.monoMs(), count });
  });
  return {
    level: () => level,
    onEdge: (listener) => {
      edgeListener = listener;
    },
    onLost: (listener) => {
      lostListener = listener;
    },
    close: () => {
      if (!isOpen) return;
      isOpen = false;
      gpio.unexport();
      onClosed();
    },
  };
}
