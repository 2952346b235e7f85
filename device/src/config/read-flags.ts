/** What a flag takes. */
export type FlagKind = 'string' | 'boolean';

/** The arguments, told apart. */
export interface ReadFlags {
  /** By name without dashes; the last one wins. */
  readonly values: Readonly<Record<string, string | boolean>>;
  /** What is no flag, with its place among the arguments. */
  readonly words: readonly { readonly word: string; readonly at: number }[];
  /** One sentence for each argument that cannot be understood. */
  readonly problems: readonly string[];
  /** A flag that nobody knows: the word after it may be its value. */
  readonly hasUnknown: boolean;
}

/**
 * Reads `--name value`, `--name=value`, `--flag` and `--no-flag`; everything after `--` is a word,
 * and so is a negative number. Every problem is named, not only the first.
 */
export function readFlags(
  argv: readonly string[],
  kinds: Readonly<Record<string, FlagKind>>,
): ReadFlags {
  const values: Record<string, string | boolean> = {};
  const words: { word: string; at: number }[] = [];
  const problems = new Set<string>();
  let hasUnknown = false;
  const wordsOnlyFrom = argv.includes('--') ? argv.indexOf('--') : argv.length;
  for (let at = 0; at < argv.length; at++) {
    const text = argv[at] ?? '';
    if (at === wordsOnlyFrom) continue;
    if (at > wordsOnlyFrom || !isFlag(text)) {
      words.push({ word: text, at });
      continue;
    }
    const flag = splitFlag(text, kinds);
    if (flag.kind === null) {
      hasUnknown = true;
      problems.add(`There is no flag '${flag.shown}'.`);
    } else if (flag.kind === 'boolean') {
      if (flag.value === null) values[flag.name] = flag.isOn;
      else problems.add(`${flag.shown} takes no value.`);
    } else {
      const next = argv[at + 1];
      const isNext = flag.value === null && next !== undefined && !isFlag(next);
      const value = isNext ? next : flag.value;
      if (isNext) at += 1;
      if (value === null) problems.add(`${flag.shown} needs a value.`);
      else values[flag.name] = value;
    }
  }
  return { values, words, problems: [...problems], hasUnknown };
}

/** `-5` is a number and `-` is a name for the standard input; both are words. */
function isFlag(text: string): boolean {
  return /^-[^\d.]/.test(text);
}

function splitFlag(text: string, kinds: Readonly<Record<string, FlagKind>>) {
  const equals = text.indexOf('=');
  const shown = equals < 0 ? text : text.slice(0, equals);
  const value = equals < 0 ? null : text.slice(equals + 1);
  const given = shown.startsWith('--') ? shown.slice(2) : '';
  const known = (name: string) => (Object.hasOwn(kinds, name) ? (kinds[name] ?? null) : null);
  const denied = given.startsWith('no-') ? given.slice(3) : '';
  const isDenied = known(given) === null && known(denied) === 'boolean';
  const name = isDenied ? denied : given;
  return { name, kind: known(name), isOn: !isDenied, value, shown };
}
