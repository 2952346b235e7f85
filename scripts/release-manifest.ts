import { createHash, createPublicKey, sign as signBytes, verify as verifyBytes } from 'node:crypto';
import * as v from 'valibot';

/** Names of the signed description of a release and of its signature, beside the tarballs. */
export const MANIFEST_FILE = 'cat-feeder.release.json';
export const SIGNATURE_FILE = `${MANIFEST_FILE}.sig`;
/** More than any release will ever need; what is larger is not read. */
export const MANIFEST_BYTES_MAX = 65_536;
export const TARBALL_BYTES_MAX = 256 * 1024 * 1024;

export const arches = ['arm64', 'x64'] as const;
export type Arch = (typeof arches)[number];

const VERSION = /^(\d{1,6})\.(\d{1,6})\.(\d{1,6})(?:-([0-9A-Za-z]+(?:\.[0-9A-Za-z]+)*))?$/;
const VersionSchema = v.pipe(v.string(), v.regex(VERSION, 'is no version like 1.2.3'));

const ManifestSchema = v.strictObject({
  format: v.literal(1),
  name: v.literal('cat-feeder'),
  version: VersionSchema,
  /** Number of the database schema that the release works with. */
  schema: v.pipe(v.number(), v.integer(), v.minValue(1)),
  tarballs: v.pipe(
    v.array(
      v.strictObject({
        arch: v.picklist(arches),
        /** A plain name: it is joined with the directory of the manifest. */
        file: v.pipe(v.string(), v.regex(/^cat-feeder-[0-9A-Za-z.-]+\.tar\.gz$/)),
        bytes: v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(TARBALL_BYTES_MAX)),
        sha256: v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/)),
      }),
    ),
    v.minLength(1),
    v.maxLength(8),
  ),
});

export type ReleaseManifest = v.InferOutput<typeof ManifestSchema>;
export type Tarball = ReleaseManifest['tarballs'][number];

/** What a feeder decides about an offered release, before anything is downloaded. */
export type Offer =
  | { readonly kind: 'newer'; readonly manifest: ReleaseManifest; readonly tarball: Tarball }
  | { readonly kind: 'nothing-new'; readonly version: string }
  | { readonly kind: 'refused'; readonly why: string };

export interface OfferQuestion {
  readonly manifest: Uint8Array;
  /** Base64, as in the signature file. */
  readonly signature: string;
  readonly publicKeyPem: string;
  readonly installed: string;
  readonly arch: string;
  /** Versions that were tried here and undone. */
  readonly refused: readonly string[];
}

/** The signature is checked before a single byte is interpreted. */
export function judgeOffer(question: OfferQuestion): Offer {
  const refuse = (why: string): Offer => ({ kind: 'refused', why });
  if (question.manifest.length > MANIFEST_BYTES_MAX) return refuse('Its description is too long.');
  if (!isSignedBy(question)) {
    return refuse('It is not signed by the key that this feeder trusts.');
  }
  const manifest = parseManifest(question.manifest);
  if (manifest === null) return refuse('It is signed, but its description has an unknown form.');
  const { version } = manifest;
  const order = compareVersions(version, question.installed);
  if (order === 0) return { kind: 'nothing-new', version };
  if (order < 0) {
    return refuse(`It is older (${version}) than what is installed (${question.installed}).`);
  }
  if (question.refused.includes(version)) {
    return refuse(`Version ${version} was tried here before and did not become ready.`);
  }
  const tarball = manifest.tarballs.find(({ arch }) => arch === question.arch);
  if (tarball === undefined) return refuse(`It has nothing for this machine (${question.arch}).`);
  return { kind: 'newer', manifest, tarball };
}

/** Ed25519 over the bytes of the manifest file; base64. */
export function signManifest(manifest: Uint8Array, privateKeyPem: string): string {
  return signBytes(null, manifest, privateKeyPem).toString('base64');
}

function isSignedBy({ manifest, signature, publicKeyPem }: OfferQuestion): boolean {
  const bytes = Buffer.from(signature.trim(), 'base64');
  const key = createPublicKey(publicKeyPem);
  return (
    key.asymmetricKeyType === 'ed25519' &&
    bytes.length === 64 &&
    verifyBytes(null, manifest, key, bytes)
  );
}

function parseManifest(bytes: Uint8Array): ReleaseManifest | null {
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    const parsed = v.safeParse(ManifestSchema, JSON.parse(text));
    return parsed.success ? parsed.output : null;
  } catch {
    return null; // Not text, or not JSON: the caller says so.
  }
}

/** Negative when `a` is older. A pre-release (1.2.3-rc.1) is older than its release. */
export function compareVersions(a: string, b: string): number {
  const [partsA, partsB] = [versionParts(a), versionParts(b)];
  for (let i = 0; i < 3; i += 1) {
    const difference = (partsA.numbers[i] ?? 0) - (partsB.numbers[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return comparePre(partsA.pre, partsB.pre);
}

function comparePre(a: readonly string[], b: readonly string[]): number {
  if (a.length === 0 || b.length === 0) return b.length - a.length;
  for (let i = 0; i < Math.max(a.length, b.length); i += 1) {
    const [left, right] = [a[i], b[i]];
    if (left === undefined || right === undefined) return left === undefined ? -1 : 1;
    const isNumeric = [left, right].map((text) => /^\d+$/.test(text));
    if (isNumeric[0] !== isNumeric[1]) return isNumeric[0] ? -1 : 1;
    const order = isNumeric[0] ? Number(left) - Number(right) : left < right ? -1 : +(left > right);
    if (order !== 0) return order;
  }
  return 0;
}

function versionParts(version: string): { numbers: number[]; pre: string[] } {
  const match = VERSION.exec(version);
  if (match === null) throw new TypeError(`${version} is no version like 1.2.3`);
  const [, major, minor, patch, pre] = match;
  return { numbers: [major, minor, patch].map(Number), pre: pre?.split('.') ?? [] };
}

export function sha256Hex(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
