import { type ErrorDetail, FeederError } from '@cat-feeder/shared';
import * as v from 'valibot';
import { checkAnywhere } from './check-wiring.ts';
import { type Hardware, HardwareSchema } from './wiring-schema.ts';

/** Larger files are no hardware profiles. */
const PROFILE_LENGTH_MAX = 65_536;

/**
 * The hardware that a setting names: `simulated`, a profile itself, or the path of one. Throws
 * `ERR_WIRING` with every problem that can be seen without the board.
 */
export function readHardware(
  setting: unknown,
  readText: ((path: string) => string) | undefined,
): Hardware {
  if (setting === 'simulated') return { kind: 'simulated' };
  const hardware =
    typeof setting === 'string' ? parseFile(setting, readText) : parseHardware(setting, '');
  if (hardware.kind === 'board') refuse(checkAnywhere(hardware), hardware.name);
  return hardware;
}

/** Parses a profile; `ERR_WIRING` names every key that is wrong, each with its place. */
export function parseHardware(value: unknown, source: string): Hardware {
  const parsed = v.safeParse(HardwareSchema, value);
  if (parsed.success) return parsed.output;
  refuse(hardwareProblems(parsed.issues), source || 'The hardware profile');
  throw new FeederError('ERR_WIRING');
}

/** The issues of a profile as sentences with their places. */
export function hardwareProblems(issues: readonly v.BaseIssue<unknown>[]): ErrorDetail[] {
  return issues.map((issue) => ({ path: v.getDotPath(issue) ?? '', message: sentenceOf(issue) }));
}

/** Throws `ERR_WIRING` when there is anything to say. */
export function refuse(problems: readonly ErrorDetail[], name: string): void {
  if (problems.length === 0) return;
  const count = problems.length === 1 ? 'one thing' : `${problems.length} things`;
  throw new FeederError('ERR_WIRING', {
    message: `${name} cannot be used as it is wired: ${count} must be corrected.`,
    details: problems,
  });
}

function parseFile(path: string, readText: ((path: string) => string) | undefined): Hardware {
  const unusable = (message: string): FeederError =>
    new FeederError('ERR_WIRING', {
      message: 'The hardware profile cannot be used.',
      details: [{ path, message }],
    });
  if (readText === undefined) throw unusable('cannot be read here.');
  let text: string;
  try {
    text = readText(path);
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? cause.code : 'unknown';
    throw unusable(`cannot be read (${code}); write simulated, or the path of a hardware profile.`);
  }
  if (text.length > PROFILE_LENGTH_MAX) throw unusable('is too long for a hardware profile.');
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw unusable(`is not valid JSON: ${error instanceof Error ? error.message : error}`);
  }
  return parseHardware(value, path);
}

function sentenceOf(issue: v.BaseIssue<unknown>): string {
  if (issue.type !== 'strict_object') return `${issue.message}.`;
  if (issue.expected === 'never') return 'is not known here; see docs/wiring.md for the names.';
  return issue.received === 'undefined' ? 'is missing.' : 'must be an object.';
}
