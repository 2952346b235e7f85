import type { ClipComplete, ClipPart } from '@cat-feeder/shared';

/** The store of clips is away: nothing is known of what was asked. */
export class ObjectStoreUnavailable extends Error {
  constructor(options: ErrorOptions) {
    super('The store of clips did not answer.', options);
    this.name = 'ObjectStoreUnavailable';
  }
}

/** What an object is bound to before it exists. */
export interface ObjectPlan {
  readonly key: string;
  readonly bytes: number;
  /** Base64url, as it travels. */
  readonly sha256: string;
}

/** An object as the store knows it. */
export interface StoredObject {
  readonly bytes: number;
  /** The tag that the store gave it, without quotes. */
  readonly etag: string;
  /** SHA-256 that the store itself computed over the whole, base64url; null: it keeps none. */
  readonly ownSha256: string | null;
  /** SHA-256 that it was announced with, base64url. */
  readonly announcedSha256: string | null;
}

/** An upload in parts. */
export interface PartsPlace {
  readonly key: string;
  readonly uploadId: string;
}

/**
 * Any S3-compatible store. Bytes of clips never pass through the service: senders and viewers get
 * addresses. Every call may throw `ObjectStoreUnavailable`.
 */
export interface ObjectStore {
  /** Makes the bucket if it is not there, and its rules. */
  prepare(): Promise<void>;
  /** Throws unless the bucket answers. */
  ping(): Promise<void>;
  /** Where the whole object goes, bound to its size and its SHA-256. */
  putUrl(plan: ObjectPlan): Promise<ClipPart>;
  /** Begins an upload in parts; returns its name. */
  beginParts(plan: ObjectPlan): Promise<string>;
  /** Where one part goes, bound to its size. */
  partUrl(at: PartsPlace, part: { readonly n: number; readonly bytes: number }): Promise<ClipPart>;
  /** Sizes of the parts that are there, by number; null: there is no such upload any more. */
  partsThere(at: PartsPlace): Promise<ReadonlyMap<number, number> | null>;
  /** `wrong`: a part is missing or is not what its MD5 says. `gone`: there is no such upload. */
  completeParts(at: PartsPlace, parts: ClipComplete['parts']): Promise<'done' | 'wrong' | 'gone'>;
  /** What is gone already is no error. */
  abortParts(at: PartsPlace): Promise<void>;
  /** The tag of an object that came as a whole, or in parts, with these MD5s in hex. */
  tagOf(md5s: readonly string[], isInParts: boolean): string;
  /** Null: there is none. */
  head(key: string): Promise<StoredObject | null>;
  /** Reads the whole object; its SHA-256 as base64url, null: there is none. */
  readSha256(key: string): Promise<string | null>;
  /** What is gone already is no error. */
  remove(key: string): Promise<void>;
  /** Where a viewer gets it, for a short time. */
  getUrl(key: string): Promise<string>;
}
