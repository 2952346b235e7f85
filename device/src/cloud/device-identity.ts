import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
} from 'node:crypto';
import {
  closeSync,
  existsSync,
  fsyncSync,
  openSync,
  readFileSync,
  renameSync,
  writeSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { FeederError, PartyIdSchema } from '@cat-feeder/shared';
import * as v from 'valibot';

const base64url = v.pipe(v.string(), v.regex(/^[A-Za-z0-9_-]{43}$/));

const PrivateKeySchema = v.object({
  kty: v.literal('OKP'),
  crv: v.literal('Ed25519'),
  x: base64url,
  d: base64url,
});

/** The file: a key that never leaves this board, and whom it speaks for at which cloud. */
const IdentitySchema = v.object({
  key: PrivateKeySchema,
  /** A key that is to follow: whether the cloud has heard of it, only the cloud knows. */
  next: v.optional(v.nullable(PrivateKeySchema), null),
  /** The key before this one: a cloud that was restored from a backup may know only that. */
  former: v.optional(v.nullable(PrivateKeySchema), null),
  /** What the board is: a copy of the card in another one is another feeder. */
  hw: v.string(),
  /** Null: no cloud knows this feeder. */
  link: v.nullable(
    v.object({ url: v.string(), device: PartyIdSchema, home: PartyIdSchema, account: v.string() }),
  ),
});
type IdentityFile = v.InferOutput<typeof IdentitySchema>;
export interface PublicKey {
  readonly kty: 'OKP';
  readonly crv: 'Ed25519';
  readonly x: string;
}

/** A key that can sign, and what others know it by. */
export interface SigningKey {
  readonly publicKey: PublicKey;
  readonly privateKey: KeyObject;
  /** RFC 7638. */
  readonly thumbprint: string;
}

export type CloudAccount = NonNullable<IdentityFile['link']>;

/** Who this feeder is to a cloud. */
export class DeviceIdentity {
  readonly #path: string;
  #current: SigningKey;
  #file: IdentityFile;

  private constructor(path: string, file: IdentityFile) {
    this.#path = path;
    this.#file = file;
    this.#current = signingKey(file.key);
  }

  /**
   * Reads the identity, or makes one. A file of another board is kept aside: two boards must not
   * speak as one. Throws `ERR_DATA_DIR` when it cannot be read or written.
   */
  static open(path: string, hw: string): DeviceIdentity {
    try {
      const known = existsSync(path) ? readIdentity(path) : null;
      if (known !== null && known.hw === hw) return new DeviceIdentity(path, known);
      if (existsSync(path)) renameSync(path, `${path}.of-another-board`);
      const made = { key: newKey(), next: null, former: null, hw, link: null };
      writeIdentity(path, made);
      return new DeviceIdentity(path, made);
    } catch (error) {
      throw new FeederError('ERR_DATA_DIR', {
        message: `The feeder's identity '${path}' cannot be used.`,
        cause: error,
      });
    }
  }

  get publicKey(): PublicKey {
    return this.#current.publicKey;
  }

  get privateKey(): KeyObject {
    return this.#current.privateKey;
  }

  /** The key that speaks for this feeder now. */
  get current(): SigningKey {
    return this.#current;
  }

  /** The key that is to follow; null: none is. */
  get next(): SigningKey | null {
    const { next } = this.#file;
    return next === null ? null : signingKey(next);
  }

  /** The key before this one; null: there was none. */
  get former(): SigningKey | null {
    const { former } = this.#file;
    return former === null ? null : signingKey(former);
  }

  get hw(): string {
    return this.#file.hw;
  }

  /** The account at this cloud; null: it knows nothing of this feeder. */
  accountAt(url: string): CloudAccount | null {
    const { link } = this.#file;
    return link?.url === url ? link : null;
  }

  /** Durable when it returns. */
  setAccount(link: CloudAccount | null): void {
    this.#put({ ...this.#file, link });
  }

  /** Makes the key that is to follow, unless there is one: it is durable before anybody hears of it. */
  prepareNext(): SigningKey {
    const next = this.#file.next ?? newKey();
    if (this.#file.next === null) this.#put({ ...this.#file, next });
    return signingKey(next);
  }

  /** The key that was to follow is the one from now on. */
  adoptNext(): void {
    const { next } = this.#file;
    if (next === null) return;
    this.#put({ ...this.#file, key: next, next: null, former: this.#file.key });
    this.#current = signingKey(next);
  }

  /** The key before is the one again, and the present one is to follow it. */
  returnToFormer(): void {
    const { former, key } = this.#file;
    if (former === null) return;
    this.#put({ ...this.#file, key: former, next: key, former: null });
    this.#current = signingKey(former);
  }

  #put(file: IdentityFile): void {
    writeIdentity(this.#path, file);
    this.#file = file;
  }
}

/** Null when it is damaged: then a new one is made, and claimed anew. */
function readIdentity(path: string): IdentityFile | null {
  try {
    const file = v.parse(IdentitySchema, JSON.parse(readFileSync(path, 'utf8')));
    const derived = createPublicKey(createPrivateKey({ key: { ...file.key }, format: 'jwk' }));
    return derived.export({ format: 'jwk' }).x === file.key.x ? file : null;
  } catch (error) {
    if (error instanceof Error && 'errno' in error) throw error;
    return null;
  }
}

function signingKey({ kty, crv, x, d }: IdentityFile['key']): SigningKey {
  return {
    publicKey: { kty, crv, x },
    privateKey: createPrivateKey({ key: { kty, crv, x, d }, format: 'jwk' }),
    thumbprint: createHash('sha256').update(JSON.stringify({ crv, kty, x })).digest('base64url'),
  };
}

function newKey(): IdentityFile['key'] {
  const { x = '', d = '' } = generateKeyPairSync('ed25519').privateKey.export({ format: 'jwk' });
  return { kty: 'OKP', crv: 'Ed25519', x, d };
}

function writeIdentity(path: string, file: IdentityFile): void {
  const text = `${JSON.stringify(file)}\n`;
  const draft = `${path}.new`;
  const handle = openSync(draft, 'w', 0o600);
  try {
    writeSync(handle, text);
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
  renameSync(draft, path);
  const folder = openSync(dirname(path), 'r');
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
}
