import * as v from 'valibot';

/** Keywords of JSON Schema (2020-12) that say what a check wants. */
export type Keywords = Readonly<Record<string, number | boolean | string | object>>;

/**
 * A check that Valibot knows as a function only, with what the published schema says of it: rule
 * and publication stand in one place. `keywords` must say the same as `requirement`.
 */
export function publishedCheck<T>(
  keywords: Keywords,
  requirement: (value: T) => boolean,
  message: string,
): v.CheckAction<T, string> & { readonly keywords: Keywords } {
  return { ...v.check<T, string>(requirement, message), keywords };
}

/** What a part of a schema publishes by itself, or null. */
export function keywordsOf(part: object): Keywords | null {
  return 'keywords' in part ? (part.keywords as Keywords) : null;
}
