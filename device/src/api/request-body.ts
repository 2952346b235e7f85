import { BODY_BYTES_MAX, FeederError } from '@cat-feeder/shared';

/** How deep arrays and objects may lie in each other. */
const DEPTH_MAX = 32;
/** `application/json`, alone or with the one charset that JSON has. */
const JSON_TYPE = /^application\/json\s*(;\s*charset\s*=\s*"?utf-8"?\s*)?$/i;

/**
 * The JSON of a request, or undefined when it has no body. Reads no more than 64 KiB, whatever
 * the headers promise, and never interprets another content type.
 */
export async function readJsonBody(request: Request): Promise<unknown> {
  const type = request.headers.get('content-type');
  if (type !== null && !JSON_TYPE.test(type)) throw new FeederError('ERR_UNSUPPORTED_MEDIA_TYPE');
  const length = request.headers.get('content-length');
  if (length !== null && Number(length) > BODY_BYTES_MAX)
    throw new FeederError('ERR_BODY_TOO_LARGE');
  const isEmpty = length === '0' || (length === null && !hasStream(request));
  const bytes = isEmpty ? new Uint8Array() : await wholeBody(request, length !== null);
  if (bytes.byteLength === 0) return undefined;
  if (type === null) throw new FeederError('ERR_UNSUPPORTED_MEDIA_TYPE');
  const value = parseJson(bytes);
  refuseOddShapes(value, '', 1);
  return value;
}

function hasStream(request: Request): boolean {
  return request.headers.has('transfer-encoding') || request.body !== null;
}

/** A client that goes away in the middle of its body is no failure of the feeder. */
async function wholeBody(request: Request, isLengthKnown: boolean): Promise<Uint8Array> {
  try {
    return await readBytes(request, isLengthKnown);
  } catch (cause) {
    if (cause instanceof FeederError) throw cause;
    throw new FeederError('ERR_VALIDATION', { message: 'The body broke off.', cause });
  }
}

/** The HTTP parser holds a body to its announced length; a chunked one is counted here. */
async function readBytes(request: Request, isLengthKnown: boolean): Promise<Uint8Array> {
  if (isLengthKnown) {
    const bytes = new Uint8Array(await request.arrayBuffer());
    if (bytes.byteLength > BODY_BYTES_MAX) throw new FeederError('ERR_BODY_TOO_LARGE');
    return bytes;
  }
  const chunks: Uint8Array[] = [];
  let total = 0;
  for await (const chunk of request.body ?? []) {
    total += chunk.byteLength;
    if (total > BODY_BYTES_MAX) throw new FeederError('ERR_BODY_TOO_LARGE');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (cause) {
    throw new FeederError('ERR_MALFORMED_JSON', { cause });
  }
}

/**
 * Refuses nesting past the bound, and names that every object inherits: a schema that asks
 * `name in entries` would take `__proto__` for a known field.
 */
function refuseOddShapes(value: unknown, path: string, depth: number): void {
  if (typeof value !== 'object' || value === null) return;
  if (depth > DEPTH_MAX) {
    throw new FeederError('ERR_VALIDATION', {
      details: [{ path: path.slice(0, 200), message: `lies deeper than ${DEPTH_MAX} levels` }],
    });
  }
  const isArray = Array.isArray(value);
  for (const [key, child] of Object.entries(value)) {
    const childPath = isArray ? `${path}[${key}]` : path === '' ? key : `${path}.${key}`;
    if (!isArray && key in Object.prototype) {
      throw new FeederError('ERR_VALIDATION', {
        details: [{ path: childPath.slice(0, 200), message: 'is not a field of this request' }],
      });
    }
    refuseOddShapes(child, childPath, depth + 1);
  }
}
