import { existsSync, writeFileSync } from 'node:fs';
import { type DataDir, numbered, syncDir } from './data-dir.ts';
import type { EmergencyJournal } from './emergency-journal.ts';
import { listSnapshots } from './snapshots.ts';

const TEXT = `A feeder keeps its memory in this directory. By this file it notices when that memory is gone:
without it, it takes itself for a new one. To begin as a new feeder, remove the whole directory.
`;

/**
 * Notes once that there was a whole database here; made after it, so that a first start that was
 * cut off is no loss. False when the disk did not take it: the next start tries again.
 */
export function leaveMark(dir: DataDir): boolean {
  if (existsSync(dir.mark)) return true;
  try {
    writeFileSync(dir.mark, TEXT, { mode: 0o600, flush: true });
    syncDir(dir.root);
    return true;
  } catch {
    return false; // Counted by the caller as a second copy that is missing.
  }
}

/** Whether anything shows that a feeder has lived here, be it readable or not. */
export function hasHistory(dir: DataDir, emergency: EmergencyJournal | null): boolean {
  return (
    [dir.mark, ...dir.planCopies].some((path) => existsSync(path)) ||
    listSnapshots(dir.snapshots).length > 0 ||
    numbered(dir.damaged).length > 0 ||
    (emergency?.noted() ?? []).length > 0
  );
}
