import { existsSync, readFileSync, writeFileSync } from 'node:fs';

const SWITCH = '/proc/sys/kernel/sched_autogroup_enabled';

/**
 * Works as under systemd. Outside a service some kernels share the CPU among sessions before they
 * look at programs, so that even a SCHED_IDLE encoder finishes its turn; within a service they
 * compare programs, always. The kernel's switch is put back at the end, also by a signal.
 * @throws {Error} EACCES: only root may set it.
 */
export async function withoutAutogroup<T>(work: () => Promise<T>): Promise<T> {
  const before = existsSync(SWITCH) ? readFileSync(SWITCH, 'utf8') : '0';
  if (before.trim() === '0') return work();
  writeFileSync(SWITCH, '0');
  const restore = () => writeFileSync(SWITCH, before);
  process.once('exit', restore);
  const stop = () => process.exit(1);
  process.once('SIGINT', stop).once('SIGTERM', stop);
  try {
    return await work();
  } finally {
    restore();
    process.off('exit', restore).off('SIGINT', stop).off('SIGTERM', stop);
  }
}
