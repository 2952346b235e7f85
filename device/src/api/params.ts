import { EntityIdSchema, FeederError, PAGE_LIMIT_MAX } from '@cat-feeder/shared';
import * as v from 'valibot';

/** `/things/:id`. */
export const IdParamsSchema = v.strictObject({ id: EntityIdSchema });

/** The page size: well-formed numbers past the bound are refused by rule. */
export function pageLimit(wanted: number | undefined, fallback: number): number {
  if (wanted === undefined) return fallback;
  if (wanted <= PAGE_LIMIT_MAX) return wanted;
  throw new FeederError('ERR_BUSINESS_RULE', {
    details: [{ path: 'limit', message: `must be at most ${PAGE_LIMIT_MAX}` }],
  });
}

/** The entity, or `ERR_NOT_FOUND`. */
export function found<T>(entity: T | undefined): T {
  if (entity === undefined) throw new FeederError('ERR_NOT_FOUND');
  return entity;
}

type Defined<T> = { [Key in keyof T]?: Exclude<T[Key], undefined> };

/** Takes a change apart: the fields to set, and the revision that it was made on. */
export function changeOf<T extends { expectedRev?: number | undefined }>(
  body: T,
): { patch: Defined<Omit<T, 'expectedRev'>>; expectedRev: number | undefined } {
  const { expectedRev, ...fields } = body;
  const given = Object.entries(fields).filter(([, value]) => value !== undefined);
  if (given.length === 0) {
    throw new FeederError('ERR_VALIDATION', {
      details: [{ path: '', message: 'must change at least one field' }],
    });
  }
  return { patch: Object.fromEntries(given) as Defined<Omit<T, 'expectedRev'>>, expectedRev };
}

/** A rule broken by one field. */
export function ruleBroken(path: string, message: string): FeederError {
  return new FeederError('ERR_BUSINESS_RULE', { details: [{ path, message }] });
}
