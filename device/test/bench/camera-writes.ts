import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeUlid } from '@cat-feeder/shared';
import { safeRandomBytes } from '../../src/platform/safe-random.ts';
import { openStore } from '../../src/storage/store.ts';
import { clipOf } from '../support/clip-fixtures.ts';
import { percentile } from './proc-figures.ts';

/*
 * What the camera's rows cost on this disk: each write holds the main thread until it is durable.
 * The note of a clip that is to be, and, when it is there, its row with the ledger's entry.
 */

const CLIPS = 100;

export function writeFigures() {
  const dir = mkdtempSync(join(tmpdir(), 'feeder-bench-writes-'));
  const startMs = Date.now();
  const store = openStore({
    at: dir,
    time: () => ({
      ...{ wallMs: Date.now(), monoMs: performance.now(), ageMs: performance.now() },
      ...{ bootId: 'bench', quality: 'synchronized' },
    }),
    defaultCalibration: {
      ...{ zeroCounts: 0, countsPerGram: 420, noiseGrams: 0.1 },
      ...{ taredAtMs: null, spannedAtMs: null },
    },
  });
  const noteMs: number[] = [];
  const rowMs: number[] = [];
  const timed = (into: number[], write: () => void) => {
    const beganMs = performance.now();
    write();
    into.push(performance.now() - beganMs);
  };
  const logBytes = () => statSync(join(dir, 'db', 'feeder.db-wal')).size;
  try {
    store.checkpoint();
    const before = logBytes();
    let noteBytes = 0;
    for (let count = 0; count < CLIPS; count++) {
      const id = makeUlid(startMs + count, safeRandomBytes);
      const feedingIds = [makeUlid(startMs + count, safeRandomBytes)];
      timed(noteMs, () => store.clips.expect([{ id, feedingIds, startedMs: startMs }]));
      if (count === 0) noteBytes = logBytes() - before;
      timed(rowMs, () => store.clips.add(clipOf({ id, feedingIds })));
    }
    const shown = (values: readonly number[]) => ({
      p50: Math.round(percentile(values, 0.5) * 100) / 100,
      max: Math.round(Math.max(...values) * 100) / 100,
    });
    return { noteBytes, noteMs: shown(noteMs), rowMs: shown(rowMs) };
  } finally {
    store.close();
    rmSync(dir, { recursive: true, force: true });
  }
}
