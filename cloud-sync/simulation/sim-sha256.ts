import { createHash } from 'node:crypto';
import type { Sha256 } from '@cat-feeder/shared';

/** SHA-256 of this runtime, for both programs. */
export const sha256: Sha256 = (bytes) => createHash('sha256').update(bytes).digest();
