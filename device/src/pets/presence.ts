import type { Milliseconds } from '@cat-feeder/shared';

/*
 * Is this tag at the bowl? One machine for each tag:
 *
 *   absent --frame--> glimpsed --frame within 1 s--> present --no frame for 4 s--> absent (left)
 *     ^                |    ^ \-- frame after 1 s: counts anew
 *     |--- 1 s is over-|                              present --reader lost------> absent (out of sight)
 *     |--- reader lost-|
 *
 * I1 `arrived` needs two valid frames of the same tag within 1 s.
 * I2 For each tag, `arrived` and its end (`left` or `out-of-sight`) alternate, arrival first.
 * I3 `left` never comes within 4 s of a frame of that tag.
 * I4 Two tags whose frames alternate are both present: no frame of one tag ends another's stay.
 * I5 After the reader is lost no tag is present.
 * I6 At most `TAGS_MAX` tags are followed; a stray one is forgotten before one that is present.
 */

/** The second frame must come within this time of the first. */
export const ARRIVAL_WINDOW_MS: Milliseconds = 1000;
/** No frame for so long: the pet has left. */
export const LEFT_AFTER_MS: Milliseconds = 4000;
/** Tags that are followed at the same time. */
export const TAGS_MAX = 16;

export type TagState = 'absent' | 'glimpsed' | 'present';

/** One tag; `sinceMs` is when it was first seen, or when it arrived. */
export interface TagPresence {
  readonly state: Exclude<TagState, 'absent'>;
  readonly sinceMs: Milliseconds;
  readonly lastMs: Milliseconds;
}

/** Tags near the reader by id; those that are absent are not listed. */
export type Presence = ReadonlyMap<string, TagPresence>;

export type PresenceEvent =
  | { readonly kind: 'frame'; readonly id: string; readonly atMs: Milliseconds }
  | { readonly kind: 'time'; readonly atMs: Milliseconds }
  | { readonly kind: 'reader-lost'; readonly atMs: Milliseconds };

/** `out-of-sight`: it was there when the reader went away; where it is now nobody knows. */
export interface PresenceChange {
  readonly kind: 'arrived' | 'left' | 'out-of-sight';
  readonly id: string;
  readonly atMs: Milliseconds;
}

export interface PresenceStep {
  readonly presence: Presence;
  readonly changes: readonly PresenceChange[];
}

/** Nobody is there. */
export const nobody: Presence = new Map();

/** What follows from an event. Events come in order of time. */
export function nextPresence(presence: Presence, event: PresenceEvent): PresenceStep {
  if (event.kind === 'reader-lost') {
    const { presence: before, changes } = afterTime(presence, event.atMs);
    const lost = presentIds(before).map((id) => change('out-of-sight', id, event.atMs));
    return { presence: nobody, changes: [...changes, ...lost] };
  }
  const passed = afterTime(presence, event.atMs);
  if (event.kind === 'time') return passed;
  const { id, atMs } = event;
  const tags = new Map(passed.presence);
  const tag = tags.get(id);
  if (tag === undefined) {
    makeRoom(tags);
    if (tags.size < TAGS_MAX) tags.set(id, { state: 'glimpsed', sinceMs: atMs, lastMs: atMs });
    return { presence: tags, changes: passed.changes };
  }
  const sinceMs = tag.state === 'glimpsed' ? atMs : tag.sinceMs;
  tags.set(id, { state: 'present', sinceMs, lastMs: atMs });
  const arrived = tag.state === 'glimpsed' ? [change('arrived', id, atMs)] : [];
  return { presence: tags, changes: [...passed.changes, ...arrived] };
}

/** The tags that are at the bowl, in the order in which they arrived. */
export function presentIds(presence: Presence): string[] {
  return [...presence]
    .filter(([, tag]) => tag.state === 'present')
    .sort(([, a], [, b]) => a.sinceMs - b.sinceMs)
    .map(([id]) => id);
}

/** When time alone will change something next, or null when nothing is near the reader. */
export function nextTimeMs(presence: Presence): Milliseconds | null {
  let nextMs: Milliseconds | null = null;
  for (const tag of presence.values()) nextMs = Math.min(nextMs ?? endMs(tag), endMs(tag));
  return nextMs;
}

/** The last instant at which a frame would still belong to this stay, or this glimpse. */
function endMs(tag: TagPresence): Milliseconds {
  return tag.lastMs + (tag.state === 'present' ? LEFT_AFTER_MS : ARRIVAL_WINDOW_MS);
}

function afterTime(presence: Presence, atMs: Milliseconds): PresenceStep {
  const tags = new Map<string, TagPresence>();
  const changes: PresenceChange[] = [];
  for (const [id, tag] of presence) {
    if (atMs <= endMs(tag)) tags.set(id, tag);
    else if (tag.state === 'present') changes.push(change('left', id, atMs));
  }
  return { presence: tags, changes };
}

/** Forgets the oldest glimpse when the list is full. */
function makeRoom(tags: Map<string, TagPresence>): void {
  if (tags.size < TAGS_MAX) return;
  const oldest = [...tags]
    .filter(([, tag]) => tag.state === 'glimpsed')
    .sort(([, a], [, b]) => a.sinceMs - b.sinceMs)[0];
  if (oldest !== undefined) tags.delete(oldest[0]);
}

function change(kind: PresenceChange['kind'], id: string, atMs: Milliseconds): PresenceChange {
  return { kind, id, atMs };
}
