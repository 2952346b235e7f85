import type { Conflict, EventBody, GroupOutcome } from '@cat-feeder/shared';

/** What a conflict is before anybody knows what has become of it since. */
export type FoundConflict = Pick<
  Conflict,
  'id' | 'atMs' | 'kind' | 'docId' | 'groups' | 'reason'
> & {
  /** The document was a tombstone, or none, afterwards. */
  readonly isGone: boolean;
};

/** An outcome that is told once more after a restore of the cloud is no new one. */
const REPEATED = 'repeated';

/**
 * What of a wish of the cloud somebody may want to look at; null when all of it came to be and
 * replaced nothing that was edited here.
 */
export function conflictOf(
  { mid, target, outcomes, reason, superseded, doc }: EventBody<'mutation.closed'>,
  atMs: number,
): FoundConflict | null {
  if (target === null || reason === REPEATED) return null;
  const [kind, docId] = target;
  const present = doc === undefined || doc === null || doc.deleted ? null : doc;
  const names = new Set([...Object.keys(outcomes), ...Object.keys(superseded)]);
  const groups = [...names]
    .map((group) => {
      const outcome: GroupOutcome = outcomes[group] ?? outcomes['*'] ?? 'applied';
      const lost = superseded[group] ?? null;
      return { group, outcome, kept: present?.groups[group] ?? null, lost };
    })
    .filter(({ outcome, lost }) => outcome !== 'applied' || lost !== null);
  if (groups.length === 0) return null;
  return { id: mid, atMs, kind, docId, groups, reason, isGone: present === null };
}

/** The fields of all groups that were lost. */
export function lostFields({ groups }: Pick<Conflict, 'groups'>): Record<string, unknown> {
  return Object.assign({}, ...groups.map(({ lost }) => lost ?? {}));
}
