import { createHmac, randomBytes } from 'node:crypto';
import {
  type CryptoKey,
  calculateJwkThumbprint,
  exportJWK,
  generateKeyPair,
  importJWK,
} from 'jose';
import * as v from 'valibot';

const base64url = v.pipe(v.string(), v.regex(/^[A-Za-z0-9_-]{43}$/));
const PrivateKeySchema = v.object({
  kty: v.literal('OKP'),
  crv: v.literal('Ed25519'),
  x: base64url,
  d: base64url,
});

/** The keys file: the first key signs, all of them are believed, so that one can follow another. */
const KeysSchema = v.object({
  tokens: v.pipe(v.array(PrivateKeySchema), v.minLength(1), v.maxLength(4)),
  /** 32 bytes: of the nonces, and of what stands for claim codes in the database. */
  secret: base64url,
});

/** What all nodes of one service have in common. */
export interface ServiceKeys {
  readonly signing: { readonly kid: string; readonly key: CryptoKey };
  readonly verifying: ReadonlyMap<string, CryptoKey>;
  /** A keyed digest for one purpose. */
  readonly mac: (purpose: string, bytes: string | Uint8Array) => Buffer;
}

/** A new keys file's text. */
export async function newServiceKeys(): Promise<string> {
  const { privateKey } = await generateKeyPair('EdDSA', { crv: 'Ed25519', extractable: true });
  const { kty, crv, x, d } = await exportJWK(privateKey);
  const secret = randomBytes(32).toString('base64url');
  return `${JSON.stringify({ tokens: [{ kty, crv, x, d }], secret }, null, 2)}\n`;
}

/** Reads a keys file's text; throws on anything else. */
export async function readServiceKeys(text: string): Promise<ServiceKeys> {
  const { tokens, secret } = v.parse(KeysSchema, JSON.parse(text));
  const verifying = new Map<string, CryptoKey>();
  let signing: ServiceKeys['signing'] | undefined;
  for (const { d, ...publicJwk } of tokens) {
    const kid = await calculateJwkThumbprint(publicJwk);
    verifying.set(kid, (await importJWK(publicJwk, 'EdDSA')) as CryptoKey);
    signing ??= { kid, key: (await importJWK({ ...publicJwk, d }, 'EdDSA')) as CryptoKey };
  }
  if (signing === undefined) throw new TypeError('There is no key to sign with.');
  const key = Buffer.from(secret, 'base64url');
  const mac = (purpose: string, bytes: string | Uint8Array) =>
    createHmac('sha256', key).update(`${purpose}\0`).update(bytes).digest();
  return { signing, verifying, mac };
}
