import { release } from 'node:os';
import { bootConfig, familyOf, linesThatHold, pwmPinsOf } from '../../config/boot-config.ts';
import type { Board, BoardFacts, SerialPortFacts } from '../../platform/board-facts.ts';
import { checkOf, healthy, type PartCheck, type PartHealth } from '../../platform/part.ts';
import type { SysfsTree } from '../../platform/sysfs-tree.ts';
import { HEADER_LABELS } from '../io/header-chip.ts';
import { headerPwmChip } from './header-pwm.ts';
import { monitorNames } from './monitors.ts';

/** Names under which a wiring may call a serial port. */
const serialNames = /^(serial[01]|ttyAMA\d+|ttyS\d+|ttyUSB\d+|ttyACM\d+)$/;

/** The board by the files of its kernel. */
export class PiBoard implements Board {
  readonly #tree: SysfsTree;
  readonly #arch: string;
  readonly #chips: () => BoardFacts['chips'] | null;

  /** `chips` asks the chips themselves for their labels; without an answer the files tell. */
  constructor(parts: {
    readonly tree: SysfsTree;
    readonly arch?: string;
    readonly chips?: () => BoardFacts['chips'] | null;
  }) {
    this.#chips = parts.chips ?? (() => null);
    this.#tree = parts.tree;
    this.#arch = parts.arch ?? process.arch;
  }

  facts(): BoardFacts {
    const tree = this.#tree;
    // The service does not see /proc beside its own processes; the tree itself is in /sys.
    const model =
      tree.read('sys/firmware/devicetree/base/model') ??
      tree.read('proc/device-tree/model') ??
      'unknown';
    const chips = this.#chips() ?? gpioChips(tree);
    const family = familyOf(model);
    return {
      model,
      family,
      kernel: tree.read('proc/sys/kernel/osrelease') ?? release(),
      is64Bit: this.#arch === 'arm64' || this.#arch === 'x64',
      headerChip: chips.find(({ label }) => HEADER_LABELS.includes(label)) ?? null,
      chips,
      i2cBuses: numbered(tree, /^i2c-(\d+)$/).map(Number),
      spiDevices: numbered(tree, /^spidev(\d+\.\d+)$/),
      serialPorts: serialPorts(tree),
      pwmChip: headerPwmChip(tree),
      pwmPins: pwmPinsOf(linesThatHold(bootConfig(tree) ?? '', family)),
      monitors: monitorNames(tree),
      leds: tree.list('sys/class/leds'),
      clocks: tree.list('sys/class/rtc'),
      converters: tree
        .list('sys/bus/iio/devices')
        .map((name) => tree.read(`sys/bus/iio/devices/${name}/name`))
        .filter((name) => name !== null),
    };
  }

  selfTest(): Promise<PartCheck> {
    const { model, kernel } = this.facts();
    const fix = 'Use a Raspberry Pi 3, 4, 5 or Zero 2 W with 64-bit Raspberry Pi OS 12 or 13.';
    return Promise.resolve(checkOf(this.health(), `${model}, kernel ${kernel}`, fix));
  }

  health(): PartHealth {
    const { model, is64Bit, headerChip } = this.facts();
    if (!is64Bit) return { state: 'implausible', why: 'This system is not a 64-bit one.' };
    if (headerChip !== null) return healthy;
    return { state: 'unplugged', why: `This board (${model}) has no header that is known.` };
  }

  close(): void {
    // Nothing is held open between two reads.
  }
}

/** The sysfs bus names each chip by its label, also where the old numbered interface is off. */
function gpioChips(tree: SysfsTree): BoardFacts['chips'] {
  return tree.list('sys/bus/gpio/devices').flatMap((name) => {
    if (!/^gpiochip\d+$/.test(name)) return [];
    const label = labelOf(tree, name);
    return label === null ? [] : [{ path: `/dev/${name}`, label }];
  });
}

/**
 * The kernel's label of a chip. The character device tells it by ioctl only; in files it stands
 * beside the numbered interface, and else follows from the driver in the device tree.
 */
function labelOf(tree: SysfsTree, name: string): string | null {
  for (const numberedName of tree.list('sys/class/gpio')) {
    const folder = `sys/class/gpio/${numberedName}`;
    if (!numberedName.startsWith('gpiochip')) continue;
    if (tree.list(`${folder}/device`).includes(name)) return tree.read(`${folder}/label`);
  }
  const compatible = tree.read(`sys/bus/gpio/devices/${name}/of_node/compatible`) ?? '';
  if (/rp1-gpio/.test(compatible)) return 'pinctrl-rp1';
  if (/bcm2711-gpio/.test(compatible)) return 'pinctrl-bcm2711';
  if (/bcm283[57]-gpio/.test(compatible)) return 'pinctrl-bcm2835';
  return compatible === '' ? null : (compatible.split(' ')[0] ?? null);
}

function numbered(tree: SysfsTree, pattern: RegExp): string[] {
  return tree.list('dev').flatMap((name) => pattern.exec(name)?.[1] ?? []);
}

function serialPorts(tree: SysfsTree): SerialPortFacts[] {
  const names = tree.list('dev').filter((name) => serialNames.test(name));
  const deviceOf = (name: string) => `/dev/${(tree.link(`dev/${name}`) ?? name).split('/').pop()}`;
  const consoles = (tree.read('sys/class/tty/console/active') ?? '').split(/\s+/);
  const bluetooth = bluetoothPort(tree);
  const byPlug = ['by-id', 'by-path'].flatMap((folder) =>
    tree.list(`dev/serial/${folder}`).map((name) => ({
      path: `/dev/serial/${folder}/${name}`,
      device: deviceOf(`serial/${folder}/${name}`),
    })),
  );
  const plain = names.map((name) => ({ path: `/dev/${name}`, device: deviceOf(name) }));
  return [...plain, ...byPlug].map(({ path, device }) => {
    const isConsole = consoles.includes(device.slice('/dev/'.length));
    const takenBy = isConsole ? 'console' : device === bluetooth ? 'bluetooth' : null;
    return { path, device, takenBy };
  });
}

/** The port behind the Bluetooth chip: the kernel lists the chip as a device of it. */
function bluetoothPort(tree: SysfsTree): string | null {
  for (const name of tree.list('sys/bus/serial/devices')) {
    const compatible = tree.read(`sys/bus/serial/devices/${name}/of_node/compatible`) ?? '';
    if (!/bluetooth|brcm,bcm43|cyw43/i.test(compatible)) continue;
    const target = tree.link(`sys/bus/serial/devices/${name}`) ?? '';
    const port = /\/(tty[A-Z]+\d+)\//.exec(target)?.[1] ?? ttyOf(tree, target);
    if (port !== null) return `/dev/${port}`;
  }
  return null;
}

/** The tty whose device is the controller that a path goes through. */
function ttyOf(tree: SysfsTree, target: string): string | null {
  const controller = /\/([0-9a-f]+\.serial)\//.exec(target)?.[1];
  if (controller === undefined) return null;
  const ttys = tree.list('sys/class/tty');
  return ttys.find((tty) => (tree.link(`sys/class/tty/${tty}`) ?? '').includes(controller)) ?? null;
}
