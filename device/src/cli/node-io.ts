import { randomUUID } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import { configReport } from '../config/config-report.ts';
import { maskSecrets } from '../config/describe-config.ts';
import type { LoadedConfig } from '../config/load-config.ts';
import { parseArguments } from '../config/parse-arguments.ts';
import { readConfig } from '../config/read-config.ts';
import { type CheckedConfig, type CliIo, UsageError } from './command.ts';

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
      if (asked.kind === 'check-config') return checked(readConfig(asked, env));
      throw new UsageError(asked.kind === 'usage' ? asked.problem : 'Usage: feeder config check');
    },
  };
}

function checked(loaded: LoadedConfig): CheckedConfig {
  const { config, warnings } = loaded;
  return { config: maskSecrets(config), warnings, report: configReport(loaded) };
}
