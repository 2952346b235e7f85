import { canonicalJson, docLine, eventKinds, toSyncDoc } from '@cat-feeder/shared';
import type { Found } from './found.ts';

/** D3 the documents of both sides are the same, byte for byte. */
export function checkSameDocs({ world, household, rows }: Found): void {
  const own = household.feeder.disk.docs().filter(({ deleted }) => !deleted);
  const lines = own.map((doc) => docLine(toSyncDoc(doc))).sort();
  const shown = [...rows.docs.values()].filter(({ doc }) => !doc.deleted);
  const cloudLines = shown.map(({ doc }) => docLine(doc)).sort();
  if (canonicalJson(lines) === canonicalJson(cloudLines)) return;
  const missing = lines.filter((line) => !cloudLines.includes(line));
  const foreign = cloudLines.filter((line) => !lines.includes(line));
  world.recorder.violate(
    'D3',
    `only on the feeder: ${missing.join(' ')}; only in the cloud: ${foreign.join(' ')}`,
  );
}

/** D2 each mutation has one outcome, and all entries about it say the same. */
export function checkMutations({ world, household, rows }: Found): void {
  for (const { mid, outcomes } of rows.mutations.values()) {
    if (outcomes === null) world.recorder.violate('D2', `${mid} has no outcome`);
  }
  if (household.truth.hadClone) return;
  const told = new Map<string, string>();
  for (const { kind, body } of rows.events.values()) {
    if (kind !== eventKinds['mutation.closed'].number) continue;
    const { mid, outcomes } = JSON.parse(body) as { mid: string; outcomes: object };
    const text = canonicalJson(outcomes);
    const before = told.get(mid);
    if (before !== undefined && before !== text) {
      world.recorder.violate('D2', `${mid} ended as ${before} and as ${text}`);
    }
    told.set(mid, text);
  }
}
