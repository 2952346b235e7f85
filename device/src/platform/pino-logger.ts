import { type DestinationStream, type LevelWithSilent, pino, stdTimeFunctions } from 'pino';
import type { Logger } from './logger.ts';
import { terminalLine } from './terminal-line.ts';

export type LogLevel = Extract<LevelWithSilent, 'debug' | 'info' | 'warn' | 'error' | 'silent'>;

/** Lines wait for a slow reader up to this size; then new lines are dropped, not the feeding. */
const BACKLOG_BYTES_MAX = 1_048_576;

/** A field with one of these names never shows its value, at any of the first three depths. */
const secretNames = [
  'authorization',
  'cookie',
  'password',
  'passphrase',
  'privateKey',
  'secret',
  'token',
];

const redactedPaths = secretNames.flatMap((name) => [name, `*.${name}`, `*.*.${name}`]);

/** Errors with their code and cause, whichever of the two usual names carries them. */
const serializers = { err: describeError, error: describeError };

/** The log of the daemon on standard output: one JSON object a line, on a terminal one sentence. */
export interface PinoLogger extends Logger {
  /** Writes out what waits; for the last moments of the process. */
  flush(): void;
  setLevel(level: LogLevel): void;
}

/** Makes the log. No worker transports: they cost a thread. `destination` is for tests. */
export function createPinoLogger(options: {
  level: LogLevel;
  destination?: DestinationStream;
}): PinoLogger {
  const standardOutput = pino.destination({
    dest: 1,
    sync: false,
    minLength: 0,
    maxLength: BACKLOG_BYTES_MAX,
  });
  const forPeople: DestinationStream = {
    write: (line) => void standardOutput.write(terminalLine(line)),
  };
  let hasReader = true;
  // Whoever reads the log may go (a restarted journal, a closed terminal). Feeding goes on.
  standardOutput.on('error', () => {
    hasReader = false;
  });
  const log = pino(
    {
      level: options.level,
      base: null,
      timestamp: stdTimeFunctions.isoTime,
      formatters: { level: (level) => ({ level }) },
      serializers,
      redact: { paths: [...redactedPaths, '["set-cookie"]', '*["set-cookie"]'], censor: '***' },
    },
    options.destination ?? (process.stdout.isTTY ? forPeople : standardOutput),
  );
  return {
    debug: (fields, sentence) => log.debug(fields, sentence),
    info: (fields, sentence) => log.info(fields, sentence),
    warn: (fields, sentence) => log.warn(fields, sentence),
    error: (fields, sentence) => log.error(fields, sentence),
    flush() {
      if (options.destination === undefined && hasReader) standardOutput.flushSync();
    },
    setLevel(level) {
      log.level = level;
    },
  };
}

/** An error as plain data: name, code, message, stack and what caused it (at most four deep). */
export function describeError(error: unknown, depth = 0): unknown {
  if (!(error instanceof Error)) return error;
  const code = 'code' in error ? { code: error.code } : {};
  const details = 'details' in error ? { details: error.details } : {};
  const cause =
    error.cause === undefined || depth >= 3 ? {} : { cause: describeError(error.cause, depth + 1) };
  return {
    name: error.name,
    ...code,
    message: error.message,
    ...details,
    stack: error.stack,
    ...cause,
  };
}
