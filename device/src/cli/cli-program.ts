import { environment } from '../platform/environment.ts';
import { commands } from './commands/all.ts';
import { overview } from './help.ts';
import { nodeIo } from './node-io.ts';
import { runCli } from './run-cli.ts';

/** Runs one command of the command line in the real world; resolves with the exit code. */
export function runCliProgram(argv: readonly string[]): Promise<number> {
  return runCli(argv, nodeIo(environment()));
}

/** All commands, one line each. */
export function cliOverview(): string {
  return overview(commands);
}
