import type { BoardFamily } from '../platform/board-facts.ts';
import type { SysfsTree } from '../platform/sysfs-tree.ts';

/*
 * What a Raspberry Pi is told in config.txt, read as its firmware does. A line below a filter such
 * as [pi4] holds on those boards alone; [all] ends that.
 */

/** The filters under which lines hold, by the family of the board. */
const filters: Readonly<Record<BoardFamily, readonly string[]>> = {
  pi3: ['pi3', 'pi3+'],
  zero2w: ['pi0', 'pi0w', 'pi02'],
  pi4: ['pi4'],
  pi5: ['pi5'],
  other: [],
};

/** Function numbers that lead the PWM to a pin, as the overlays want them. */
export const pwmFunctions: Readonly<Record<number, number>> = { 12: 4, 13: 4, 18: 2, 19: 2 };
/** The pins of the overlays when their line names none. */
const defaultPin = 18;
const defaultPin2 = 19;

const families: readonly (readonly [RegExp, BoardFamily])[] = [
  [/Raspberry Pi (5|500|Compute Module 5)/, 'pi5'],
  [/Raspberry Pi (4|400|Compute Module 4)/, 'pi4'],
  [/Raspberry Pi Zero 2/, 'zero2w'],
  [/Raspberry Pi (3|Compute Module 3)/, 'pi3'],
];

/** The family of a board by its name in the device tree. */
export function familyOf(model: string): BoardFamily {
  return families.find(([pattern]) => pattern.test(model))?.[1] ?? 'other';
}

/** What the firmware was told; null where it cannot be read. */
export function bootConfig(tree: SysfsTree): string | null {
  return tree.read('boot/firmware/config.txt') ?? tree.read('boot/config.txt');
}

/** The lines that hold on a board of this family, without comments. */
export function linesThatHold(text: string, family: BoardFamily): readonly string[] {
  const lines: string[] = [];
  let holds = true;
  for (const raw of text.split('\n')) {
    const line = raw.replace(/#.*/, '').trim();
    const filter = /^\[(.*)\]$/.exec(line)?.[1];
    if (filter !== undefined) holds = filter === 'all' || filters[family].includes(filter);
    else if (holds && line !== '') lines.push(line);
  }
  return lines;
}

/** The name and the parameters of a line `dtoverlay=NAME,A=1,B`; null for any other line. */
export function overlayOf(
  line: string,
): { readonly name: string; readonly params: readonly string[] } | null {
  const match = /^dtoverlay\s*=\s*([\w-]+)[,:]?(.*)$/.exec(line);
  if (match === null) return null;
  const [, name = '', rest = ''] = match;
  return { name, params: rest.split(',').filter((param) => param !== '') };
}

/** The line that leads the header's PWM to exactly these pins; at most two, one of each channel. */
export function pwmLine(pins: readonly number[]): string {
  const [pin = defaultPin, pin2] = pins.toSorted((a, b) => channelOrder(a) - channelOrder(b));
  const first = `pin=${pin},func=${pwmFunctions[pin]}`;
  if (pin2 === undefined) return `dtoverlay=pwm,${first}`;
  return `dtoverlay=pwm-2chan,${first},pin2=${pin2},func2=${pwmFunctions[pin2]}`;
}

/** 12 and 18 are what the overlay calls the first pin, 13 and 19 the second. */
const channelOrder = (pin: number) => (pin % 6) * 100 + pin;

/**
 * The pins to which lines of config.txt lead the PWM; null where no line speaks of it. A pin whose
 * function is that of another pin gets no PWM.
 */
export function pwmPinsOf(lines: readonly string[]): readonly number[] | null {
  const overlays = lines.flatMap((line) => {
    const overlay = overlayOf(line);
    return overlay !== null && /^pwm(-2chan)?$/.test(overlay.name) ? [overlay] : [];
  });
  if (overlays.length === 0) return null;
  return overlays.flatMap(({ name, params }) => {
    const number = (key: string, fallback: number) => {
      const param = params.find((candidate) => candidate.startsWith(`${key}=`));
      return param === undefined ? fallback : Number(param.slice(key.length + 1));
    };
    const wired = [[number('pin', defaultPin), number('func', 2)] as const];
    if (name === 'pwm-2chan') wired.push([number('pin2', defaultPin2), number('func2', 2)]);
    return wired.flatMap(([pin, func]) => (pwmFunctions[pin] === func ? [pin] : []));
  });
}
