import { type ErrorCode, FeederError } from '@cat-feeder/shared';

/** How the daemon ends, by the numbers of sysexits.h; docs/operations.md has them for people. */
export const exitCodes = {
  clean: 0,
  usage: 64,
  portInUse: 69,
  internal: 70,
  dataDirectory: 74,
  alreadyRunning: 75,
  configuration: 78,
} as const;

export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];

const byError: Partial<Record<ErrorCode, ExitCode>> = {
  ERR_CONFIG: exitCodes.configuration,
  ERR_BIND_REFUSED: exitCodes.configuration,
  ERR_PROFILE: exitCodes.configuration,
  ERR_WIRING: exitCodes.configuration,
  ERR_PORT_IN_USE: exitCodes.portInUse,
  ERR_DATA_DIR: exitCodes.dataDirectory,
  ERR_DATABASE_CORRUPT: exitCodes.dataDirectory,
  ERR_SCHEMA_TOO_NEW: exitCodes.dataDirectory,
  ERR_MIGRATION_CHANGED: exitCodes.dataDirectory,
  ERR_STORAGE: exitCodes.dataDirectory,
  ERR_ALREADY_RUNNING: exitCodes.alreadyRunning,
};

/** The exit code for what ended the daemon; anything unknown is an internal failure. */
export function exitCodeFor(error: unknown): ExitCode {
  const known = error instanceof FeederError ? byError[error.code] : undefined;
  return known ?? exitCodes.internal;
}

/** What is printed for a daemon that cannot go on: the sentence, every detail, and what to do. */
export function lastWords(error: unknown): string {
  if (!(error instanceof FeederError)) {
    const reason = error instanceof Error ? error.message : String(error);
    return `ERR_INTERNAL: ${reason}\n`;
  }
  const details = error.details.map((detail) => `  ${detail.path} ${detail.message}\n`).join('');
  return `${error.code}: ${error.message}\n${details}  ${error.hint}\n`;
}
