import { readdirSync, readlinkSync } from 'node:fs';

/** How many descriptors of this process lead to a file, or into a directory. */
export function openedTimes(file: string): number {
  return readdirSync('/proc/self/fd').filter((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`).startsWith(file);
    } catch {
      return false; // That of the list itself.
    }
  }).length;
}
