import { describeConfig } from './describe-config.ts';
import { type FlagKind, readFlags } from './read-flags.ts';

/** What the command line asks for. `usage`: it cannot be understood; the sentences say why. */
export type Invocation =
  | {
      readonly kind: 'run' | 'check-config';
      readonly configFile: string | null;
      readonly flags: Readonly<Record<string, string>>;
      /** The arguments without the command. */
      readonly rest: readonly string[];
    }
  | { readonly kind: 'help' | 'version' }
  | {
      readonly kind: 'usage';
      /** One sentence each. */
      readonly problems: readonly string[];
      /** What could be understood, so that its problems can be told along. */
      readonly configFile: string | null;
      readonly flags: Readonly<Record<string, string>>;
    };

/** Reads the arguments after the program's name, `run --port 8080`. Without a command: `run`. */
export function parseArguments(argv: readonly string[]): Invocation {
  const settings = describeConfig();
  const kinds: Record<string, FlagKind> = { config: 'string', help: 'boolean', version: 'boolean' };
  for (const { flag, kind } of settings) {
    kinds[flag.slice(2)] = kind === 'boolean' ? 'boolean' : 'string';
  }
  const { values, words, problems, hasUnknown } = readFlags(argv, kinds);
  const given = settings.flatMap((setting) => {
    const value = values[setting.flag.slice(2)];
    return value === undefined ? [] : [[setting.name, String(value)] as const];
  });
  const asked = {
    configFile: typeof values['config'] === 'string' ? values['config'] : null,
    flags: Object.fromEntries(given),
  };
  const command = words.map(({ word }) => word).join(' ') || 'run';
  const isKnown = ['run', 'config check', 'help', 'version'].includes(command);
  // The word may be the value of a flag that nobody knows.
  const unknown = isKnown || hasUnknown ? [] : [`Unknown command '${command}'`];
  if (problems.length > 0) return { kind: 'usage', problems: [...problems, ...unknown], ...asked };
  if (values['help'] === true) return { kind: 'help' };
  if (values['version'] === true) return { kind: 'version' };
  if (command === 'help' || command === 'version') return { kind: command };
  if (unknown.length > 0) return { kind: 'usage', problems: unknown, ...asked };
  const places = new Set(words.map(({ at }) => at));
  return {
    kind: command === 'run' ? 'run' : 'check-config',
    ...asked,
    rest: argv.filter((_, at) => !places.has(at)),
  };
}

/** What `--help` prints: the commands, then every flag with its bounds and default. */
export function helpText(): string {
  const rows = describeConfig().map((setting) => {
    const range = [setting.bounds, setting.unit].filter(Boolean).join(' ');
    const fallback = setting.default === null ? '' : `default ${setting.default}`;
    const aside = [range, fallback].filter(Boolean).join('; ');
    return `  ${setting.flag.padEnd(20)} ${setting.help}${aside === '' ? '' : ` (${aside})`}`;
  });
  return [
    'Usage: feeder [run] [--config FILE] [settings]',
    '       feeder config check [--config FILE] [settings]',
    '       feeder --help | --version',
    '',
    'Settings, each also as FEEDER_... in the environment and in the file:',
    ...rows,
    '',
  ].join('\n');
}
