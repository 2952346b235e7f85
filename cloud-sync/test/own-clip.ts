import { createHash, randomBytes } from 'node:crypto';
import {
  CLIP_PART_BYTES,
  type ClipPart,
  type ClipUploadAnswer,
  ClipUploadAnswerSchema,
} from '@cat-feeder/shared';
import * as v from 'valibot';
import { ask, newId, type Said } from './own-cloud.ts';
import type { OwnFeeder } from './own-feeder.ts';

const md5 = (bytes: Uint8Array, form: 'hex' | 'base64') =>
  createHash('md5').update(bytes).digest(form);

/** A clip of the tests, sent by hand. */
export class OwnClip {
  readonly id = newId();
  readonly bytes: Buffer;
  readonly #feeder: OwnFeeder;

  constructor(feeder: OwnFeeder, length = 50_000) {
    this.#feeder = feeder;
    this.bytes = randomBytes(length);
  }

  get sha256(): string {
    return createHash('sha256').update(this.bytes).digest('base64url');
  }

  announce(part: object = {}): Promise<Said> {
    const body = { bytes: this.bytes.length, sha256: this.sha256, ...part };
    return this.#feeder.post(`/v1/clips/${this.id}/upload`, body);
  }

  /** The same as its schema reads it. */
  async announced(): Promise<ClipUploadAnswer> {
    const said = await this.announce();
    if (said.status !== 200) throw new Error(JSON.stringify(said));
    return v.parse(ClipUploadAnswerSchema, said.body);
  }

  resume(): Promise<Said> {
    return ask(this.#feeder.url, `/v1/clips/${this.id}/upload`, { token: this.#feeder.token });
  }

  partOf(n: number): Buffer {
    return this.bytes.subarray((n - 1) * CLIP_PART_BYTES, n * CLIP_PART_BYTES);
  }

  /** Sends a part to the store, or other bytes in its place; returns the store's status. */
  async put(part: ClipPart, bytes: Uint8Array = this.partOf(part.n)): Promise<number> {
    const answer = await fetch(part.url, {
      method: 'PUT',
      headers: { ...part.headers, 'content-md5': md5(this.partOf(part.n), 'base64') },
      body: Buffer.from(bytes),
    });
    await answer.arrayBuffer();
    return answer.status;
  }

  complete(etags?: readonly string[]): Promise<Said> {
    const count = Math.ceil(this.bytes.length / CLIP_PART_BYTES);
    const own = Array.from({ length: count }, (_, i) => md5(this.partOf(i + 1), 'hex'));
    const parts = (etags ?? own).map((etag, i) => ({ n: i + 1, etag }));
    return this.#feeder.post(`/v1/clips/${this.id}/complete`, { parts });
  }

  /** The whole way. */
  async send(): Promise<Said> {
    const { parts } = await this.announced();
    for (const part of parts) await this.put(part);
    return this.complete();
  }
}
