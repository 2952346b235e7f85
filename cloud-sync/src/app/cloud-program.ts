import { readFileSync, writeFileSync } from 'node:fs';
import { pino } from 'pino';
import { type CloudConfig, ConfigRefused, readCloudConfig } from '../config/cloud-config.ts';
import { AccessTokens } from '../identity/access-tokens.ts';
import { newServiceKeys, readServiceKeys } from '../identity/service-keys.ts';
import { realSystem } from '../platform/system.ts';
import { expireQueuedCommands } from '../storage/mysql/after-restore.ts';
import { Database } from '../storage/mysql/database.ts';
import { MigrationRefused, migrate } from '../storage/mysql/migrate.ts';
import { MysqlIdentityStore } from '../storage/mysql/mysql-identity-store.ts';
import { bytesToParty } from '../storage/mysql/row-values.ts';
import { startCloud } from './compose-cloud.ts';

/** Of sysexits.h: what was asked for is wrong, what is needed is not there, the settings are wrong. */
const EX_USAGE = 64;
const EX_UNAVAILABLE = 69;
const EX_CONFIG = 78;
const DAY_S = 86_400;
const TOKEN_DAYS_MAX = 366;

const usage = `cloud-sync: the optional cloud of a feeder

  run                        brings the schema up to date and serves (the default)
  migrate                    brings the schema up to date
  keys FILE                  writes a new file of service keys; never over another one
  home NAME                  makes a home and prints its id
  token HOME ACCOUNT [DAYS]  prints a token for a member of a home (30 days)
  after-restore              after a restore of the database, before anything is served:
                             expires every command that waits

Settings are environment variables: see docs/operating.md.
`;

type Command = (config: CloudConfig, args: readonly string[]) => Promise<number>;

const commands: Readonly<Record<string, Command>> = {
  run: runService,
  migrate: async (config) => {
    const numbers = await migrateSchema(config);
    process.stdout.write(`Steps run: ${numbers.length === 0 ? 'none' : numbers.join(', ')}\n`);
    return 0;
  },
  home: addHome,
  token: printToken,
  'after-restore': async (config) => {
    const count = await expireQueuedCommands(databaseUrl(config));
    process.stdout.write(`${count} commands expired\n`);
    return 0;
  },
};

/** Runs the program; resolves to its exit code, and for the service when a signal ends it. */
export async function runCloudProgram(argv: readonly string[]): Promise<number> {
  const [name = 'run', ...args] = argv;
  try {
    if (name === 'keys' && args[0] !== undefined) return await writeKeys(args[0]);
    const command = commands[name];
    if (command === undefined) {
      process.stderr.write(usage);
      return name === 'help' || name === '--help' ? 0 : EX_USAGE;
    }
    return await command(readCloudConfig(), args);
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    if (error instanceof ConfigRefused) return EX_CONFIG;
    return error instanceof MigrationRefused ? EX_CONFIG : EX_UNAVAILABLE;
  }
}

async function writeKeys(path: string): Promise<number> {
  writeFileSync(path, await newServiceKeys(), { mode: 0o600, flag: 'wx' });
  return 0;
}

function databaseUrl(config: CloudConfig): string {
  return readFileSync(config.databaseUrlFile, 'utf8').trim();
}

function redisUrl({ redisUrl: url, redisUrlFile }: CloudConfig): string | null {
  return redisUrlFile === null ? url : readFileSync(redisUrlFile, 'utf8').trim();
}

/** The settings of the store of clips with its key. */
function s3Options({ s3 }: CloudConfig) {
  if (s3 === null) return null;
  const [accessKeyId = '', ...rest] = readFileSync(s3.keyFile, 'utf8').trim().split(':');
  return { ...s3, accessKeyId, secretAccessKey: rest.join(':') };
}

function migrateSchema(config: CloudConfig): Promise<number[]> {
  return migrate({ url: databaseUrl(config), nowMs: realSystem.wallMs() });
}

async function runService(config: CloudConfig): Promise<number> {
  const log = pino({ level: config.logLevel, base: null });
  const keys = await readServiceKeys(readFileSync(config.keysFile, 'utf8'));
  const steps = await migrateSchema(config);
  const { mqtt } = config;
  const broker =
    mqtt === null
      ? null
      : { url: readFileSync(mqtt.urlFile, 'utf8').trim(), publicUrl: mqtt.publicUrl };
  const cloud = await startCloud({
    ...config,
    ...{ keys, databaseUrl: databaseUrl(config), broker, system: realSystem, log },
    s3: s3Options(config),
    redisUrl: redisUrl(config),
  });
  const { url, adminUrl } = cloud;
  log.info({ url, adminUrl, steps }, `The cloud is at ${url}`);
  await new Promise<void>((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve());
  });
  await cloud.stop();
  log.info({}, 'The cloud has stopped.');
  return 0;
}

async function addHome(config: CloudConfig, [name]: readonly string[]): Promise<number> {
  if (name === undefined) return EX_USAGE;
  const homeId = bytesToParty(realSystem.random(16));
  const database = new Database({ url: databaseUrl(config), connections: 1 });
  try {
    await new MysqlIdentityStore(database).addHome(homeId, name, realSystem.wallMs());
  } finally {
    await database.close();
  }
  process.stdout.write(`${homeId}\n`);
  return 0;
}

async function printToken(config: CloudConfig, args: readonly string[]): Promise<number> {
  const [homeId, account, days = '30'] = args;
  if (homeId === undefined || account === undefined) return EX_USAGE;
  if (!/^\d{1,3}$/.test(days) || Number(days) > TOKEN_DAYS_MAX) return EX_USAGE;
  const keys = await readServiceKeys(readFileSync(config.keysFile, 'utf8'));
  const tokens = new AccessTokens({ keys, issuer: config.publicUrl });
  const life = { nowMs: realSystem.wallMs(), lifeS: Number(days) * DAY_S };
  process.stdout.write(`${await tokens.sign({ kind: 'member', account, homeId }, life)}\n`);
  return 0;
}
