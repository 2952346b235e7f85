import { FeederError } from '@cat-feeder/shared';
import { type FlagKind, readFlags } from '../config/read-flags.ts';
import { ApiClient, RefusedError, UnreachableError } from './api-client.ts';
import {
  type CliIo,
  type Command,
  type CommandInput,
  EXIT_CONFIG,
  EXIT_FAILED,
  EXIT_OK,
  EXIT_UNREACHABLE,
  EXIT_USAGE,
  UsageError,
} from './command.ts';
import { commands } from './commands/all.ts';
import { commandHelp, overview } from './help.ts';
import { printable } from './text.ts';

/** What the configuration of this machine, and never a feeder's answer, is refused with. */
const configCodes: ReadonlySet<string> = new Set(['ERR_CONFIG', 'ERR_BIND_REFUSED', 'ERR_WIRING']);

/** Runs one command against a running feeder; resolves with the exit code and never rejects. */
export async function runCli(argv: readonly string[], io: CliIo): Promise<number> {
  const wantsJson = argv.includes('--json');
  try {
    return await run(argv, io, wantsJson);
  } catch (error) {
    return report(error, { io, wantsJson });
  }
}

async function run(argv: readonly string[], io: CliIo, wantsJson: boolean): Promise<number> {
  const named = commandOf(argv);
  const wantsHelp = argv.includes('--help') || argv.includes('-h') || argv[0] === 'help';
  if (named === undefined || wantsHelp) {
    const isAsked = wantsHelp || argv.length === 0;
    if (!isAsked) throw new UsageError(unknownCommand(argv));
    io.out(named === undefined ? overview(commands) : commandHelp(named.command));
    return EXIT_OK;
  }
  const args = argv.slice(named.name.split(' ').length);
  const result = await named.command.run(inputOf(named.command, args, io));
  const text = wantsJson ? JSON.stringify(result.data) : printable(result.text);
  io.out(`${text}\n`);
  return result.exitCode ?? EXIT_OK;
}

/** Names the commands that begin with the same word, where there are such. */
function unknownCommand(argv: readonly string[]): string {
  const [first = ''] = argv;
  const near = commands.map(({ name }) => name).filter((name) => name.startsWith(`${first} `));
  if (near.length === 0) return `Unknown command '${argv.slice(0, 2).join(' ')}'`;
  return `'${first}' is followed by a second word: ${near.join(', ')}`;
}

/** The command whose name is the longest that the line begins with, and that name. */
function commandOf(argv: readonly string[]): { command: Command; name: string } | undefined {
  const words = argv[0] === 'help' ? argv.slice(1) : argv;
  return commands
    .flatMap((command) =>
      [command.name, command.alias ?? []].flat().map((name) => ({ command, name })),
    )
    .sort((a, b) => b.name.length - a.name.length)
    .find(({ name }) => name.split(' ').every((word, at) => words[at] === word));
}

function inputOf(command: Command, args: readonly string[], io: CliIo): CommandInput {
  const { values, positionals } = command.isPassedOn
    ? { values: {}, positionals: args.filter((word) => word !== '--json') }
    : parse(command, args);
  const given: Readonly<Record<string, unknown>> = values;
  const option = (name: string) => {
    const value = given[name];
    return typeof value === 'string' ? value : undefined;
  };
  const url = option('url') ?? (io.env['FEEDER_URL'] || io.feederUrl());
  if (!URL.canParse(url) || !/^https?:/.test(url)) {
    throw new UsageError(`'${url}' is no address of a feeder; it looks like http://127.0.0.1:8480`);
  }
  const api = new ApiClient(io, url);
  return { api, io, url, words: positionals, option, flag: (name) => given[name] === true };
}

/** Throws with all that is wrong, and how the command is written. */
function parse(command: Command, args: readonly string[]) {
  const kinds: Record<string, FlagKind> = { url: 'string', json: 'boolean' };
  for (const name of command.options ?? []) kinds[name] = 'string';
  for (const name of command.flags ?? []) kinds[name] = 'boolean';
  const { values, words, problems } = readFlags(args, kinds);
  const [min, max] = command.words;
  if (problems.length > 0 || words.length < min || words.length > max) {
    const usage = `Usage: feeder ${command.name} ${command.usage}`.trimEnd();
    throw new UsageError([...problems, usage].join('\n'));
  }
  return { values, positionals: words.map(({ word }) => word) };
}

function report(error: unknown, { io, wantsJson }: { io: CliIo; wantsJson: boolean }): number {
  if (error instanceof UsageError) {
    const hint = 'See feeder --help.';
    if (wantsJson) io.out(`${JSON.stringify({ error: { message: error.message, hint } })}\n`);
    else io.err(`${printable(error.message)}\n${hint}\n`);
    return EXIT_USAGE;
  }
  if (error instanceof UnreachableError) {
    const hint = 'Start the feeder, or name its address with --url or FEEDER_URL.';
    if (wantsJson) io.out(`${JSON.stringify({ error: { message: error.message, hint } })}\n`);
    else io.err(`${printable(error.message)}\n${hint}\n`);
    return EXIT_UNREACHABLE;
  }
  const told = error instanceof RefusedError ? error.error : error;
  if (told instanceof FeederError || error instanceof RefusedError) {
    const { code, message, hint, details } = told as FeederError;
    if (wantsJson) io.out(`${JSON.stringify({ error: { code, message, hint, details } })}\n`);
    else {
      const lines = details.map((detail) => `  ${detail.path}: ${detail.message}`);
      io.err(`${printable([`${code}: ${message}`, ...lines, hint].join('\n'))}\n`);
    }
    return told === error && configCodes.has(code) ? EXIT_CONFIG : EXIT_FAILED;
  }
  io.err(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  return EXIT_FAILED;
}
