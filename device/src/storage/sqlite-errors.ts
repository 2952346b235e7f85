import { FeederError } from '@cat-feeder/shared';

/** The result code of SQLite behind an error, such as `SQLITE_FULL`, or null for any other error. */
export function sqliteCode(error: unknown): string | null {
  if (!(error instanceof Error) || !('code' in error)) return null;
  const { code } = error;
  return typeof code === 'string' && code.startsWith('SQLITE_') ? code : null;
}

/** Whether the disk had no room for the write; looks through an `ERR_STORAGE` at its cause. */
export function isDiskFull(error: unknown): boolean {
  if (error instanceof FeederError) return isDiskFull(error.cause);
  return sqliteCode(error) === 'SQLITE_FULL';
}

/** Whether SQLite found the file itself damaged; looks through an `ERR_STORAGE` at its cause. */
export function isDamage(error: unknown): boolean {
  if (error instanceof FeederError) {
    return error.code === 'ERR_DATABASE_CORRUPT' || isDamage(error.cause);
  }
  const code = sqliteCode(error);
  return code !== null && (code.startsWith('SQLITE_CORRUPT') || code === 'SQLITE_NOTADB');
}

/** What a failed write becomes for its caller. Errors that are not SQLite's stay as they are. */
export function storageError(error: unknown, name: string): unknown {
  const code = sqliteCode(error);
  if (code === null) return error;
  if (code.startsWith('SQLITE_CONSTRAINT')) {
    return new FeederError('ERR_CONFLICT', {
      message: `What ${name} writes is there already.`,
      cause: error,
    });
  }
  return new FeederError('ERR_STORAGE', {
    message: `${name} could not be written to disk (${code}), so nothing was changed.`,
    cause: error,
  });
}

/** The error for a stored row or file that does not fit its checksum. */
export function damaged(what: string, cause?: unknown): FeederError {
  return new FeederError('ERR_DATABASE_CORRUPT', {
    message: `${what} does not fit its checksum.`,
    cause,
  });
}
