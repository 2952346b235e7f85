import { pi5PwmChannels, pwmChannels } from '../../config/check-pins.ts';
import type { SysfsTree } from '../../platform/sysfs-tree.ts';

const FOLDER = 'sys/class/pwm';
/**
 * The PWM block of the header by its place in the device tree: the chip's number moves between
 * kernels. Pi 5: in the RP1; the others: in the SoC. The second block of a Pi 4 and the fan's of a
 * Pi 5 have other addresses.
 */
const pi5Block = /\/1f00098000\.pwm\b/;
const headerBlocks = [pi5Block, /\/(?:3f|fe)20c000\.pwm\b/];

/** The header's PWM chip, `sys/class/pwm/pwmchip0`; null without its overlay. */
export function headerPwmChip(tree: SysfsTree): string | null {
  for (const name of tree.list(FOLDER)) {
    const target = tree.link(`${FOLDER}/${name}`);
    if (target !== null && headerBlocks.some((block) => block.test(target))) {
      return `${FOLDER}/${name}`;
    }
  }
  return null;
}

/** The channel of that chip which ends at a BCM pin; null for pins without one. */
export function headerPwmChannel(tree: SysfsTree, chip: string, pin: number): number | null {
  const isPi5 = pi5Block.test(tree.link(chip) ?? '');
  return (isPi5 ? pi5PwmChannels : pwmChannels)[pin] ?? null;
}

/** The folder of the pin's channel, exported; or why it cannot be had, as half a sentence. */
export function exportHeaderPwm(
  tree: SysfsTree,
  pin: number,
): { readonly folder: string } | { readonly why: string } {
  const chip = headerPwmChip(tree);
  if (chip === null) return { why: 'the header has no PWM; dtoverlay=pwm-2chan is missing' };
  const channel = headerPwmChannel(tree, chip, pin);
  if (channel === null) return { why: `BCM ${pin} has no PWM` };
  const folder = `${chip}/pwm${channel}`;
  if (tree.read(`${folder}/enable`) !== null) return { folder };
  const problem = tree.write(`${chip}/export`, String(channel));
  if (problem === null || problem === 'EBUSY') return { folder };
  return { why: `the PWM of BCM ${pin} cannot be had (${problem})` };
}

/**
 * What is written to a channel before its duty, in this order: files of its folder and their values.
 * Kernels such as 6.1 and 6.6 refuse whatever is written to a channel that has no period, as one
 * that was just exported, and all of them refuse a period below the duty.
 */
export function periodWrites(
  tree: SysfsTree,
  folder: string,
  periodNs: number,
): readonly (readonly [file: string, value: string])[] {
  const period = ['period', String(periodNs)] as const;
  return hasPeriod(tree, folder) ? [['duty_cycle', '0'], period] : [period];
}

/** False: the channel has never given a pulse, and there is nothing to switch off. */
export function hasPeriod(tree: SysfsTree, folder: string): boolean {
  return (tree.readNumber(`${folder}/period`) ?? 0) > 0;
}
