import type { Hardware } from '../config/wiring-schema.ts';
import type { ApiClient } from './api-client.ts';
import type { Machine } from './doctor/machine.ts';

/** How a command ends. */
export const EXIT_OK = 0;
/** The feeder refused it, or what was asked for did not work out. */
export const EXIT_FAILED = 1;
/** The command line cannot be understood. */
export const EXIT_USAGE = 2;
/** No feeder answers. */
export const EXIT_UNREACHABLE = 3;

/** The daemon would not start with this configuration; it ends with the same code. */
export const EXIT_CONFIG = 78;

/** A configuration that was read and checked. */
export interface CheckedConfig {
  /** Without its secrets. */
  readonly config: object;
  readonly warnings: readonly string[];
  /** What the feeder is made of; missing: simulated. */
  readonly hardware?: Hardware;
  /** All of it for people, each value with where it comes from. */
  readonly report: string;
}

/** The outside world of the command line. */
export interface CliIo {
  /** Writes to the standard output as it is. */
  out(text: string): void;
  err(text: string): void;
  readonly fetch: (url: string, init: RequestInit) => Promise<Response>;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Where a daemon with the settings of this machine listens. */
  feederUrl(): string;
  sleep(ms: number): Promise<void>;
  /** A requestId that nobody has used. */
  newRequestId(): string;
  /**
   * Reads and checks the configuration that a daemon with these arguments would have. Throws
   * `ERR_CONFIG` with every problem, or a `UsageError`.
   */
  loadConfig(args: readonly string[]): CheckedConfig;
  /** Asks the person at the terminal; false also when there is none. */
  ask(question: string): Promise<boolean>;
  /** Writes a file that only its owner can read. */
  writeFile(path: string, text: string): void;
  /**
   * Writes a stream into a file that does not exist yet, and resolves with its length; a file that
   * could not be written whole is removed again. Throws a `UsageError` for a file that exists.
   */
  saveNew(path: string, bytes: ReadableStream<Uint8Array>): Promise<number>;
  readonly machine: Machine;
}

/** What the words after the command say. */
export interface CommandInput {
  readonly api: ApiClient;
  readonly io: CliIo;
  readonly url: string;
  readonly words: readonly string[];
  option(name: string): string | undefined;
  flag(name: string): boolean;
}

/** What a command found out: for programs (`data`, with --json) and for people. */
export interface CommandResult {
  readonly data: unknown;
  readonly text: string;
  readonly exitCode?: number;
}

/** One command as plain data. */
export interface Command {
  /** One or two words, `plan add`. */
  readonly name: string;
  /** Another name for the same. */
  readonly alias?: string;
  /** What follows the name. */
  readonly usage: string;
  readonly summary: string;
  /** Options that take a value, and flags that take none. */
  readonly options?: readonly string[];
  readonly flags?: readonly string[];
  /** The words after the name belong to the daemon and are passed on unread. */
  readonly isPassedOn?: boolean;
  /** How many words may follow. */
  readonly words: readonly [min: number, max: number];
  run(input: CommandInput): Promise<CommandResult>;
}

/** The command line is wrong; the sentence says how. */
export class UsageError extends Error {
  constructor(sentence: string) {
    super(sentence);
    this.name = 'UsageError';
  }
}

/** A number of a given unit, as the person wrote it. The feeder itself checks its range. */
export function numberOf(text: string, what: string): number {
  if (!/^-?\d+(\.\d+)?$/.test(text))
    throw new UsageError(`${what} must be a number, not '${text}'`);
  return Number(text);
}

/** An option that must be given. */
export function required(input: CommandInput, name: string): string {
  const value = input.option(name);
  if (value === undefined) throw new UsageError(`--${name} is missing`);
  return value;
}
