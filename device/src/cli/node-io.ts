import { randomUUID } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import { readConfig } from '../config/read-config.ts';
import type { CliIo } from './command.ts';

/** The real world, as the command line sees it. */
export function nodeIo(env: CliIo['env']): CliIo {
  return {
    out: (text) => void process.stdout.write(text),
    err: (text) => void process.stderr.write(text),
    fetch: (url, init) => fetch(url, init),
    env,
    sleep: (ms) => wait(ms),
    newRequestId: () => `cli-${randomUUID()}`,
    loadConfig: (file) => readConfig({ kind: 'check-config', configFile: file, flags: {} }, env),
  };
}
