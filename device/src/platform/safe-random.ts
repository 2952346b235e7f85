import type { RandomBytes } from '@cat-feeder/shared';

/** Loaded when first asked for: it costs each thread over a megabyte. */
const randomBytes = (length: number) => process.getBuiltinModule('node:crypto').randomBytes(length);

/** Random bytes that nobody can guess, from the operating system. */
export const safeRandomBytes: RandomBytes = (length) => randomBytes(length);

/** At least 0 and below 1, from the same source: for waits that must not fall together. */
export function safeChance(): number {
  return randomBytes(4).readUInt32LE() / 2 ** 32;
}
