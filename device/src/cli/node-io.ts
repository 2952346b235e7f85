import { randomUUID } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { open, rm, writeFile } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { createInterface } from 'node:readline/promises';
import { setTimeout as wait } from 'node:timers/promises';
import { configReport } from '../config/config-report.ts';
import { maskSecrets } from '../config/describe-config.ts';
import type { LoadedConfig } from '../config/load-config.ts';
import { parseArguments } from '../config/parse-arguments.ts';
import { listenUrl, readConfig, usageProblems } from '../config/read-config.ts';
import { knownChips, lineOwner } from '../hardware/io/known-lines.ts';
import { PiBoard } from '../hardware/parts/pi-board.ts';
import { SysfsThermometer } from '../hardware/parts/sysfs-thermometer.ts';
import { SysfsTree } from '../platform/sysfs-tree.ts';
import { type CheckedConfig, type CliIo, UsageError } from './command.ts';
import type { Machine } from './doctor/machine.ts';

/** The real world, as the command line sees it. */
export function nodeIo(env: CliIo['env']): CliIo {
  return {
    out: (text) => void process.stdout.write(text),
    err: (text) => void process.stderr.write(text),
    fetch: (url, init) => fetch(url, init),
    env,
    feederUrl: () => listenUrl(env),
    sleep: (ms) => wait(ms),
    newRequestId: () => `cli-${randomUUID()}`,
    loadConfig: (args) => {
      const asked = parseArguments(['config', 'check', ...args]);
      if (asked.kind === 'check-config') return checked(readConfig(asked, env));
      if (asked.kind !== 'usage') throw new UsageError('Usage: feeder config check');
      throw new UsageError(usageProblems(asked, env).join('\n'));
    },
    ask,
    writeFile: (path, text) => writeFileSync(path, text, { mode: 0o600 }),
    saveNew,
    machine: thisMachine(),
  };
}

async function saveNew(path: string, bytes: ReadableStream<Uint8Array>): Promise<number> {
  const file = await open(path, 'wx', 0o600).catch(async (cause: NodeJS.ErrnoException) => {
    await bytes.cancel();
    throw new UsageError(`${path} cannot be written: ${cause.message}`);
  });
  let isWhole = false;
  try {
    await writeFile(file, bytes);
    await file.sync();
    isWhole = true;
    return (await file.stat()).size;
  } finally {
    await file.close();
    if (!isWhole) await rm(path, { force: true });
  }
}

async function ask(question: string): Promise<boolean> {
  if (!process.stdin.isTTY) return false;
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return /^y(es)?$/i.test((await terminal.question(`${question} [y/N] `)).trim());
  } finally {
    terminal.close();
  }
}

function thisMachine(): Machine {
  const tree = new SysfsTree();
  return {
    tree,
    user: userInfo().username,
    board: () => new PiBoard({ tree, chips: knownChips }).facts(),
    temperatures: () => new SysfsThermometer({ tree }).read(),
    lineOwner,
  };
}

function checked(loaded: LoadedConfig): CheckedConfig {
  const { config, warnings } = loaded;
  const { hardware } = config;
  return { config: maskSecrets(config), warnings, hardware, report: configReport(loaded) };
}
