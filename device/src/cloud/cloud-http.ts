import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import {
  type Milliseconds,
  REQUEST_TIMEOUT_MS,
  TimeAnswerSchema,
  TokenAnswerSchema,
} from '@cat-feeder/shared';
import * as v from 'valibot';
import type { RawAnswer } from '../sync/answers.ts';
import type { DeviceIdentity, SigningKey } from './device-identity.ts';
import { makeProof, type ProofWords } from './proof.ts';

const pack = promisify(gzip);

/** Bodies above this are packed. */
const PLAIN_BYTES_MAX = 1024;
/** No answer of the protocol is larger; what goes on beyond comes from somebody else. */
const ANSWER_BYTES_MAX = 4 * 1024 * 1024;
/** A token is changed for a new one so long before its end. */
const TOKEN_MARGIN_MS: Milliseconds = 60_000;

export interface CloudRequest {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly body: unknown;
  readonly timeoutMs: Milliseconds;
}

export interface CloudHttpParts {
  /** The origin of the cloud. */
  readonly url: string;
  readonly identity: DeviceIdentity;
  readonly monoMs: () => Milliseconds;
  /** Of the runtime unless a test brings its own. */
  readonly fetch?: typeof fetch;
}

type CloudWords = Pick<ProofWords, 'audience' | 'nonce' | 'nowMs'>;

/** Nobody answered: refused, reset, cut, too late, too long. */
export class NoAnswer extends Error {
  constructor(cause: unknown) {
    super('The cloud did not answer.', { cause });
    this.name = 'NoAnswer';
  }
}

/** Requests to the cloud, with its token where it is needed. */
export class CloudHttp {
  readonly #parts: CloudHttpParts;
  readonly #fetch: typeof fetch;
  #token: { readonly text: string; readonly endMonoMs: Milliseconds } | null = null;

  constructor(parts: CloudHttpParts) {
    this.#parts = parts;
    this.#fetch = parts.fetch ?? fetch;
  }

  /** One request in this feeder's name. A refusal of its token comes back as what was answered. */
  async send(request: CloudRequest, signal: AbortSignal): Promise<RawAnswer> {
    const token = this.#freshToken() ?? (await this.#login(signal));
    if (typeof token !== 'string') return token;
    const answer = await this.#ask(request, signal, token);
    if (answer.status === 401) this.#token = null;
    return answer;
  }

  /** One request in nobody's name. */
  ask(request: Omit<CloudRequest, 'timeoutMs'>, signal: AbortSignal): Promise<RawAnswer> {
    return this.#ask({ ...request, timeoutMs: REQUEST_TIMEOUT_MS }, signal);
  }

