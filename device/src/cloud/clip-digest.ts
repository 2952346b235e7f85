import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { CLIP_PART_BYTES } from '@cat-feeder/shared';

const CHUNK_BYTES = 64 * 1024;

/** SHA-256 of a file and MD5 of each of its parts, in hex, read once; null: it cannot be read. */
export async function digestClip(
  path: string,
  signal: AbortSignal,
): Promise<{ readonly sha256: string; readonly md5s: readonly string[] } | null> {
  const whole = createHash('sha256');
  const md5s: string[] = [];
  let part = createHash('md5');
  let held = 0;
  try {
    const stream = createReadStream(path, { highWaterMark: CHUNK_BYTES, signal });
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      whole.update(chunk);
      for (let at = 0; at < chunk.length; ) {
        const end = Math.min(chunk.length, at + CLIP_PART_BYTES - held);
        part.update(chunk.subarray(at, end));
        held += end - at;
        at = end;
        if (held < CLIP_PART_BYTES) continue;
        md5s.push(part.digest('hex'));
        part = createHash('md5');
        held = 0;
      }
    }
  } catch {
    // Gone, or not to be read: the shelf of clips sees to that.
    return null;
  }
  if (held > 0) md5s.push(part.digest('hex'));
  return { sha256: whole.digest('hex'), md5s };
}
