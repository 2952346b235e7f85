import * as v from 'valibot';

const port = (fallback: string) =>
  v.pipe(
    v.optional(v.string(), fallback),
    v.regex(/^\d{1,5}$/, 'must be a port'),
    v.transform(Number),
    v.maxValue(65_535),
  );
const count = (fallback: string) =>
  v.pipe(
    v.optional(v.string(), fallback),
    v.regex(/^[1-9]\d{0,6}$/, 'must be a whole number above 0'),
    v.transform(Number),
  );

const httpOrigin = v.pipe(
  v.string(),
  v.url('must be an address'),
  v.transform((url) => new URL(url).origin),
);

/** The service's settings, each an environment variable. No secret stands in any of them. */
const settings = v.object({
  CLOUD_HOST: v.optional(v.string(), '127.0.0.1'),
  CLOUD_PORT: port('8490'),
  /** Health and metrics for the operator; never to be reached from outside. */
  CLOUD_ADMIN_HOST: v.optional(v.string(), '127.0.0.1'),
  CLOUD_ADMIN_PORT: port('8491'),
  /** Where feeders reach the service: they sign it into their proofs, so it must be exact. */
  CLOUD_PUBLIC_URL: v.pipe(
    v.optional(v.string(), 'http://127.0.0.1:8490'),
    v.url('must be the address that feeders use'),
    v.transform((url) => new URL(url).origin),
  ),
  /** A file with the key that signs tokens and the secret of nonces: `cloud-sync keys`. */
  CLOUD_KEYS_FILE: v.string('must name the file made by `cloud-sync keys`'),
  /** A file, since the address holds a password: `mysql://user:password@host/database`. */
  CLOUD_DATABASE_URL_FILE: v.string('must name a file with the address of the database'),
  CLOUD_REDIS_URL: v.optional(v.string()),
  /** The same in a file, when its address holds a password. */
  CLOUD_REDIS_URL_FILE: v.optional(v.string()),
  /** A file, since the address holds a password: `mqtt://cloud:password@host:port`. */
  CLOUD_MQTT_URL_FILE: v.optional(v.string()),
  /** Where feeders reach the broker; without encryption they take it on loopback only. */
  CLOUD_MQTT_PUBLIC_URL: v.optional(
    v.pipe(
      v.string(),
      v.regex(/^mqtts?:\/\/[^/@\s]+$/, 'must be an address such as mqtts://host:8883'),
    ),
  ),
  /** Where clips go, as the service reaches it; missing: clips stay on the feeders. */
  CLOUD_S3_URL: v.optional(httpOrigin),
  /** The same as feeders and viewers reach it. */
  CLOUD_S3_PUBLIC_URL: v.optional(httpOrigin),
  CLOUD_S3_BUCKET: v.pipe(
    v.optional(v.string(), 'cat-feeder-clips'),
    v.regex(/^[a-z0-9][a-z0-9.-]{2,62}$/, 'must be the name of a bucket'),
  ),
  CLOUD_S3_REGION: v.optional(v.string(), 'us-east-1'),
  /** A file with the key's id and its secret: `ID:SECRET`. */
  CLOUD_S3_KEY_FILE: v.optional(v.string()),
  CLOUD_CLIP_DAYS: count('7'),
  /** The most that the clips of one feeder may take. */
  CLOUD_CLIP_MB: count('4096'),
  CLOUD_CONNECTIONS: count('16'),
  /** Requests worked on at the same time; one more is asked to come again. */
  CLOUD_IN_FLIGHT: count('128'),
  /** Proxies of one's own in front: the outermost says in `X-Forwarded-For` who sends. */
  CLOUD_PROXIES: v.pipe(
    v.optional(v.string(), '0'),
    v.regex(/^[0-4]$/, 'must be 0 to 4'),
    v.transform(Number),
  ),
  /** Sessions that feeders may open in a second at this node. */
  CLOUD_HELLOS_PER_SECOND: count('200'),
  /** How often a feeder asks for commands and wishes: nothing rings at its door. */
  CLOUD_POLL_SECONDS: count('20'),
  /** The longest wait of a feeder between two tries: its fleet by the hellos of a second. */
  CLOUD_BACKOFF_CAP_SECONDS: count('300'),
  /** Members who watch a feeder at the same time, at this node. */
  CLOUD_VIEWERS: count('500'),
  CLOUD_LOG_LEVEL: v.optional(v.picklist(['debug', 'info', 'warn', 'error', 'silent']), 'info'),
});
const ConfigSchema = v.pipe(
  settings,
  v.check(
    (known) =>
      (known.CLOUD_MQTT_URL_FILE === undefined) === (known.CLOUD_MQTT_PUBLIC_URL === undefined),
    'CLOUD_MQTT_URL_FILE and CLOUD_MQTT_PUBLIC_URL belong together',
  ),
);

