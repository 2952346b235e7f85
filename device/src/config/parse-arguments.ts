import { parseArgs } from 'node:util';
import { describeConfig } from './describe-config.ts';

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
  | { readonly kind: 'usage'; readonly problem: string };

/** Reads the arguments after the program's name, `run --port 8080`. Without a command: `run`. */
export function parseArguments(argv: readonly string[]): Invocation {
  const settings = describeConfig();
  const options: Record<string, { type: 'string' | 'boolean' }> = {
    config: { type: 'string' },
    help: { type: 'boolean' },
    version: { type: 'boolean' },
  };
  for (const setting of settings) {
    options[setting.flag.slice(2)] = { type: setting.kind === 'boolean' ? 'boolean' : 'string' };
  }
  let parsed: ReturnType<typeof parseArgs>;
  try {
    parsed = parseArgs({
      args: [...argv],
      options,
      allowPositionals: true,
      allowNegative: true,
      tokens: true,
    });
  } catch (error) {
    return { kind: 'usage', problem: error instanceof Error ? error.message : String(error) };
  }
  const { values, positionals, tokens = [] } = parsed;
  const words = new Set(
    tokens.filter(({ kind }) => kind === 'positional').map(({ index }) => index),
  );
  if (values['help'] === true) return { kind: 'help' };
  if (values['version'] === true) return { kind: 'version' };
  const command = positionals.join(' ') || 'run';
  if (command === 'help' || command === 'version') return { kind: command };
  if (command !== 'run' && command !== 'config check') {
    return { kind: 'usage', problem: `Unknown command '${command}'` };
  }
  const given = settings.flatMap((setting) => {
    const value = values[setting.flag.slice(2)];
    return value === undefined ? [] : [[setting.name, String(value)] as const];
  });
  return {
    kind: command === 'run' ? 'run' : 'check-config',
    configFile: typeof values['config'] === 'string' ? values['config'] : null,
    flags: Object.fromEntries(given),
    rest: argv.filter((_, at) => !words.has(at)),
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
