import { environment } from '../platform/environment.ts';
import { nodeIo } from './node-io.ts';
import { runCli } from './run-cli.ts';

/** Runs one command of the command line in the real world; resolves with the exit code. */
export function runCliProgram(argv: readonly string[]): Promise<number> {
  return runCli(argv, nodeIo(environment()));
}
