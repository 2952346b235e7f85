import { readFileSync } from 'node:fs';
import { FeederError } from '@cat-feeder/shared';
import * as v from 'valibot';
import type { ConfigSchema } from './describe-config.ts';
import { DeviceConfigSchema, defaultConfig } from './device-config.ts';
import { type LoadedConfig, loadConfig, loadSettings } from './load-config.ts';
import type { Invocation } from './parse-arguments.ts';

type Loading = Extract<Invocation, { readonly configFile: string | null }>;

/** Reads file and environment for an invocation. `ERR_CONFIG` with every problem. */
export function readConfig(
  invocation: Loading,
  environment: Readonly<Record<string, string | undefined>> = process.env,
): LoadedConfig {
  return loadConfig({
    file: configFile(invocation.configFile, environment),
    environment,
    flags: invocation.flags,
    readText: (named) => readFileSync(named, 'utf8'),
  });
}

/** Everything wrong with a command line: what nobody understands, then what is not usable. */
export function usageProblems(
  asked: Extract<Invocation, { readonly kind: 'usage' }>,
  environment?: Readonly<Record<string, string | undefined>>,
): readonly string[] {
  try {
    readConfig(asked, environment);
    return asked.problems;
  } catch (error) {
    if (!(error instanceof FeederError)) throw error;
    const details = error.details.filter(({ path }) => path !== 'warning');
    const told = details.map(({ path, message }) => `${path} ${message}`);
    return [...asked.problems, ...(told.length === 0 ? [error.message] : told)];
  }
}

/** Where a daemon with these settings listens; the usual address when they do not say it. */
export function listenUrl(environment: Readonly<Record<string, string | undefined>>): string {
  const { host, port } = listenSettings(environment);
  return `http://${host.includes(':') ? `[${host}]` : host}:${port || defaultConfig.port}`;
}

type Listen = Pick<typeof defaultConfig, 'host' | 'port'>;
const ListenSchema = v.pick(DeviceConfigSchema, ['host', 'port']);

/** Only these two: a mistake in other settings does not hide where the daemon is. */
function listenSettings(environment: Readonly<Record<string, string | undefined>>): Listen {
  try {
    const sources = { file: configFile(null, environment), environment, flags: {} };
    const { config } = loadSettings(ListenSchema as unknown as ConfigSchema, sources);
    return config as Listen;
  } catch (error) {
    if (error instanceof FeederError) return defaultConfig;
    throw error;
  }
}

function configFile(
  named: string | null,
  environment: Readonly<Record<string, string | undefined>>,
): { readonly path: string; readonly text: string } | null {
  const path = named ?? (environment['FEEDER_CONFIG'] || null);
  return path === null ? null : { path, text: readText(path) };
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? cause.code : 'unknown';
    throw new FeederError('ERR_CONFIG', {
      message: 'The configuration file cannot be read.',
      details: [{ path, message: `cannot be read (${code}).` }],
      cause,
    });
  }
}
