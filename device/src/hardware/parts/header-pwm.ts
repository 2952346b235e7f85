import type { SysfsTree } from '../../platform/sysfs-tree.ts';

const FOLDER = 'sys/class/pwm';
/**
 * The PWM block of the header by its place in the device tree: the chip's number moves between
 * kernels. Pi 5: in the RP1; the others: in the SoC. The second block of a Pi 4 and the fan's of a
 * Pi 5 have other addresses.
 */
const headerBlocks = [/\/1f00098000\.pwm\b/, /\/(?:3f|fe)20c000\.pwm\b/];

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
