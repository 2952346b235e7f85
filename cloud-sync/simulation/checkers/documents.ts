import {
  canonicalJson,
  docLine,
  type EventBody,
  eventKinds,
  eventName,
  type SyncDoc,
  toSyncDoc,
} from '@cat-feeder/shared';
import { docOf } from '../log-items.ts';
import type { Found } from './found.ts';

/** D3 the documents of both sides are the same, byte for byte, as far as the present home sees them. */
export function checkSameDocs({ world, household, rows }: Found): void {
  const own = household.feeder.disk.docs().filter(({ deleted }) => !deleted);
  const lines = own.map((doc) => docLine(toSyncDoc(doc))).sort();
  const shown = [...rows.docs.values()].filter(
    ({ doc, epoch }) => !doc.deleted && rows.epochs.get(epoch)?.homeId === rows.device.homeId,
  );
  const cloudLines = shown.map(({ doc }) => docLine(doc)).sort();
  if (canonicalJson(lines) === canonicalJson(cloudLines)) return;
  const missing = lines.filter((line) => !cloudLines.includes(line));
  const foreign = cloudLines.filter((line) => !lines.includes(line));
  world.recorder.violate(
    'D3',
    `only on the feeder: ${missing.join(' ')}; only in the cloud: ${foreign.join(' ')}`,
  );
}

/** D2 each mutation has one outcome, and all entries of one history about it say the same. */
export function checkMutations({ world, household, rows }: Found): void {
  for (const { mid, outcomes } of rows.mutations.values()) {
    if (outcomes === null) world.recorder.violate('D2', `${mid} has no outcome`);
  }
  const told = new Map<string, string>();
  for (const { kind, body, eid } of rows.events.values()) {
    if (kind !== eventKinds['mutation.closed'].number) continue;
    const { mid, outcomes } = JSON.parse(body) as EventBody<'mutation.closed'>;
    const key = `${mid} of ${household.truth.historyOf(eid)}`;
    const text = canonicalJson(outcomes);
    const before = told.get(key);
    if (before !== undefined && before !== text) {
      world.recorder.violate('D2', `${key} ended as ${before} and as ${text}`);
    }
    told.set(key, text);
  }
}

/**
 * D4 what the feeder's entries say is living, lives on the feeder: an old image loses no document.
 * Entries of another home and from before the feeder was erased do not count; what only a second copy
 * ever had may go with it. Of two copies and a restored cloud, nobody knows whose word was the last.
 */
export function checkNoDocVanished({ world, household, rows }: Found): void {
  const { feeder, truth } = household;
  if (truth.clones > 0 && truth.cloudRestores > 0) return;
  const forgotten = untoldDocs({ household, rows });
  for (const [id, isLiving] of lastWords({ household, rows })) {
    if (!isLiving || forgotten.has(id)) continue;
    if (feeder.disk.doc('meal', id)?.deleted !== false) {
      world.recorder.violate('D4', `${feeder.options.name}: ${id} is gone and nobody deleted it`);
    }
  }
}

/** What the entries in the cloud last say of each document: whether it lives. */
function lastWords({ household, rows }: Omit<Found, 'world'>): ReadonlyMap<string, boolean> {
  const { created, erasedBefore } = household.truth;
  const words = new Map<string, boolean>();
  const say = (id: string, isLiving: boolean, by: string | undefined) => {
    if (!isLiving || by === household.feeder.options.name) words.set(id, isLiving);
  };
  const inOrder = [...rows.events.values()].sort((a, b) => a.epoch - b.epoch || a.seq - b.seq);
  for (const { kind, body, quarantined, epoch, eid } of inOrder) {
    const isOwn = rows.epochs.get(epoch)?.homeId === rows.device.homeId;
    const made = created.get(eid);
    if (!isOwn || quarantined || (made?.n ?? 0) < erasedBefore) continue;
    const name = eventName(kind);
    const parsed = JSON.parse(body) as { id?: string; deleted?: boolean; doc?: SyncDoc | null };
    if (name === 'doc.changed' && parsed.id !== undefined) {
      say(parsed.id, parsed.deleted !== true, made?.by);
    } else if (parsed.doc !== undefined && parsed.doc !== null) {
      say(parsed.doc.id, !parsed.doc.deleted, made?.by);
    } else if (name === 'mutation.closed' && parsed.doc === null) {
      const { target } = parsed as EventBody<'mutation.closed'>;
      if (target !== null) say(target[1], false, made?.by);
    }
  }
  return words;
}

/** Documents about which the feeder let an entry go that the cloud no longer has: it was restored. */
function untoldDocs({ household, rows }: Omit<Found, 'world'>): ReadonlySet<string> {
  const held = new Set([...rows.events.values()].map(({ eid }) => eid));
  const untold = [...household.truth.letGo.values()].filter(({ eid }) => !held.has(eid));
  return new Set(untold.map((event) => docOf(event)?.split('/')[1] ?? ''));
}
