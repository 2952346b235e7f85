import { createHash } from 'node:crypto';
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  HeadBucketCommand,
  HeadObjectCommand,
  type LifecycleRule,
  ListPartsCommand,
  PutBucketLifecycleConfigurationCommand,
  PutObjectCommand,
  S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import { CLIP_URL_S, type ClipComplete, type ClipPart } from '@cat-feeder/shared';
import {
  type ObjectPlan,
  type ObjectStore,
  ObjectStoreUnavailable,
  type PartsPlace,
  type StoredObject,
} from '../../clips/object-store.ts';
import { CLIP_PREFIX } from './clip-key.ts';

/** Uploads in parts that nobody went on with end after this many days. */
const INCOMPLETE_DAYS = 2;
/** A viewer's address. */
const VIEW_URL_S = 300;
const CONNECT_TIMEOUT_MS = 2_000;
const REQUEST_TIMEOUT_MS = 10_000;
const TRIES = 2;
const VIDEO = 'video/mp4';
/** What the clip's SHA-256 is called among its metadata. */
const SHA256_META = 'sha256';

export interface S3Options {
  /** Where the service reaches the store. */
  readonly url: string;
  /** Where feeders and viewers do. */
  readonly publicUrl: string;
  readonly bucket: string;
  readonly region: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  /** How long clips are kept: the store's own rule. */
  readonly days: number;
}

/** Clips in any S3-compatible store; their bytes go there straight from the feeder. */
export class S3ObjectStore implements ObjectStore {
  readonly #options: S3Options;
  readonly #client: S3Client;
  /** Signs addresses only. */
  readonly #signer: S3Client;

  constructor(options: S3Options) {
    this.#options = options;
    this.#client = clientOf(options, options.url);
    this.#signer = clientOf(options, options.publicUrl);
  }

