import { readdirSync, readFileSync } from 'node:fs';

/** What one thread has used since it began. */
export interface ThreadFigures {
  readonly name: string;
  readonly cpuMs: number;
  /** Times it slept and was woken. */
  readonly wakeups: number;
}

/** What the kernel knows of each living thread of a process, by its id. */
export function threadsOf(pid: number): ReadonlyMap<number, ThreadFigures> {
  const threads = new Map<number, ThreadFigures>();
  for (const id of readdirSync(`/proc/${pid}/task`)) {
    const read = (file: string) => readFileSync(`/proc/${pid}/task/${id}/${file}`, 'utf8');
    const wakeups = /^voluntary_ctxt_switches:\s+(\d+)/m.exec(read('status'))?.[1];
    threads.set(Number(id), {
      name: read('comm').trim(),
      // Nanoseconds on the processor; the ticks in `stat` are 10 ms each, too coarse for a start.
      cpuMs: Number(read('schedstat').split(' ')[0]) / 1e6,
      wakeups: Number(wakeups),
    });
  }
  return threads;
}

/** CPU time of all living threads together. */
export function cpuMsOf(pid: number): number {
  return [...threadsOf(pid).values()].reduce((sum, thread) => sum + thread.cpuMs, 0);
}

/** Memory by its share (shared pages divided by their users), its own part, and all of it. */
export function memoryOf(pid: number) {
  const text = readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8');
  const megabytes = (key: string) =>
    Number(new RegExp(`^${key}:\\s+(\\d+) kB`, 'm').exec(text)?.[1]) / 1024;
  return { pssMb: megabytes('Pss'), anonMb: megabytes('Anonymous'), rssMb: megabytes('Rss') };
}

/** CPU time and wake-ups of each thread between two looks, by the names of the threads. */
export function usedBetween(
  before: ReadonlyMap<number, ThreadFigures>,
  after: ReadonlyMap<number, ThreadFigures>,
): { readonly cpuMs: number; readonly wakeups: number; readonly byThread: Record<string, number> } {
  let cpuMs = 0;
  let wakeups = 0;
  const byThread: Record<string, number> = {};
  for (const [id, thread] of after) {
    const start = before.get(id) ?? { cpuMs: 0, wakeups: 0 };
    const woken = thread.wakeups - start.wakeups;
    cpuMs += thread.cpuMs - start.cpuMs;
    wakeups += woken;
    byThread[thread.name] = (byThread[thread.name] ?? 0) + woken;
  }
  return { cpuMs, wakeups, byThread };
}

/** The value below which `share` (0 to 1) of the values lie. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN;
}

/** Living programs in whose command line this text stands. */
export function programsThatName(text: string): readonly number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(text);
      } catch {
        return false; // It has just ended.
      }
    });
}
