import { resolve } from 'node:path';
import { type ErrorCode, type ErrorDetail, FeederError } from '@cat-feeder/shared';
import * as v from 'valibot';
import { hasCamera, ringBytesOf } from './camera-ring.ts';
import { CONFIG_VERSION, migrateConfig } from './config-migrations.ts';
import { type ConfigSchema, describeConfig, type SettingDescription } from './describe-config.ts';
import { type DeviceConfig, DeviceConfigSchema } from './device-config.ts';
import { hardwareProblems, readHardware } from './read-hardware.ts';

/** Where settings come from; later ones win: the file, the environment, the command line. */
export interface ConfigSources {
  readonly file: { readonly path: string; readonly text: string } | null;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** By setting name, as `parseArguments` gives them. */
  readonly flags: Readonly<Record<string, string>>;
  /** Reads a file that a setting names; missing: no setting may name one. */
  readonly readText?: (path: string) => string;
}

export type ConfigOrigin = 'default' | 'file' | 'environment' | 'flag';

export interface LoadedConfig<Config = DeviceConfig> {
  readonly config: Config;
  readonly origins: Readonly<Record<string, ConfigOrigin>>;
  /** Sentences about what was ignored; nothing that stops the start. */
  readonly warnings: readonly string[];
}

/** Names that begin like settings but belong to the service manager, the page or the tools. */
const otherVariables = ['FEEDER_CONFIG', 'FEEDER_NOTIFY_FD', 'FEEDER_URL'];

interface Candidate {
  readonly value: unknown;
  readonly origin: ConfigOrigin;
  /** How the owner wrote it: `port in config.json`, `FEEDER_PORT`, `--port`. */
  readonly place: string;
}

/**
 * The configuration from all sources. Throws one `ERR_CONFIG` that names every problem at once,
 * each with its place, the value and what would be right; unknown names only warn. A hardware
 * profile that cannot be wired like that is `ERR_WIRING`.
 */
export function loadConfig(sources: ConfigSources): LoadedConfig {
  const loaded = loadSettings(DeviceConfigSchema as unknown as ConfigSchema, sources, {
    host: publicHost,
  });
  const settings = loaded.config as unknown as DeviceConfig;
  const hardware = readHardware(settings.hardware, sources.readText);
  const config = { ...settings, hardware, dataDir: resolve(settings.dataDir) };
  if (hasCamera(config)) ringBytesOf(config);
  return { ...loaded, config };
}

/** Why a value that fits its schema is refused all the same; null: it is not. */
type Rule = (value: unknown) => { readonly code: ErrorCode; readonly message: string } | null;

/** As `loadConfig`, for any schema of settings. */
export function loadSettings(
  schema: ConfigSchema,
  sources: ConfigSources,
  rules: Readonly<Record<string, Rule>> = {},
): LoadedConfig<Readonly<Record<string, unknown>>> {
  const settings = describeConfig(schema);
  const file = readFileValues(sources.file);
  const warnings = [...file.warnings, ...unknownNames(settings, sources, file.values)];
  const problems: Problem[] = file.problems.map((detail) => ({ detail, code: 'ERR_CONFIG' }));
  const config: Record<string, unknown> = {};
  const origins: Record<string, ConfigOrigin> = {};
  for (const setting of settings) {
    const candidate = candidateFor(setting, sources, file.values);
    const entry = schema.entries[setting.name] as v.GenericSchema;
    const parsed = v.safeParse(entry, candidate.value);
    origins[setting.name] = candidate.origin;
    if (!parsed.success) {
      const { issues } = parsed;
      const details =
        issues[0].path === undefined
          ? [problemOf(setting, candidate, issues[0].message)]
          : sectionProblems(candidate, issues);
      problems.push(...details.map((detail) => ({ detail, code: 'ERR_CONFIG' as const })));
      continue;
    }
    config[setting.name] = parsed.output;
    const refused = rules[setting.name]?.(parsed.output) ?? null;
    if (refused !== null) {
      const { code, message } = refused;
      problems.push({ detail: { path: candidate.place, message }, code });
    }
  }
  if (problems.length > 0) throw refusalOf(problems, warnings);
  return { config, origins, warnings };
}

interface Problem {
  readonly detail: ErrorDetail;
  readonly code: ErrorCode;
}

/** One error for all problems; the warnings follow, since the start that would log them is off. */
function refusalOf(problems: readonly Problem[], warnings: readonly string[]): FeederError {
  const details = [
    ...problems.map(({ detail }) => detail),
    ...warnings.map((message) => ({ path: 'warning', message })),
  ];
  const [only] = problems;
  if (only !== undefined && problems.length === 1 && only.code !== 'ERR_CONFIG') {
    return new FeederError(only.code, { details });
  }
  const count = problems.length === 1 ? 'one value' : `${problems.length} values`;
  return new FeederError('ERR_CONFIG', {
    message: `The configuration is not usable: ${count} must be corrected.`,
    details,
  });
}

