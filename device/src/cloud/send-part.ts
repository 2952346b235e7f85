import { open } from 'node:fs/promises';
import { type ClientRequest, request as requestPlain } from 'node:http';
import { request as requestTls } from 'node:https';
import type { ClipPart, Milliseconds } from '@cat-feeder/shared';
import { type Clock, sleep } from '../platform/clock.ts';

const CHUNK_BYTES = 64 * 1024;
/** A line on which nothing moves for so long is dead. */
const STILL_MS: Milliseconds = 60_000;
const loopback = new Set(['127.0.0.1', '[::1]', 'localhost']);

/** Lets bytes through, or not. */
export class Gate {
  #isOpen = true;
  #waiting: (() => void)[] = [];

  close(): void {
    this.#isOpen = false;
  }

  open(): void {
    this.#isOpen = true;
    for (const go of this.#waiting.splice(0)) go();
  }

  async passed(): Promise<void> {
    while (!this.#isOpen) await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }
}

export interface PartToSend {
  readonly path: string;
  readonly part: ClipPart;
  readonly from: number;
  readonly bytes: number;
  /** In hex; the store refuses other bytes. */
  readonly md5: string;
}

export interface SendContext {
  readonly clock: Clock;
  readonly gate: Gate;
  readonly signal: AbortSignal;
  /** Whether addresses without encryption are allowed, on this machine only. */
  readonly isLocal: boolean;
}

/**
 * Sends a piece of a file to a store, at no more than half of what the line takes. Resolves with the
 * store's status; rejects when there was none. Whoever sends the feeder elsewhere is not followed.
 */
export async function sendPart(piece: PartToSend, context: SendContext): Promise<number> {
  const url = new URL(piece.part.url);
  if (!isAllowed(url, context.isLocal)) return 0;
  const handle = await open(piece.path, 'r');
  try {
    const request = begin(url, piece, context.signal);
    const status = statusOf(request);
    // The store may answer before it has everything: then nobody takes the rest.
    const poured = pour(request, { handle, piece, context });
    await Promise.race([status, poured]);
    const said = await status;
    await poured.catch(() => {});
    return said;
  } finally {
    await handle.close();
  }
}

function isAllowed({ protocol, hostname }: URL, isLocal: boolean): boolean {
  return protocol === 'https:' || (protocol === 'http:' && isLocal && loopback.has(hostname));
}

function begin(url: URL, { part, bytes, md5 }: PartToSend, signal: AbortSignal): ClientRequest {
  const send = url.protocol === 'https:' ? requestTls : requestPlain;
  const request = send(url, {
    method: 'PUT',
    signal,
    headers: {
      ...part.headers,
      'content-length': bytes,
      'content-md5': Buffer.from(md5, 'hex').toString('base64'),
    },
  });
  request.setTimeout(STILL_MS, () => request.destroy(new Error('The store does not move.')));
  return request;
}

function statusOf(request: ClientRequest): Promise<number> {
  return new Promise((resolve, reject) => {
    request.once('error', reject);
    request.once('response', (response) => {
      // Its words do not matter, and the line is free after them.
      response.resume();
      response.once('error', reject);
      response.once('end', () => resolve(response.statusCode ?? 0));
    });
  });
}

interface Pour {
  readonly handle: Awaited<ReturnType<typeof open>>;
  readonly piece: PartToSend;
  readonly context: SendContext;
}

async function pour(
  request: ClientRequest,
  { handle, piece: { from, bytes }, context }: Pour,
): Promise<void> {
  const { clock, gate, signal } = context;
  for (let sent = 0; sent < bytes && !request.destroyed; ) {
    await gate.passed();
    const length = Math.min(CHUNK_BYTES, bytes - sent);
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(length), 0, length, from + sent);
    if (bytesRead === 0) {
      request.destroy(new Error('The file of a clip became shorter.'));
      return;
    }
    const beganMs = clock.monoMs();
    await write(request, buffer.subarray(0, bytesRead));
    sent += bytesRead;
    // As long again for everybody else in the house.
    await sleep(clock, 'clip line', clock.monoMs() - beganMs, signal);
  }
  request.end();
}

function write(request: ClientRequest, bytes: Buffer): Promise<void> {
  return new Promise((resolve, reject) => {
    request.write(bytes, (error) => (error ? reject(error) : resolve()));
  });
}
