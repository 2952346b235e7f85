import type { BoardFamily } from '../platform/board-facts.ts';
import { linesThatHold, overlayOf, pwmLine, pwmPinsOf } from './boot-config.ts';
import { isHeaderPort } from './header-port.ts';
import { claimsOf } from './wiring-claims.ts';
import type { WiredPart } from './wiring-schema.ts';

/*
 * What a wiring needs of the board's configuration: the lines that the installer writes into
 * config.txt, and that the check of the wiring asks for. Both take them from here.
 */

/** Buses of the header besides bus 1, each with an overlay of its name. */
const OTHER_I2C_BUSES: readonly number[] = [0, 3, 4, 5, 6];
/** What the header's SPI bus 0 needs. */
export const SPI_LINE = 'dtparam=spi=on';
export const RTC_LINE = 'dtoverlay=i2c-rtc,ds3231';
/** The pin of a kernel light whose profile names none. */
const LIGHT_PIN = 17;

/** What switches an I2C bus on; null for one that the header does not have. */
export function i2cLine(bus: number): string | null {
  if (bus === 1) return 'dtparam=i2c_arm=on';
  return OTHER_I2C_BUSES.includes(bus) ? `dtoverlay=i2c${bus}` : null;
}

/** What switches the header's serial port on, the first line before all others. */
export function uartLines(family: BoardFamily): readonly string[] {
  const pi5 = ['dtparam=uart0=on'];
  const others = ['enable_uart=1', 'dtoverlay=disable-bt'];
  if (family === 'other') return [...others, ...pi5];
  return family === 'pi5' ? pi5 : others;
}

/** The overlay by which the kernel drives a part itself; null for parts that it does not. */
export function overlayLine(part: WiredPart): string | null {
  if (part.part === 'current_meter') {
    const address = `addr=0x${part.address.toString(16)}`;
    return `dtoverlay=i2c-sensor,${part.chip},${address}${onBus(part.bus)}`;
  }
  if (part.part === 'kernel_light') {
    return `dtoverlay=gpio-led,gpio=${part.pin ?? LIGHT_PIN},label=${part.name}`;
  }
  return part.part === 'real_time_clock' ? `${RTC_LINE}${onBus(part.bus)}` : null;
}

/** A light without a pin, such as the board's own ACT: no overlay makes it. */
const isOfTheBoard = (part: WiredPart) => part.part === 'kernel_light' && part.pin === null;

const onBus = (bus: number) => (bus === 1 ? '' : `,i2c${bus}`);

/** What an owner may switch on besides what a profile needs. */
export const switchable = ['i2c', 'spi', 'uart', 'pwm', 'rtc'] as const;
export type Switchable = (typeof switchable)[number];

export interface BootWish {
  readonly parts: readonly WiredPart[];
  /** Named by the owner; what the parts need comes in any case. */
  readonly switchedOn: readonly Switchable[];
  readonly family: BoardFamily;
}

export interface BootNeeds {
  readonly lines: readonly string[];
  /** Modules of the kernel without which a bus has no device files. */
  readonly modules: readonly string[];
  /** The text console has to leave the header's serial port. */
  readonly isConsoleInTheWay: boolean;
}

/** Everything that a wiring needs, each line once: parameters of the board, then overlays. */
export function bootNeedsOf({ parts, switchedOn, family }: BootWish): BootNeeds {
  const claims = claimsOf(parts);
  const isOn = (name: Switchable) => switchedOn.includes(name);
  const buses = claims.flatMap(({ i2c }) => (i2c === null ? [] : [i2c.bus]));
  const hasSpi = isOn('spi') || claims.some(({ spiDevice }) => spiDevice !== null);
  const hasUart =
    isOn('uart') || claims.some(({ port }) => port !== null && isHeaderPort(port, family));
  const pwmPins = claims.flatMap(({ pins }) =>
    pins.filter(({ needs }) => needs === 'pwm').map(({ pin }) => pin),
  );
  const lines = [
    ...(isOn('i2c') ? [i2cLine(1)] : []),
    ...buses.map(i2cLine),
    ...(hasSpi ? [SPI_LINE] : []),
    ...(hasUart ? uartLines(family) : []),
    ...(pwmPins.length > 0 ? [pwmLine(pwmPins)] : isOn('pwm') ? ['dtoverlay=pwm-2chan'] : []),
    ...parts.filter((part) => !isOfTheBoard(part)).map(overlayLine),
    ...(isOn('rtc') && !parts.some(({ part }) => part === 'real_time_clock') ? [RTC_LINE] : []),
  ];
  return {
    lines: [...new Set(lines.filter((line) => line !== null))],
    modules: isOn('i2c') || buses.length > 0 ? ['i2c-dev'] : [],
    isConsoleInTheWay: hasUart,
  };
}

/** What is left to write into a config.txt, or why nothing that is written would help. */
export type BootPlan =
  | { readonly kind: 'write'; readonly lines: readonly string[] }
  | { readonly kind: 'conflict'; readonly why: string };

/**
 * The lines that the owner's own config.txt does not have. An overlay is never loaded twice: where
 * the owner's leads the PWM elsewhere, nothing can be added that helps.
 */
export function bootPlanOf(
  lines: readonly string[],
  own: { readonly text: string; readonly family: BoardFamily },
): BootPlan {
  const held = linesThatHold(own.text, own.family);
  const wanted = pwmPinsOf(lines) ?? [];
  const has = pwmPinsOf(held);
  if (wanted.length > 0 && has !== null && wanted.some((pin) => !has.includes(pin))) {
    const theirs = held.find((line) => /^pwm(-2chan)?$/.test(overlayOf(line)?.name ?? ''));
    const mine = lines.find((line) => /^pwm(-2chan)?$/.test(overlayOf(line)?.name ?? ''));
    const why = `config.txt has ${theirs} of your own, but the wiring has its PWM at BCM ${wanted.join(' and ')}: change that line to ${mine}, or remove it.`;
    return { kind: 'conflict', why };
  }
  return { kind: 'write', lines: lines.filter((line) => !isThere(line, held, has !== null)) };
}

function isThere(line: string, held: readonly string[], hasPwm: boolean): boolean {
  const overlay = overlayOf(line);
  if (overlay === null) return false;
  if (/^pwm(-2chan)?$/.test(overlay.name)) return hasPwm;
  return held.some((candidate) => {
    const other = overlayOf(candidate);
    if (other === null || other.name !== overlay.name) return false;
    // An INA219 is at 0x40 unless its line says otherwise.
    const own = overlay.params.filter((param) => param !== 'addr=0x40' || /addr=/.test(candidate));
    return own.every((param) => other.params.includes(param));
  });
}
