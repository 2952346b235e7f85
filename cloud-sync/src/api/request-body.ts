import type { IncomingMessage } from 'node:http';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { BATCH_BYTES_MAX, type Milliseconds } from '@cat-feeder/shared';
import * as v from 'valibot';
import { realSystem } from '../platform/system.ts';
import { Refused } from './reply.ts';

/** A batch at its limit, and what its frame adds; before and after unpacking. */
export const BODY_BYTES_MAX = 2 * BATCH_BYTES_MAX;
/** Objects and lists inside one another: a body of the protocol has eight at most. */
export const BODY_DEPTH_MAX = 64;

const unpack = promisify(gunzip);

/** How large a body may be, before and after unpacking, and how long it may take to come. */
export interface BodyBounds {
  readonly bytesMax: number;
  /** Missing: as long as the server lets a request take. */
  readonly timeoutMs?: Milliseconds;
}

const BATCH_BOUNDS: BodyBounds = { bytesMax: BODY_BYTES_MAX };

/** Reads the body of a request and holds it against its schema; throws `Refused`. */
export async function readBody<Schema extends v.GenericSchema>(
  request: IncomingMessage,
  schema: Schema,
  bounds: BodyBounds = BATCH_BOUNDS,
): Promise<v.InferOutput<Schema>> {
  const json = parse(await plainText(request, bounds));
  if (isDeeperThan(json, BODY_DEPTH_MAX)) throw new Refused('bad_request');
  const parsed = v.safeParse(schema, json);
  if (!parsed.success) throw new Refused('bad_request');
  return parsed.output;
}

async function plainText(request: IncomingMessage, bounds: BodyBounds): Promise<Buffer> {
  const { 'content-length': length, 'content-encoding': encoding } = request.headers;
  const { bytesMax } = bounds;
  if (length !== undefined && Number(length) > bytesMax) throw new Refused('too_large');
  if (encoding !== undefined && encoding !== 'gzip') throw new Refused('bad_request');
  const bytes = await readAll(request, bounds);
  if (encoding === undefined) return bytes;
  try {
    return await unpack(bytes, { maxOutputLength: bytesMax });
  } catch (error) {
    const isBomb = error instanceof RangeError;
    throw new Refused(isBomb ? 'too_large' : 'bad_request');
  }
}

/**
 * Stops reading where a sender that named no length goes on for too long. The stream is left as it
 * is, so that the refusal still reaches the sender; the server drains it for a moment, then cuts.
 */
function readAll(request: IncomingMessage, { bytesMax, timeoutMs }: BodyBounds): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let length = 0;
  return new Promise((resolve, reject) => {
    const end = (refused?: Refused) => {
      callOff();
      request.off('data', take).off('error', cut).off('close', cut);
      if (refused !== undefined) reject(refused);
      else resolve(Buffer.concat(chunks, length));
    };
    const take = (chunk: Buffer) => {
      length += chunk.length;
      chunks.push(chunk);
      if (length <= bytesMax) return;
      request.pause();
      end(new Refused('too_large'));
    };
    const giveUp = () => {
      request.pause();
      end(new Refused('bad_request'));
    };
    const callOff = timeoutMs === undefined ? () => {} : realSystem.after(timeoutMs, giveUp);
    // Nobody reads the answer.
    const cut = () => end(new Refused('bad_request'));
    request
      .on('data', take)
      .once('end', () => end())
      .once('error', cut)
      .once('close', cut);
  });
}

function parse(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString('utf8'));
  } catch {
    throw new Refused('bad_request');
  }
}

/** Whether a value has more levels than this. Never goes deeper itself. */
function isDeeperThan(value: unknown, levels: number): boolean {
  if (value === null || typeof value !== 'object') return false;
  if (levels === 0) return true;
  for (const inner of Object.values(value)) {
    if (typeof inner === 'object' && isDeeperThan(inner, levels - 1)) return true;
  }
  return false;
}