  /** A proof with the cloud's own nonce and time; null when there was no sensible answer. */
  async proof(
    purpose: ProofWords['purpose'],
    deviceId: string | null,
    signal: AbortSignal,
  ): Promise<string | null> {
    const words = await this.#words(signal);
    if ('status' in words) return null;
    return makeProof(this.#parts.identity.current, { ...words, purpose, deviceId });
  }

  /**
   * Asks the cloud to believe another key from now on: both vouch for it. Null: no sensible answer,
   * and only the cloud knows whether it does.
   */
  async rotate(next: SigningKey, deviceId: string, signal: AbortSignal): Promise<RawAnswer | null> {
    const words = await this.#words(signal);
    if ('status' in words) return null;
    const told = { ...words, purpose: 'rotate', deviceId, next: next.thumbprint } as const;
    const body = {
      key: next.publicKey,
      by_old: makeProof(this.#parts.identity.current, told),
      by_new: makeProof(next, told),
    };
    return this.ask({ method: 'POST', path: '/v1/keys/rotate', body }, signal);
  }

  /** What every proof says: the cloud's own nonce and time; or what was answered instead. */
  async #words(signal: AbortSignal): Promise<CloudWords | RawAnswer> {
    const answer = await this.ask({ method: 'GET', path: '/v1/time', body: undefined }, signal);
    const parsed = v.safeParse(TimeAnswerSchema, answer.body);
    if (answer.status !== 200) return answer;
    if (!parsed.success) return { status: 0, body: undefined };
    const { now: nowMs, nonce } = parsed.output;
    return { audience: this.#parts.url, nonce, nowMs };
  }

  forgetToken(): void {
    this.#token = null;
  }

  #freshToken(): string | null {
    const { monoMs } = this.#parts;
    if (this.#token === null || monoMs() > this.#token.endMonoMs) return null;
    return this.#token.text;
  }

  /** The token, or why there is none. */
  async #login(signal: AbortSignal): Promise<string | RawAnswer> {
    const { identity, monoMs } = this.#parts;
    let answer = await this.#assert(identity.current, signal);
    if (answer.status === 401 && identity.next !== null) {
      // The cloud may have taken the next key, and its answer was lost.
      answer = await this.#assert(identity.next, signal);
      if (answer.status === 200) identity.adoptNext();
    }
    if (answer.status === 401 && identity.former !== null) {
      // A cloud from a backup may not have heard of the present key.
      answer = await this.#assert(identity.former, signal);
      if (answer.status === 200) identity.returnToFormer();
    }
    if (answer.status !== 200) return answer;
    const parsed = v.safeParse(TokenAnswerSchema, answer.body);
    if (!parsed.success) return { status: 0, body: undefined };
    const { token: text, expires_s } = parsed.output;
    const lifeMs = Math.max(0, expires_s * 1000 - TOKEN_MARGIN_MS);
    this.#token = { text, endMonoMs: monoMs() + lifeMs };
    return text;
  }

  /** Asks for a token in this feeder's name, by one of its keys. */
  async #assert(by: SigningKey, signal: AbortSignal): Promise<RawAnswer> {
    const { identity, url } = this.#parts;
    const words = await this.#words(signal);
    // A cloud that asks for time, for example, is to get it.
    if ('status' in words) return words;
    const deviceId = identity.accountAt(url)?.device ?? null;
    const assertion = makeProof(by, { ...words, purpose: 'token', deviceId });
    return this.ask({ method: 'POST', path: '/v1/token', body: { assertion } }, signal);
  }

  async #ask(request: CloudRequest, signal: AbortSignal, token?: string): Promise<RawAnswer> {
    const { method, path, body, timeoutMs } = request;
    try {
      const packed = body === undefined ? null : await packBody(body);
      const answer = await this.#fetch(`${this.#parts.url}${path}`, {
        method,
        // Whoever sends the feeder elsewhere is not its cloud.
        redirect: 'manual',
        signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]),
        headers: {
          ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
          ...(packed?.headers ?? {}),
        },
        ...(packed === null ? {} : { body: packed.bytes }),
      });
      const wait = retryAfter(answer.headers.get('retry-after'));
      const told = { status: answer.status, body: await readJson(answer) };
      return wait === undefined ? told : { ...told, retryAfterMs: wait };
    } catch (error) {
      throw new NoAnswer(error);
    }
  }
}

async function packBody(body: unknown) {
  const plain = Buffer.from(JSON.stringify(body));
  const type = { 'content-type': 'application/json' };
  if (plain.length <= PLAIN_BYTES_MAX) return { bytes: plain, headers: type };
  return { bytes: await pack(plain), headers: { ...type, 'content-encoding': 'gzip' } };
}

/** The JSON of an answer; undefined when it is none. Throws when it does not end. */
async function readJson(answer: Response): Promise<unknown> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of answer.body ?? []) {
    length += chunk.length;
    if (length > ANSWER_BYTES_MAX) throw new RangeError('The answer does not end.');
    chunks.push(chunk);
  }
  try {
    return JSON.parse(Buffer.concat(chunks).toString('utf8'));
  } catch {
    return undefined;
  }
}

function retryAfter(header: string | null): Milliseconds | undefined {
  return header !== null && /^\d{1,6}$/.test(header) ? Number(header) * 1000 : undefined;
}
