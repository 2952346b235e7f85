import {
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

/** The file: a key that never leaves this board, and whom it speaks for at which cloud. */
const IdentitySchema = v.object({
  key: v.object({
    kty: v.literal('OKP'),
    crv: v.literal('Ed25519'),
    x: base64url,
    d: base64url,
  }),
  /** What the board is: a copy of the card in another one is another feeder. */
  hw: v.string(),
  /** Null: no cloud knows this feeder. */
  link: v.nullable(
    v.object({ url: v.string(), device: PartyIdSchema, home: PartyIdSchema, account: v.string() }),
  ),
});
type IdentityFile = v.InferOutput<typeof IdentitySchema>;

export type CloudAccount = NonNullable<IdentityFile['link']>;

/** Who this feeder is to a cloud. */
export class DeviceIdentity {
  readonly #path: string;
  readonly #privateKey: KeyObject;
  #file: IdentityFile;

  private constructor(path: string, file: IdentityFile) {
    this.#path = path;
    this.#file = file;
    this.#privateKey = createPrivateKey({ key: { ...file.key }, format: 'jwk' });
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
      const made = { key: newKey(), hw, link: null };
      writeIdentity(path, made);
      return new DeviceIdentity(path, made);
    } catch (error) {
      throw new FeederError('ERR_DATA_DIR', {
        message: `The feeder's identity '${path}' cannot be used.`,
        cause: error,
      });
    }
  }

  get publicKey(): { readonly kty: 'OKP'; readonly crv: 'Ed25519'; readonly x: string } {
    return { kty: 'OKP', crv: 'Ed25519', x: this.#file.key.x };
  }

  get privateKey(): KeyObject {
    return this.#privateKey;
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
    const next = { ...this.#file, link };
    writeIdentity(this.#path, next);
    this.#file = next;
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
