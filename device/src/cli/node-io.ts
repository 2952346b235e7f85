import { randomUUID } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import { parseArguments } from '../config/parse-arguments.ts';
import { readConfig } from '../config/read-config.ts';
import { type CliIo, UsageError } from './command.ts';

/** The real world, as the command line sees it. */
export function nodeIo(env: CliIo['env']): CliIo {
  return {
    out: (text) => void process.stdout.write(text),
    err: (text) => void process.stderr.write(text),
    fetch: (url, init) => fetch(url, init),
    env,
    sleep: (ms) => wait(ms),
    newRequestId: () => `cli-${randomUUID()}`,
    loadConfig: (args) => {
      const asked = parseArguments(['config', 'check', ...args]);
      if (asked.kind === 'check-config') return readConfig(asked, env);
      throw new UsageError(asked.kind === 'usage' ? asked.problem : 'Usage: feeder config check');
    },
  };
}