function candidateFor(
  setting: SettingDescription,
  sources: ConfigSources,
  fileValues: Readonly<Record<string, unknown>>,
): Candidate {
  const flag = sources.flags[setting.name];
  if (flag !== undefined) {
    return { value: fromText(setting, flag), origin: 'flag', place: setting.flag };
  }
  const variable = sources.environment[setting.variable];
  // Service managers and containers pass unset variables as empty ones.
  if (variable !== undefined && variable !== '') {
    return {
      value: fromText(setting, variable),
      origin: 'environment',
      place: setting.variable,
    };
  }
  if (Object.hasOwn(fileValues, setting.name)) {
    const place = `${setting.name} in ${sources.file?.path}`;
    return { value: fileValues[setting.name], origin: 'file', place };
  }
  return { value: undefined, origin: 'default', place: setting.name };
}

function fromText(setting: SettingDescription, text: string): unknown {
  if (text === '' && setting.isNullable) return null;
  if (setting.kind === 'number') return /^-?\d+(\.\d+)?$/.test(text) ? Number(text) : text;
  if (setting.kind === 'boolean') {
    if (/^(true|1|yes|on)$/i.test(text)) return true;
    if (/^(false|0|no|off)$/i.test(text)) return false;
  }
  return text;
}

function problemOf(
  setting: SettingDescription,
  candidate: Candidate,
  rule: string,
): { path: string; message: string } {
  const value = setting.secret ? '***' : (JSON.stringify(candidate.value) ?? 'nothing');
  const unit = setting.unit === null ? '' : ` (${setting.unit})`;
  const hint = setting.help === '' ? '' : ` ${setting.help}`;
  return {
    path: candidate.place,
    message: `is ${value.slice(0, 120)}, but ${rule}${unit}.${hint}`,
  };
}

/** Every issue of a section, each with its place in it: `hardware in config.json: parts.0.pin`. */
function sectionProblems(
  { place }: Candidate,
  issues: readonly v.BaseIssue<unknown>[],
): ErrorDetail[] {
  return hardwareProblems(issues).map(({ path, message }) => ({
    path: path === '' ? place : `${place}: ${path}`,
    message,
  }));
}

function readFileValues(file: ConfigSources['file']): {
  readonly values: Readonly<Record<string, unknown>>;
  readonly problems: readonly ErrorDetail[];
  readonly warnings: readonly string[];
} {
  if (file === null) return { values: {}, problems: [], warnings: [] };
  const refused = (message: string) => ({
    values: {},
    problems: [{ path: file.path, message }],
    warnings: [],
  });
  let parsed: unknown;
  try {
    parsed = JSON.parse(file.text);
  } catch (error) {
    return refused(`is not valid JSON: ${error instanceof Error ? error.message : error}`);
  }
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) {
    return refused('must be one JSON object, {"port": 8480, ...}.');
  }
  const { version = 1, ...values } = parsed as Record<string, unknown>;
  const isKnown = typeof version === 'number' && Number.isInteger(version) && version >= 1;
  if (!isKnown || version > CONFIG_VERSION) {
    return refused(
      `is of version ${JSON.stringify(version)}, but this feeder knows 1 to ${CONFIG_VERSION}.`,
    );
  }
  const migrated = migrateConfig(values, version);
  return {
    values: migrated.values,
    problems: [],
    warnings: migrated.notes.map((note) => `${file.path}: ${note}`),
  };
}

function unknownNames(
  settings: readonly SettingDescription[],
  sources: ConfigSources,
  fileValues: Readonly<Record<string, unknown>>,
): readonly string[] {
  const names = new Set(settings.map((setting) => setting.name));
  const variables = new Set([...otherVariables, ...settings.map((setting) => setting.variable)]);
  return [
    ...Object.keys(fileValues)
      .filter((name) => !names.has(name))
      .map((name) => `${name} in ${sources.file?.path} is not a setting and was ignored`),
    ...Object.keys(sources.environment)
      .filter((name) => name.startsWith('FEEDER_') && !variables.has(name))
      .map((name) => `${name} is not a setting and was ignored`),
  ];
}

/** Without access control the API must not be reachable from another machine. */
function publicHost(host: unknown): ReturnType<Rule> {
  const text = String(host);
  if (text === 'localhost' || text === '::1' || /^127(\.\d{1,3}){3}$/.test(text)) return null;
  return {
    code: 'ERR_BIND_REFUSED',
    message: `is ${JSON.stringify(host)}, which is not loopback.`,
  };
}
