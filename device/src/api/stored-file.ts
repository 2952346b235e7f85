import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { FeederError } from '@cat-feeder/shared';
import type { Clock } from '../platform/clock.ts';
import { type ByteSpan, rangeOf } from './byte-range.ts';
import { type ByteSource, pulledStream } from './pulled-stream.ts';
import type { FileConditions, MediaReply } from './route.ts';

/** Read in one go; a whole file is never in memory. */
const PIECE_BYTES = 64 * 1024;
/** A link is not followed, and a pipe by a clip's name does not hold anybody up. */
const READ_PLAIN = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

/** A plain file that is open: it can be read to its end though its name is removed. */
export interface StoredFile {
  readonly handle: FileHandle;
  readonly sizeBytes: number;
}

export interface ServedFile {
  /** Null: there is none. */
  readonly path: string | null;
  readonly contentType: string;
  /** As it was recorded; missing: nobody did. */
  readonly sizeBytes?: number;
  /** In quotes; the same text means the same bytes. */
  readonly etag: string;
}

/** Opens a plain file to be read; null when there is none, or it is something else. */
export async function openStored(path: string | null): Promise<StoredFile | null> {
  if (path === null) return null;
  let handle: FileHandle | null = null;
  try {
    handle = await open(path, READ_PLAIN);
    const stats = await handle.stat();
    if (stats.isFile()) return { handle, sizeBytes: stats.size };
  } catch (error) {
    if (!isAbsence(error)) throw error;
  }
  await handle?.close();
  return null;
}

/** The bytes of an open file, which is closed with them. */
export function bytesOf({ handle }: StoredFile, { fromByte, byteCount }: ByteSpan): ByteSource {
  let at = fromByte;
  let left = byteCount;
  return {
    next: async () => {
      if (left === 0) return null;
      const piece = new Uint8Array(Math.min(PIECE_BYTES, left));
      const { bytesRead } = await handle.read(piece, 0, piece.length, at);
      if (bytesRead === 0) throw new FeederError('ERR_STORAGE', { message: 'A file was cut off.' });
      at += bytesRead;
      left -= bytesRead;
      return piece.subarray(0, bytesRead);
    },
    close: () => handle.close(),
  };
}

/**
 * Answers with a file or a range of it: 200, 206, 304; `ERR_NOT_FOUND`, `ERR_RANGE`, and
 * `ERR_FILE_DAMAGED` for one of another length than was recorded.
 */
export async function serveFile(
  { path, contentType, etag, sizeBytes }: ServedFile,
  conditions: FileConditions,
  clock: Clock,
): Promise<MediaReply> {
  const file = await openStored(path);
  if (file === null) throw new FeederError('ERR_NOT_FOUND');
  try {
    if (file.sizeBytes !== (sizeBytes ?? file.sizeBytes)) throw new FeederError('ERR_FILE_DAMAGED');
    const headers = {
      etag,
      'content-type': contentType,
      'accept-ranges': 'bytes',
      // Shown again only after asking: what the owner removes is gone from the page, too.
      'cache-control': 'private, no-cache',
    };
    if (isKnown(conditions.ifNoneMatch, etag)) {
      await file.handle.close();
      return { status: 304, body: null, headers };
    }
    const { ifRange } = conditions;
    const range = ifRange === null || ifRange.trim() === etag ? conditions.range : null;
    const span = rangeOf(range, file.sizeBytes);
    return bodyOf({ file, span, headers }, clock);
  } catch (error) {
    await file.handle.close();
    throw error;
  }
}

function bodyOf(
  {
    file,
    span,
    headers,
  }: { file: StoredFile; span: ByteSpan | null; headers: Record<string, string> },
  clock: Clock,
): MediaReply {
  const { sizeBytes } = file;
  const part = span ?? { fromByte: 0, byteCount: sizeBytes };
  const lastByte = part.fromByte + part.byteCount - 1;
  return {
    status: span === null ? 200 : 206,
    body: pulledStream(bytesOf(file, part), clock),
    headers: {
      ...headers,
      'content-length': String(part.byteCount),
      ...(span === null
        ? {}
        : { 'content-range': `bytes ${part.fromByte}-${lastByte}/${sizeBytes}` }),
    },
  };
}

function isKnown(ifNoneMatch: string | null, etag: string): boolean {
  const tags = ifNoneMatch?.split(',').map((tag) => tag.trim().replace(/^W\//, '')) ?? [];
  return tags.includes(etag) || tags.includes('*');
}

function isAbsence(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  return ['ENOENT', 'ENOTDIR', 'ELOOP', 'ENXIO', 'EISDIR'].includes(code);
}
