import { RefusedError, UnreachableError } from '../api-client.ts';
import type { CommandInput } from '../command.ts';
import type { Finding } from './finding.ts';

/** What the API tells that helps somebody to help; nothing else leaves the feeder. */
const pages = ['/system', '/status', '/scale', '/faults', '/feedings?limit=20'];
/** Names of pets and people, ids of chips, and whatever a later version may call a secret. */
const secretNames =
  /^(name|mealName|petName|petId|subject|chips?|chipIds?|tags?|hostname|email|ssid|.*(token|secret|password|apikey|credential|authorization).*)$/i;
/** What looks like a key, wherever it stands. */
const secretTexts = [
  /\b(Bearer|Basic)\s+[\w.~+/-]+=*/gi,
  /\beyJ[\w-]+\.[\w-]+\.[\w-]*/g,
  /\b(AKIA|ASIA)[A-Z0-9]{16}\b/g,
  /(?<=:\/\/)[^/\s:@]+:[^/\s@]+(?=@)/g,
  /(?<=\/dev\/serial\/by-id\/)[^\s"',]+/g,
  /\/home\/[^/\s"']+/g,
];
const DEPTH_MAX = 12;

/** Everything the doctor saw, as JSON without secrets: for somebody who helps from afar. */
export async function bundleOf(input: CommandInput, findings: readonly Finding[]): Promise<string> {
  const answers: Record<string, unknown> = {};
  for (const page of pages) answers[page] = await answerOf(input, page);
  const bundle = {
    findings,
    config: configOf(input),
    board: input.io.machine.board(),
    answers,
  };
  return `${JSON.stringify(redacted(bundle), null, 2)}\n`;
}

/** The value with every secret replaced by `***`. */
export function redacted(value: unknown, depth = 0): unknown {
  if (depth > DEPTH_MAX) return '***';
  if (typeof value === 'string') {
    return secretTexts.reduce((text, pattern) => text.replace(pattern, '***'), value);
  }
  if (Array.isArray(value)) return value.map((item) => redacted(item, depth + 1));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => [
      name,
      secretNames.test(name) && isTold(member) ? '***' : redacted(member, depth + 1),
    ]),
  );
}

/** An empty secret, and a list of things that have names, are no secrets. */
function isTold(member: unknown): boolean {
  return member !== null && member !== '' && !(Array.isArray(member) && member.every(isThing));
}

function isThing(member: unknown): boolean {
  return typeof member === 'object' && member !== null;
}

async function answerOf({ api }: CommandInput, page: string): Promise<unknown> {
  try {
    return await api.get<unknown>(page);
  } catch (error) {
    if (error instanceof RefusedError || error instanceof UnreachableError) {
      return { unanswered: error.message };
    }
    throw error;
  }
}

function configOf({ io }: CommandInput): unknown {
  try {
    return io.loadConfig([]).config;
  } catch (error) {
    return { unusable: error instanceof Error ? error.message : String(error) };
  }
}
