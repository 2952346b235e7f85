import { parseArgs } from 'node:util';
import { FeederError } from '@cat-feeder/shared';

/** How a program of the workshop ends when its command line cannot be used. */
export const USAGE_EXIT = 2;

type Flag =
  | { readonly type: 'boolean' }
  | { readonly type: 'string'; readonly default?: string }
  /** A whole number from `min` (1 unless given) to `max`. */
  | {
      readonly type: 'number';
      readonly default?: number;
      readonly min?: number;
      readonly max?: number;
    };
type Flags = Readonly<Record<string, Flag>>;

type ValueOf<Given extends Flag> = Given extends { type: 'boolean' }
  ? boolean
  :
      | (Given extends { type: 'number' } ? number : string)
      | (Given extends { default: unknown } ? never : undefined);
type ValuesOf<Given extends Flags> = { readonly [Name in keyof Given]: ValueOf<Given[Name]> };

/**
 * Reads the flags of a development program. Throws `ERR_CONFIG` with one sentence. What stands
 * behind a lone `--` is for others and not looked at.
 */
export function parseFlags<const Given extends Flags>(
  args: readonly string[],
  flags: Given,
): ValuesOf<Given> {
  const end = args.indexOf('--');
  const { tokens } = parseArgs({
    args: end < 0 ? [...args] : args.slice(0, end),
    options: Object.fromEntries(
      Object.entries(flags).map(([name, { type }]) => [
        name,
        { type: type === 'boolean' ? ('boolean' as const) : ('string' as const) },
      ]),
    ),
    strict: false,
    tokens: true,
  });
  const values: Record<string, string | number | boolean | undefined> = {};
  for (const [name, flag] of Object.entries(flags)) {
    values[name] = flag.type === 'boolean' ? false : flag.default;
  }
  for (const token of tokens) {
    if (token.kind === 'positional') throw wrong(`Nothing is known of '${token.value}'.`);
    if (token.kind === 'option') values[token.name] = readValue(flags, token);
  }
  return values as ValuesOf<Given>;
}

function readValue(
  flags: Flags,
  { name, rawName, value }: { name: string; rawName: string; value?: string | undefined },
): string | number | boolean {
  const flag = Object.hasOwn(flags, name) ? flags[name] : undefined;
  if (flag === undefined || !rawName.startsWith('--')) {
    const known = Object.keys(flags).map((one) => `--${one}`);
    throw wrong(`There is no flag ${rawName}; there are ${known.join(', ')}.`);
  }
  if (flag.type === 'boolean') {
    if (value === undefined) return true;
    throw wrong(`--${name} takes no value, not '${value}' either.`);
  }
  if (value === undefined) throw wrong(`--${name} needs a value.`);
  return flag.type === 'number' ? wholeNumber(name, value, flag) : value;
}

function wholeNumber(
  name: string,
  text: string,
  { min = 1, max = Number.MAX_SAFE_INTEGER }: { readonly min?: number; readonly max?: number },
): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && value >= min && value <= max) return value;
  throw wrong(`--${name} takes a whole number from ${min} to ${max}, not '${text}'.`);
}

function wrong(message: string): FeederError {
  return new FeederError('ERR_CONFIG', { message });
}

/** The flags of this program; what cannot be used ends it with one sentence and exit code 2. */
export function programFlags<const Given extends Flags>(flags: Given): ValuesOf<Given> {
  try {
    return parseFlags(process.argv.slice(2), flags);
  } catch (error) {
    return endMisused(error);
  }
}

/** Says what is wrong with the command line, and ends the program; other errors are thrown on. */
export function endMisused(error: unknown): never {
  if (!(error instanceof FeederError)) throw error;
  console.error(error.message);
  process.exit(USAGE_EXIT);
}
