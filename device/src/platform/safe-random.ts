import { randomBytes } from 'node:crypto';
import type { RandomBytes } from '@cat-feeder/shared';

/** Random bytes that nobody can guess, from the operating system. */
export const safeRandomBytes: RandomBytes = (length) => randomBytes(length);
