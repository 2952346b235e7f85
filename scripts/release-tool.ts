import { readFileSync } from 'node:fs';
import { Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { API_PREFIX, FeederError, type Status, type SystemView } from '@cat-feeder/shared';
import Database from 'better-sqlite3';
import { familyOf } from '../device/src/config/boot-config.ts';
import {
  bootNeedsOf,
  bootPlanOf,
  type Switchable,
  switchable,
} from '../device/src/config/boot-lines.ts';
import { readHardware } from '../device/src/config/read-hardware.ts';
import { verifyFile } from '../device/src/storage/verify-file.ts';
import { judgeOffer } from './release-manifest.ts';

/**
 * The part of installing, updating and backing up that a shell cannot do well. Shipped with every
 * release and run by its own Node.js; the shell scripts decide, this answers.
 */
const USAGE = `Usage: release-tool COMMAND
  judge --manifest FILE --signature FILE --key FILE --installed VERSION [--refused FILE]
      prints "VERSION FILE BYTES SHA256"; exit 3: nothing newer, 65: refused, with the reason
  fetch --url URL --bytes-max N   to the standard output
  wait-ready --url URL --version VERSION --within SECONDS --steady SECONDS
  wait-gap --url URL --within SECONDS --ahead SECONDS
      waits until nothing is fed and nothing is due so soon; exit 4: there was no such time
  schema --db FILE          prints the number of the database's schema
  backup --db FILE --to FILE  a consistent copy, also while the daemon writes
  verify-db --db FILE       checks every row and the ledger's chain
  boot-lines [--hardware FILE] [--parts LIST] [--config FILE] [--model NAME]
      what a wiring needs of the board and its config.txt has not: "config LINE", "module NAME" and
      "free-console", one on a line; exit 65: the config.txt stands against it, with the reason
`;

const exit = { nothingNew: 3, noGap: 4, usage: 64, refused: 65, failed: 74 } as const;
const FETCH_TIMEOUT_MS = 10 * 60_000;
const POLL_MS = 500;
const ANSWER_TIMEOUT_MS = 2_000;

type Options = Readonly<Record<string, string | undefined>>;

const commands: Readonly<Record<string, (options: Options) => Promise<number> | number>> = {
  judge,
  fetch: fetchFile,
  'wait-ready': waitReady,
  'wait-gap': waitGap,
  schema: ({ db }) => {
    console.log(schemaOf(needed(db, 'db')));
    return 0;
  },
  backup,
  'boot-lines': bootLines,
  'verify-db': ({ db }) => {
    const report = verifyFile(needed(db, 'db'));
    for (const problem of report.problems) console.error(problem);
    return report.ok ? 0 : exit.refused;
  },
};

function judge(options: Options): number {
  const refusedFile = options['refused'];
  const offer = judgeOffer({
    manifest: readFileSync(needed(options['manifest'], 'manifest')),
    signature: readFileSync(needed(options['signature'], 'signature'), 'utf8').slice(0, 1024),
    publicKeyPem: readFileSync(needed(options['key'], 'key'), 'utf8'),
    installed: needed(options['installed'], 'installed'),
    arch: process.arch,
    refused: refusedFile === undefined ? [] : readFileSync(refusedFile, 'utf8').split('\n'),
  });
  switch (offer.kind) {
    case 'newer': {
      const { file, bytes, sha256 } = offer.tarball;
      console.log([offer.manifest.version, file, bytes, sha256].join(' '));
      return 0;
    }
    case 'nothing-new':
      return exit.nothingNew;
    case 'refused':
      console.error(offer.why);
      return exit.refused;
  }
}

/** Answers the installer; what a wiring needs stands in one place with the check of the wiring. */
function bootLines({ hardware, parts = '', config, model = '' }: Options): number {
  const profile = hardware === undefined ? null : readHardware(hardware, readText);
  const family = familyOf(model);
  const needs = bootNeedsOf({
    parts: profile?.kind === 'board' ? profile.parts : [],
    switchedOn: parts.split(',').filter((name): name is Switchable => isSwitchable(name)),
    family,
  });
  const text = config === undefined ? '' : readText(config);
  const plan = bootPlanOf(needs.lines, { text, family });
  if (plan.kind === 'conflict') {
    console.error(plan.why);
    return exit.refused;
  }
  for (const line of plan.lines) console.log(`config ${line}`);
  for (const name of needs.modules) console.log(`module ${name}`);
  if (needs.isConsoleInTheWay) console.log('free-console');
  return 0;
}

const readText = (path: string) => readFileSync(path, 'utf8');
const isSwitchable = (name: string) => switchable.some((known) => known === name);

/** Downloads to the standard output. Over the limit, slow or broken: exit 74, and no more bytes. */
async function fetchFile(options: Options): Promise<number> {
  const url = new URL(needed(options['url'], 'url'));
  const isLocal = ['localhost', '127.0.0.1', '[::1]'].includes(url.hostname);
  if (url.protocol !== 'https:' && !(url.protocol === 'http:' && isLocal)) {
    console.error(`${url.protocol}//${url.host} is not fetched: only https is.`);
    return exit.refused;
  }
  const bytesMax = Number(needed(options['bytes-max'], 'bytes-max'));
  try {
    const answer = await fetch(url, { signal: AbortSignal.timeout(FETCH_TIMEOUT_MS) });
    if (!answer.ok || answer.body === null) throw new Error(`the server answered ${answer.status}`);
    await pipeline(Readable.fromWeb(answer.body), atMost(bytesMax), process.stdout);
    return 0;
  } catch (error) {
    console.error(`${url.href} could not be fetched: ${reasonOf(error)}.`);
    return exit.failed;
  }
}

function atMost(bytesMax: number): Transform {
  let bytes = 0;
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      bytes += chunk.length;
      if (bytes > bytesMax) done(new Error(`it is longer than ${bytesMax} bytes`));
      else done(null, chunk);
    },
  });
}

