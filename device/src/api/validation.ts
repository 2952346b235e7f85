import { type ErrorDetail, FeederError } from '@cat-feeder/shared';
import * as v from 'valibot';

/** More than this helps nobody, and an answer must stay small. */
const DETAILS_MAX = 20;
const SENTENCE_LENGTH_MAX = 200;

/** The value as its schema has it; `ERR_VALIDATION` with every path that does not fit. */
export function validate<S extends v.GenericSchema>(schema: S, value: unknown): v.InferOutput<S> {
  const parsed = v.safeParse(schema, value);
  if (parsed.success) return parsed.output;
  throw new FeederError('ERR_VALIDATION', {
    details: parsed.issues.flatMap(innermost).slice(0, DETAILS_MAX).map(detailOf),
  });
}

/**
 * Of a value that may have several forms: what is wrong inside the form that it seems to have, which
 * an object tells by its fields. Else the form itself is wrong.
 */
function innermost(issue: v.BaseIssue<unknown>): v.BaseIssue<unknown>[] {
  if (issue.type !== 'union' || Array.isArray(issue.input)) return [issue];
  const inside = (issue.issues ?? []).filter(({ path }) => path !== undefined);
  if (inside.length === 0) return [issue];
  return inside.map((inner) => {
    const path = [...(issue.path ?? []), ...(inner.path ?? [])];
    return { ...inner, path: path as [v.IssuePathItem, ...v.IssuePathItem[]] };
  });
}

function detailOf(issue: v.BaseIssue<unknown>): ErrorDetail {
  return { path: pathOf(issue), message: sentenceOf(issue).slice(0, SENTENCE_LENGTH_MAX) };
}

/** `portionGrams`, `location.latitude`, `weekdays[2]`; empty for the value as a whole. */
function pathOf(issue: v.BaseIssue<unknown>): string {
  let path = '';
  for (const { key } of issue.path ?? []) {
    if (typeof key === 'number') path += `[${key}]`;
    else path += path === '' ? String(key) : `.${String(key)}`;
  }
  return path.slice(0, SENTENCE_LENGTH_MAX);
}

/** What would be right. The library's own sentences repeat the input, which may be 10 kB long. */
function sentenceOf(issue: v.BaseIssue<unknown>): string {
  if (!issue.message.startsWith('Invalid ')) return issue.message;
  if (issue.expected === 'never') return 'is not a field of this request';
  if (issue.input === undefined) return 'is required';
  return `must be ${issue.expected ?? 'another value'}`;
}
