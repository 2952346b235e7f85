import type { RandomBytes } from '@cat-feeder/shared';

const SYMBOLS = '23456789ABCDEFGHJKLMNPQRSTUVWXYZ';
const CODE_LENGTH = 8;

/** A code that people type: 8 of 32 symbols, none of which looks like another. */
export function makeClaimCode(random: RandomBytes): string {
  return [...random(CODE_LENGTH)].map((byte) => SYMBOLS.charAt(byte & 31)).join('');
}
