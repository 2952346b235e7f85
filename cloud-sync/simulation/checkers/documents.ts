import {
  canonicalJson,
  docLine,
  eventKinds,
  eventName,
  type SyncDoc,
  toSyncDoc,
} from '@cat-feeder/shared';
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

/** D4 what the entries say is living, lives on the feeder: an old image loses no document. */
export function checkNoDocVanished({ world, household, rows }: Found): void {
  const { truth, feeder } = household;
  if (truth.hadClone || truth.wasErased) return;
  const words = new Map<string, boolean>();
  const inOrder = [...rows.events.values()].sort((a, b) => a.epoch - b.epoch || a.seq - b.seq);
  for (const { kind, body, quarantined } of inOrder) {
    const name = eventName(kind);
    if (quarantined || truth.letGo.size > 0) continue;
    const parsed = JSON.parse(body) as { id?: string; deleted?: boolean; doc?: SyncDoc | null };
    if (name === 'doc.changed' && parsed.id !== undefined) {
      words.set(parsed.id, parsed.deleted !== true);
    } else if (parsed.doc !== undefined && parsed.doc !== null) {
      words.set(parsed.doc.id, !parsed.doc.deleted);
    } else if (name === 'mutation.closed' && parsed.doc === null) {
      const target = (parsed as { target?: [string, string] | null }).target;
      if (target !== undefined && target !== null) words.set(target[1], false);
    }
  }
  for (const [id, isLiving] of words) {
    const doc = feeder.disk.doc('meal', id);
    if (isLiving && doc?.deleted !== false) {
      world.recorder.violate('D4', `${feeder.options.name}: ${id} is gone and nobody deleted it`);
    }
  }
}
