import type { BoardIo, BoardIoError } from '@cat-feeder/board-io';
import { FeederError } from '@cat-feeder/shared';

/** Whether an error is one of the hardware addon's. */
export function isBoardIoError(error: unknown): error is BoardIoError {
  return error instanceof Error && 'code' in error && 'syscall' in error && 'path' in error;
}

const sentences: Readonly<Record<string, (path: string) => string>> = {
  ENOENT: (path) => `${path} is not there: its driver is off, or the board has none.`,
  EACCES: (path) => `This program may not use ${path}: its user is not in the device's group.`,
  EPERM: (path) => `This program may not use ${path}: its user is not in the device's group.`,
  ENODEV: (path) => `${path} went away.`,
  EBUSY: (path) => `${path} is in use by another program.`,
  EREMOTEIO: (path) => `Nothing answers at this address of ${path}.`,
  ENXIO: (path) => `Nothing answers at this address of ${path}.`,
  ETIMEDOUT: (path) => `${path} took too long: a part on it holds the bus.`,
  EAGAIN: (path) => `${path} was held by another part of the bus.`,
};

/** ERR_HARDWARE_FAULT with a sentence for people; other errors as they are. */
export function nativeFault(error: unknown): unknown {
  if (!isBoardIoError(error)) return error;
  const message = sentences[error.code]?.(error.path) ?? `${error.message}.`;
  return new FeederError('ERR_HARDWARE_FAULT', { message, cause: error });
}

/** The same for a line, with the name of who holds it. */
export function lineFault(board: BoardIo, pin: number, error: unknown): unknown {
  if (!isBoardIoError(error)) return error;
  if (error.code !== 'EBUSY' && error.code !== 'EINVAL') return nativeFault(error);
  const message =
    error.code === 'EBUSY'
      ? `Pin ${pin} is taken by ${holderOf(board, error.path, pin)}.`
      : `Pin ${pin} is none of ${error.path}, or it cannot do what is asked of it.`;
  return new FeederError('ERR_HARDWARE_FAULT', { message, cause: error });
}

function holderOf(board: BoardIo, chip: string, pin: number): string {
  try {
    const { consumer } = board.lineInfo(chip, pin);
    return consumer === '' ? 'another program' : `'${consumer}'`;
  } catch {
    // The chip went away between the two questions; who held the line is lost with it.
    return 'another program';
  }
}
