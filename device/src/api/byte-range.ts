import { FeederError } from '@cat-feeder/shared';

/** Some bytes of a file: from `fromByte` on, `byteCount` of them. */
export interface ByteSpan {
  readonly fromByte: number;
  readonly byteCount: number;
}

/** The one range that is served; more than one, or what is no range, is answered with the whole. */
const ONE_RANGE = /^bytes=(\d{0,100})-(\d{0,100})$/;

/** The file has none of the bytes that were asked for: 416. */
export class UnsatisfiableRange extends FeederError {
  readonly sizeBytes: number;

  constructor(sizeBytes: number) {
    super('ERR_RANGE');
    this.sizeBytes = sizeBytes;
  }
}

/**
 * What a `Range` header asks of a file of this size; null: all of it. An end beyond the file is its
 * end. Throws `UnsatisfiableRange` for bytes that are not there (RFC 9110, 14.1.2).
 */
export function rangeOf(header: string | null, sizeBytes: number): ByteSpan | null {
  const [whole, first = '', last = ''] = ONE_RANGE.exec(header?.trim() ?? '') ?? [];
  if (whole === undefined || (first === '' && last === '')) return null;
  if (first === '') return lastBytes(Number(last), sizeBytes);
  const fromByte = Number(first);
  if (last !== '' && Number(last) < fromByte) return null;
  if (fromByte >= sizeBytes) throw new UnsatisfiableRange(sizeBytes);
  const lastByte = last === '' ? sizeBytes - 1 : Math.min(Number(last), sizeBytes - 1);
  return { fromByte, byteCount: lastByte - fromByte + 1 };
}

function lastBytes(wanted: number, sizeBytes: number): ByteSpan {
  const byteCount = Math.min(wanted, sizeBytes);
  if (byteCount === 0) throw new UnsatisfiableRange(sizeBytes);
  return { fromByte: sizeBytes - byteCount, byteCount };
}
