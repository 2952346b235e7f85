import { basename, dirname } from 'node:path';
import { SysfsTree } from '../../src/platform/sysfs-tree.ts';

const OF_A_CHANNEL = ['enable', 'period', 'duty_cycle'];

/**
 * A tree whose PWM channels refuse what the kernels 6.1 and 6.6 refuse: every write after which there
 * would be no period, or a duty above it.
 */
export class PwmKernelTree extends SysfsTree {
  override write(name: string, value: string): string | null {
    const file = basename(name);
    if (!OF_A_CHANNEL.includes(file)) return super.write(name, value);
    const now = (wanted: string) =>
      file === wanted ? Number(value) : (this.readNumber(`${dirname(name)}/${wanted}`) ?? 0);
    const isRefused = now('period') === 0 || now('duty_cycle') > now('period');
    return isRefused ? 'EINVAL' : super.write(name, value);
  }
}
