import { createHash } from 'node:crypto';
import { CLIP_PART_BYTES, type ClipComplete, type ClipPart } from '@cat-feeder/shared';
import {
  type ObjectPlan,
  type ObjectStore,
  ObjectStoreUnavailable,
  type PartsPlace,
  type StoredObject,
} from '../src/clips/object-store.ts';

/** A word that stands for bytes: equal words, equal bytes. Its length is told beside it. */
export interface Content {
  readonly word: string;
  readonly bytes: number;
}

export const md5Of = ({ word, bytes }: Content) =>
  createHash('md5').update(`${bytes}:${word}`).digest('hex');

interface Upload {
  readonly plan: ObjectPlan;
  readonly parts: Map<number, Content>;
}

interface Stored {
  readonly plan: ObjectPlan;
  readonly contents: readonly Content[];
}

/** An object store in memory that is as strict as a real one, and may be away. */
export class MemoryObjects implements ObjectStore {
  isAway = false;
  /** Happens while the store is asked for an object. */
  meanwhile: (() => Promise<void>) | null = null;
  readonly objects = new Map<string, Stored>();
  readonly uploads = new Map<string, Upload>();
  #lastUpload = 0;

  async prepare(): Promise<void> {}

  async ping(): Promise<void> {
    this.#ask();
  }

  async putUrl(plan: ObjectPlan): Promise<ClipPart> {
    return { n: 1, url: `mem:put:${JSON.stringify(plan)}`, headers: {} };
  }

  async beginParts(plan: ObjectPlan): Promise<string> {
    this.#ask();
    this.#lastUpload += 1;
    const uploadId = String(this.#lastUpload);
    this.uploads.set(uploadId, { plan, parts: new Map() });
    return uploadId;
  }

  async partUrl({ uploadId }: PartsPlace, part: { n: number; bytes: number }): Promise<ClipPart> {
    return { n: part.n, url: `mem:part:${JSON.stringify({ uploadId, ...part })}`, headers: {} };
  }

  /** What the store does with a PUT; returns its status. */
  put(url: string, content: Content, md5: string | null): number {
    if (this.isAway) return 503;
    if (md5 !== null && md5Of(content) !== md5) return 400;
    const [, kind = '', text = ''] = /^mem:(\w+):(.*)$/.exec(url) ?? [];
    const asked = JSON.parse(text) as ObjectPlan & { uploadId: string; n: number };
    if (asked.bytes !== content.bytes) return 403;
    if (kind === 'put') {
      // Signed so: an address that was used is of no more use.
      if (this.objects.has(asked.key)) return 412;
      this.objects.set(asked.key, { plan: asked, contents: [content] });
    } else {
      const upload = this.uploads.get(asked.uploadId);
      if (upload === undefined) return 404;
      upload.parts.set(asked.n, content);
    }
    return 200;
  }

  async partsThere({ uploadId }: PartsPlace): Promise<ReadonlyMap<number, number> | null> {
    this.#ask();
    const upload = this.uploads.get(uploadId);
    if (upload === undefined) return null;
    return new Map([...upload.parts].map(([n, { bytes }]) => [n, bytes]));
  }

  async completeParts({ key, uploadId }: PartsPlace, parts: ClipComplete['parts']) {
    this.#ask();
    const upload = this.uploads.get(uploadId);
    if (upload === undefined) return 'gone';
    const contents = parts.map(({ n }) => upload.parts.get(n));
    const isRight = parts.every(({ etag }, i) => {
      const content = contents[i];
      return content !== undefined && md5Of(content) === etag;
    });
    if (!isRight) return 'wrong';
    this.objects.set(key, { plan: upload.plan, contents: contents.flatMap((one) => one ?? []) });
    this.uploads.delete(uploadId);
    return 'done';
  }

  async abortParts({ uploadId }: PartsPlace): Promise<void> {
    this.#ask();
    this.uploads.delete(uploadId);
  }

  tagOf(md5s: readonly string[], isInParts: boolean): string {
    return isInParts ? `${md5s.join('+')}-${md5s.length}` : md5s.join('');
  }

  async head(key: string): Promise<StoredObject | null> {
    this.#ask();
    const found = this.objects.get(key);
    const { meanwhile } = this;
    this.meanwhile = null;
    await meanwhile?.();
    if (found === undefined) return null;
    const bytes = found.contents.reduce((sum, content) => sum + content.bytes, 0);
    const etag = this.tagOf(found.contents.map(md5Of), bytes > CLIP_PART_BYTES);
    return { bytes, etag, ownSha256: null, announcedSha256: found.plan.sha256 };
  }

  async readSha256(): Promise<string | null> {
    this.#ask();
    return null;
  }

  async remove(key: string): Promise<void> {
    this.#ask();
    this.objects.delete(key);
  }

  async getUrl(key: string): Promise<string> {
    return `mem:get:${key}`;
  }

  #ask(): void {
    if (this.isAway) throw new ObjectStoreUnavailable({ cause: new Error('away') });
  }
}