/** The store for clips. */
export interface S3Settings {
  readonly url: string;
  readonly publicUrl: string;
  readonly bucket: string;
  readonly region: string;
  readonly keyFile: string;
  readonly days: number;
  /** For each feeder. */
  readonly deviceBytesMax: number;
}

export interface CloudConfig {
  readonly host: string;
  readonly port: number;
  readonly adminHost: string;
  readonly adminPort: number;
  readonly publicUrl: string;
  readonly keysFile: string;
  readonly databaseUrlFile: string;
  /** Null: every node limits by itself. */
  readonly redisUrl: string | null;
  /** A file with it; it counts before `redisUrl`. */
  readonly redisUrlFile: string | null;
  /** Null: feeders ask, and nothing rings. */
  readonly mqtt: { readonly urlFile: string; readonly publicUrl: string } | null;
  readonly viewers: number;
  /** Null: there is no store for clips. */
  readonly s3: S3Settings | null;
  readonly connections: number;
  readonly inFlight: number;
  readonly hellosPerSecond: number;
  readonly proxies: number;
  readonly pollSeconds: number;
  readonly backoffCapSeconds: number;
  readonly logLevel: 'debug' | 'info' | 'warn' | 'error' | 'silent';
}

/** Everything that is wrong with the settings, a line each. */
export class ConfigRefused extends Error {
  constructor(problems: readonly string[]) {
    super(problems.join('\n'));
    this.name = 'ConfigRefused';
  }
}

/** Reads the settings; throws `ConfigRefused`. */
export function readCloudConfig(
  environment: Readonly<Record<string, string | undefined>> = process.env,
): CloudConfig {
  // A variable that is empty, as compose files leave them, is not set.
  const set = Object.entries(environment).filter(([, value]) => value !== '');
  const parsed = v.safeParse(ConfigSchema, Object.fromEntries(set));
  if (!parsed.success) {
    throw new ConfigRefused(
      parsed.issues.map((issue) => `${v.getDotPath(issue) ?? ''} ${issue.message}`),
    );
  }
  const known = parsed.output;
  const { CLOUD_MQTT_URL_FILE: urlFile, CLOUD_MQTT_PUBLIC_URL: brokerUrl } = known;
  return {
    host: known.CLOUD_HOST,
    port: known.CLOUD_PORT,
    adminHost: known.CLOUD_ADMIN_HOST,
    adminPort: known.CLOUD_ADMIN_PORT,
    publicUrl: known.CLOUD_PUBLIC_URL,
    keysFile: known.CLOUD_KEYS_FILE,
    databaseUrlFile: known.CLOUD_DATABASE_URL_FILE,
    redisUrl: known.CLOUD_REDIS_URL ?? null,
    redisUrlFile: known.CLOUD_REDIS_URL_FILE ?? null,
    mqtt:
      urlFile === undefined || brokerUrl === undefined ? null : { urlFile, publicUrl: brokerUrl },
    viewers: known.CLOUD_VIEWERS,
    s3: s3Settings(known),
    connections: known.CLOUD_CONNECTIONS,
    inFlight: known.CLOUD_IN_FLIGHT,
    hellosPerSecond: known.CLOUD_HELLOS_PER_SECOND,
    proxies: known.CLOUD_PROXIES,
    pollSeconds: known.CLOUD_POLL_SECONDS,
    backoffCapSeconds: known.CLOUD_BACKOFF_CAP_SECONDS,
    logLevel: known.CLOUD_LOG_LEVEL,
  };
}

const MB = 1_000_000;

function s3Settings(known: v.InferOutput<typeof ConfigSchema>): S3Settings | null {
  const { CLOUD_S3_URL: url, CLOUD_S3_KEY_FILE: keyFile } = known;
  if (url === undefined) return null;
  if (keyFile === undefined) {
    throw new ConfigRefused(['CLOUD_S3_KEY_FILE must name a file with `ID:SECRET`']);
  }
  return {
    ...{ url, publicUrl: known.CLOUD_S3_PUBLIC_URL ?? url, keyFile },
    ...{ bucket: known.CLOUD_S3_BUCKET, region: known.CLOUD_S3_REGION },
    days: known.CLOUD_CLIP_DAYS,
    deviceBytesMax: known.CLOUD_CLIP_MB * MB,
  };
}
