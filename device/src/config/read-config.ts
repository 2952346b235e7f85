import { readFileSync } from 'node:fs';
import { FeederError } from '@cat-feeder/shared';
import { type LoadedConfig, loadConfig } from './load-config.ts';
import type { Invocation } from './parse-arguments.ts';

type Loading = Extract<Invocation, { readonly configFile: string | null }>;

/** Reads file and environment for an invocation. `ERR_CONFIG` with every problem. */
export function readConfig(
  invocation: Loading,
  environment: Readonly<Record<string, string | undefined>> = process.env,
): LoadedConfig {
  const path = invocation.configFile ?? (environment['FEEDER_CONFIG'] || null);
  return loadConfig({
    file: path === null ? null : { path, text: readText(path) },
    environment,
    flags: invocation.flags,
    readText: (named) => readFileSync(named, 'utf8'),
  });
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