/** 0 when the daemon of that version became ready in time and then stayed so; 1 otherwise. */
async function waitReady(options: Options): Promise<number> {
  const url = needed(options['url'], 'url');
  const version = needed(options['version'], 'version');
  const within = secondsOf(options, 'within');
  const steady = secondsOf(options, 'steady');
  const startedAt = performance.now();
  while (!(await isReady(url, version))) {
    if (performance.now() - startedAt > within) return 1;
    await sleep(POLL_MS);
  }
  const readyAt = performance.now();
  while (performance.now() - readyAt < steady) {
    await sleep(POLL_MS);
    if (!(await isReady(url, version))) return 1;
  }
  return 0;
}

async function isReady(url: string, version: string): Promise<boolean> {
  if ((await ask(url, 'health/ready')) === null) return false;
  const system = (await ask(url, 'system')) as Pick<SystemView, 'version'> | null;
  return system?.version === version;
}

/** FMEA-11: 0 when nothing is fed and nothing due so soon, or nobody answers; else `noGap`. */
async function waitGap(options: Options): Promise<number> {
  const url = needed(options['url'], 'url');
  const within = secondsOf(options, 'within');
  const ahead = secondsOf(options, 'ahead');
  const startedAt = performance.now();
  while (true) {
    const status = (await ask(url, 'status')) as GapFacts | null;
    const why = status === null ? null : whyNoGap(status, ahead);
    if (why === null) return 0;
    if (performance.now() - startedAt >= within) {
      console.error(`${why} The feeder is not restarted now.`);
      return exit.noGap;
    }
    await sleep(POLL_MS);
  }
}

type GapFacts = Pick<Status, 'running' | 'next' | 'nowMs'>;

function whyNoGap({ running, next, nowMs }: GapFacts, aheadMs: number): string | null {
  if (running) return 'A feeding is running.';
  if (!next || next.dueAtMs - nowMs > aheadMs) return null;
  const seconds = Math.max(0, Math.round((next.dueAtMs - nowMs) / 1000));
  return `A feeding is due in ${seconds} s.`;
}

/** The data of an answer of the local API; null when nobody answers, or not with 200. */
async function ask(url: string, path: string): Promise<unknown> {
  try {
    const answer = await fetch(new URL(`${API_PREFIX}/${path}`, url), {
      signal: AbortSignal.timeout(ANSWER_TIMEOUT_MS),
    });
    const body = (await answer.json()) as { readonly data?: unknown };
    return answer.status === 200 ? (body.data ?? null) : null;
  } catch {
    return null; // Not listening yet, or not any more: the caller asks again until its time is up.
  }
}

function schemaOf(path: string): number {
  const db = new Database(path, { fileMustExist: true, readonly: true });
  try {
    return Number(db.pragma('user_version', { simple: true }));
  } finally {
    db.close();
  }
}

async function backup(options: Options): Promise<number> {
  const db = new Database(needed(options['db'], 'db'), { fileMustExist: true, readonly: true });
  const to = needed(options['to'], 'to');
  try {
    await db.backup(to);
  } finally {
    db.close();
  }
  // One file without a log beside it, so that it can be packed and compared.
  const copy = new Database(to, { fileMustExist: true });
  copy.pragma('journal_mode = DELETE');
  copy.close();
  const report = verifyFile(to);
  for (const problem of report.problems) console.error(problem);
  return report.ok ? 0 : exit.refused;
}

class UsageError extends Error {}

function needed(value: string | undefined, name: string): string {
  if (value === undefined || value === '') throw new UsageError(`--${name} is missing.`);
  return value;
}

function secondsOf(options: Options, name: string): number {
  return Number(needed(options[name], name)) * 1000;
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error instanceof FeederError) {
    return [error.message, ...error.details.map((at) => `${at.path}: ${at.message}`)].join('\n');
  }
  return error.cause instanceof Error ? error.cause.message : error.message;
}

async function main(argv: readonly string[]): Promise<number> {
  const [name = '', ...args] = argv;
  const command = Object.hasOwn(commands, name) ? commands[name] : undefined;
  if (command === undefined) throw new UsageError(USAGE);
  const names = [
    ...['manifest', 'signature', 'key', 'installed', 'refused', 'url', 'to'],
    ...[
      'bytes-max',
      'version',
      'within',
      'steady',
      'ahead',
      'db',
      'hardware',
      'parts',
      'config',
      'model',
    ],
  ];
  const options = Object.fromEntries(names.map((option) => [option, { type: 'string' as const }]));
  return command(parseArgs({ args: [...args], options }).values as Options);
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  console.error(reasonOf(error));
  process.exitCode = error instanceof UsageError ? exit.usage : exit.failed;
}