  async prepare(): Promise<void> {
    const { bucket: Bucket, days } = this.#options;
    await this.#asked(async () => {
      if (!(await this.#hasBucket())) await this.#client.send(new CreateBucketCommand({ Bucket }));
      await this.#client.send(
        new PutBucketLifecycleConfigurationCommand({
          Bucket,
          LifecycleConfiguration: { Rules: [clipsRule(days)] },
        }),
      );
    });
  }

  async ping(): Promise<void> {
    const { bucket: Bucket } = this.#options;
    await this.#asked(() => this.#client.send(new HeadBucketCommand({ Bucket })));
  }

  async putUrl({ key, bytes, sha256 }: ObjectPlan): Promise<ClipPart> {
    const headers = {
      'content-type': VIDEO,
      // What is there stays as it is, however long the address is good.
      'if-none-match': '*',
      'x-amz-checksum-sha256': base64(sha256),
      [`x-amz-meta-${SHA256_META}`]: sha256,
    };
    const command = new PutObjectCommand({
      ...this.#at(key),
      ContentLength: bytes,
      ContentType: VIDEO,
      IfNoneMatch: '*',
      ChecksumSHA256: base64(sha256),
      Metadata: { [SHA256_META]: sha256 },
    });
    return { n: 1, url: await this.#sign(command, Object.keys(headers)), headers };
  }

  beginParts({ key, sha256 }: ObjectPlan): Promise<string> {
    return this.#asked(async () => {
      const command = new CreateMultipartUploadCommand({
        ...this.#at(key),
        ContentType: VIDEO,
        Metadata: { [SHA256_META]: sha256 },
      });
      const { UploadId } = await this.#client.send(command);
      if (UploadId === undefined) throw new TypeError('The store named no upload.');
      return UploadId;
    });
  }

  async partUrl(
    { key, uploadId }: PartsPlace,
    { n, bytes }: { readonly n: number; readonly bytes: number },
  ): Promise<ClipPart> {
    const command = new UploadPartCommand({
      ...this.#at(key),
      ...{ UploadId: uploadId, PartNumber: n, ContentLength: bytes },
    });
    return { n, url: await this.#sign(command, []), headers: {} };
  }

  partsThere({ key, uploadId }: PartsPlace): Promise<ReadonlyMap<number, number> | null> {
    return this.#asked(async () => {
      try {
        const command = new ListPartsCommand({ ...this.#at(key), UploadId: uploadId });
        const { Parts = [] } = await this.#client.send(command);
        return new Map(Parts.map(({ PartNumber = 0, Size = 0 }) => [PartNumber, Size]));
      } catch (error) {
        if (isEnded(error)) return null;
        throw error;
      }
    });
  }

  completeParts({ key, uploadId }: PartsPlace, parts: ClipComplete['parts']) {
    return this.#asked(async () => {
      const Parts = parts.map(({ n, etag }) => ({ PartNumber: n, ETag: `"${etag}"` }));
      const command = new CompleteMultipartUploadCommand({
        ...this.#at(key),
        ...{ UploadId: uploadId, MultipartUpload: { Parts } },
      });
      try {
        await this.#client.send(command);
        return 'done';
      } catch (error) {
        if (isEnded(error)) return 'gone';
        if (wrongParts.has(nameOf(error))) return 'wrong';
        throw error;
      }
    });
  }

  async abortParts({ key, uploadId }: PartsPlace): Promise<void> {
    await this.#asked(async () => {
      const command = new AbortMultipartUploadCommand({ ...this.#at(key), UploadId: uploadId });
      try {
        await this.#client.send(command);
      } catch (error) {
        if (!isEnded(error)) throw error;
      }
    });
  }

  tagOf(md5s: readonly string[], isInParts: boolean): string {
    if (!isInParts) return md5s.join('');
    const hash = createHash('md5');
    for (const md5 of md5s) hash.update(Buffer.from(md5, 'hex'));
    return `${hash.digest('hex')}-${md5s.length}`;
  }

  head(key: string): Promise<StoredObject | null> {
    return this.#asked(async () => {
      try {
        const command = new HeadObjectCommand({ ...this.#at(key), ChecksumMode: 'ENABLED' });
        const found = await this.#client.send(command);
        const own = found.ChecksumType === 'FULL_OBJECT' ? found.ChecksumSHA256 : undefined;
        return {
          bytes: found.ContentLength ?? 0,
          etag: (found.ETag ?? '').replaceAll('"', ''),
          ownSha256: own === undefined ? null : Buffer.from(own, 'base64').toString('base64url'),
          announcedSha256: found.Metadata?.[SHA256_META] ?? null,
        };
      } catch (error) {
        if (isMissing(error)) return null;
        throw error;
      }
    });
  }

  readSha256(key: string): Promise<string | null> {
    return this.#asked(async () => {
      try {
        const { Body } = await this.#client.send(new GetObjectCommand(this.#at(key)));
        const hash = createHash('sha256');
        for await (const chunk of Body as AsyncIterable<Uint8Array>) hash.update(chunk);
        return hash.digest('base64url');
      } catch (error) {
        if (isMissing(error)) return null;
        throw error;
      }
    });
  }

  async remove(key: string): Promise<void> {
    await this.#asked(() => this.#client.send(new DeleteObjectCommand(this.#at(key))));
  }

  getUrl(key: string): Promise<string> {
    return getSignedUrl(this.#signer, new GetObjectCommand(this.#at(key)), {
      expiresIn: VIEW_URL_S,
    });
  }

  close(): void {
    this.#client.destroy();
    this.#signer.destroy();
  }

  /** The size is always part of what is signed; the headers, when they are sent as they are. */
  #sign(command: PutObjectCommand | UploadPartCommand, headers: readonly string[]) {
    return getSignedUrl(this.#signer, command as PutObjectCommand, {
      expiresIn: CLIP_URL_S,
      signableHeaders: new Set(['host', 'content-length', ...headers]),
      unhoistableHeaders: new Set(headers),
    });
  }

  async #hasBucket(): Promise<boolean> {
    try {
      await this.#client.send(new HeadBucketCommand({ Bucket: this.#options.bucket }));
      return true;
    } catch (error) {
      if (isMissing(error)) return false;
      throw error;
    }
  }

  #at(key: string) {
    return { Bucket: this.#options.bucket, Key: key };
  }

  async #asked<T>(ask: () => Promise<T>): Promise<T> {
    try {
      return await ask();
    } catch (error) {
      throw new ObjectStoreUnavailable({ cause: error });
    }
  }
}

/** What the store does by itself. A day more: no clip that a member was promised is gone. */
function clipsRule(days: number): LifecycleRule {
  return {
    ID: 'cat-feeder-clips',
    Status: 'Enabled',
    Filter: { Prefix: CLIP_PREFIX },
    Expiration: { Days: days + 1 },
    AbortIncompleteMultipartUpload: { DaysAfterInitiation: INCOMPLETE_DAYS },
  };
}

/** Path style, and no checksums that only some stores know: what every store understands. */
function clientOf(options: S3Options, endpoint: string): S3Client {
  const { region, accessKeyId, secretAccessKey } = options;
  return new S3Client({
    endpoint,
    region,
    credentials: { accessKeyId, secretAccessKey },
    forcePathStyle: true,
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    maxAttempts: TRIES,
    requestHandler: {
      connectionTimeout: CONNECT_TIMEOUT_MS,
      requestTimeout: REQUEST_TIMEOUT_MS,
      throwOnRequestTimeout: true,
    },
  });
}

const wrongParts: ReadonlySet<string> = new Set([
  'InvalidPart',
  'InvalidPartOrder',
  'EntityTooSmall',
  'InvalidRequest',
]);

function nameOf(error: unknown): string {
  return error instanceof Error ? error.name : '';
}

function isMissing(error: unknown): boolean {
  return ['NotFound', 'NoSuchKey', 'NoSuchBucket'].includes(nameOf(error));
}

/** Of an upload in parts; some stores say that its key is missing. */
function isEnded(error: unknown): boolean {
  return nameOf(error) === 'NoSuchUpload' || isMissing(error);
}

function base64(base64url: string): string {
  return Buffer.from(base64url, 'base64url').toString('base64');
}
