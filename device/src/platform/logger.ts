/** The log as a port; pino implements it. Fields first, then a sentence. */
export interface Logger {
  debug(fields: object, sentence: string): void;
  info(fields: object, sentence: string): void;
  warn(fields: object, sentence: string): void;
  error(fields: object, sentence: string): void;
}

/** A log that keeps nothing: for tests and the simulator. */
export const silentLogger: Logger = { debug() {}, info() {}, warn() {}, error() {} };
