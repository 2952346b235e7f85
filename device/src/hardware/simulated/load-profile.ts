import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { type ErrorDetail, FeederError } from '@cat-feeder/shared';
import * as v from 'valibot';
import { type Profile, ProfileSchema } from './profile.ts';

/** Larger files are no profiles. */
const PROFILE_BYTES_MAX = 262_144;

/** Fills in the defaults; `ERR_PROFILE` names every key that is unknown, of a wrong type or out of range. */
export function parseProfile(value: unknown, source = 'The profile'): Profile {
  const result = v.safeParse(ProfileSchema, value);
  const details: ErrorDetail[] = listsIn(value);
  if (result.success && details.length === 0) return result.output;
  for (const issue of result.issues ?? []) {
    details.push({ path: v.getDotPath(issue) ?? '', message: sentenceOf(issue) });
  }
  const list = details.map(({ path, message }) => `${path || 'the value'} ${message}`).join('; ');
  throw new FeederError('ERR_PROFILE', {
    message: `${source} is not usable: ${list}.`,
    details,
  });
}

/** The feeder that runs where no profile is named: all parts that the page can show are fitted. */
export function unnamedProfile(): Profile {
  return parseProfile({ hopper: { hasCell: true } });
}

/** Reads a profile file; `ERR_PROFILE` also when it cannot be read or is not JSON. */
export function loadProfile(path: string): Profile {
  const profile = parseProfile(readJson(path), path);
  return { ...profile, name: profile.name ?? basename(path, '.json') };
}

function readJson(path: string): unknown {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (cause) {
    throw unusable(`${path} cannot be read.`, cause);
  }
  if (text.length > PROFILE_BYTES_MAX) throw unusable(`${path} is too long for a profile.`);
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw unusable(`${path} is not JSON.`, cause);
  }
}

function unusable(sentence: string, cause?: unknown): FeederError {
  return new FeederError('ERR_PROFILE', {
    message: `The profile ${sentence}`,
    details: [{ path: '', message: sentence }],
    ...(cause === undefined ? {} : { cause }),
  });
}

/** Valibot takes a list for an object without keys; a profile has no lists. */
function listsIn(value: unknown): ErrorDetail[] {
  const message = 'must be an object';
  if (Array.isArray(value)) return [{ path: '', message }];
  return Object.entries(value ?? {})
    .filter(([, section]) => Array.isArray(section))
    .map(([path]) => ({ path, message }));
}

function sentenceOf(issue: v.BaseIssue<unknown>): string {
  if (issue.type !== 'strict_object') return issue.message;
  return issue.expected === 'never' ? 'is not a key of profiles' : 'must be an object';
}
