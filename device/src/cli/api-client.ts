import { API_PREFIX, type ErrorEnvelope, ErrorEnvelopeSchema } from '@cat-feeder/shared';
import * as v from 'valibot';
import type { CliIo } from './command.ts';

/** Longer than the slowest answer: a stop waits until what fell is weighed and written. */
const ANSWER_TIMEOUT_MS = 90_000;
/** A day of video over a slow network. */
const DOWNLOAD_TIMEOUT_MS = 3_600_000;

/** The feeder said no. */
export class RefusedError extends Error {
  readonly error: ErrorEnvelope['error'];

  constructor(error: ErrorEnvelope['error']) {
    super(error.message);
    this.name = 'RefusedError';
    this.error = error;
  }
}

/** Nobody answers, or something that is no feeder. */
export class UnreachableError extends Error {
  constructor(sentence: string, cause?: unknown) {
    super(sentence, { cause });
    this.name = 'UnreachableError';
  }
}

/** The local API, as a program calls it. */
export class ApiClient {
  readonly #io: Pick<CliIo, 'fetch'>;
  readonly #url: string;

  constructor(io: Pick<CliIo, 'fetch'>, url: string) {
    this.#io = io;
    this.#url = url.replace(/\/+$/, '');
  }

  get<T>(path: string): Promise<T> {
    return this.#call<T>('GET', path);
  }

  post<T>(path: string, body?: object): Promise<T> {
    return this.#call<T>('POST', path, body);
  }

  patch<T>(path: string, body: object): Promise<T> {
    return this.#call<T>('PATCH', path, body);
  }

  remove<T>(path: string): Promise<T> {
    return this.#call<T>('DELETE', path);
  }

  /** The bytes of an answer that is no JSON; they may take up to an hour. */
  async download(path: string): Promise<ReadableStream<Uint8Array>> {
    const response = await this.#fetch(path, { signal: AbortSignal.timeout(DOWNLOAD_TIMEOUT_MS) });
    if (response.ok && response.body !== null) return response.body;
    throw this.#refusalIn(await this.#json(response));
  }

  async #call<T>(method: string, path: string, body?: object): Promise<T> {
    const init: RequestInit = { method, signal: AbortSignal.timeout(ANSWER_TIMEOUT_MS) };
    if (body !== undefined) {
      init.body = JSON.stringify(body);
      init.headers = { 'content-type': 'application/json' };
    }
    const answer = await this.#json(await this.#fetch(path, init));
    if (typeof answer === 'object' && answer !== null && 'data' in answer) return answer.data as T;
    throw this.#refusalIn(answer);
  }

  async #fetch(path: string, init: RequestInit): Promise<Response> {
    try {
      return await this.#io.fetch(`${this.#url}${API_PREFIX}${path}`, init);
    } catch (cause) {
      throw new UnreachableError(`No feeder answers at ${this.#url}.`, cause);
    }
  }

  async #json(response: Response): Promise<unknown> {
    try {
      return await response.json();
    } catch (cause) {
      throw new UnreachableError(`What answers at ${this.#url} is no feeder.`, cause);
    }
  }

  #refusalIn(answer: unknown): Error {
    const failure = v.safeParse(ErrorEnvelopeSchema, answer);
    if (failure.success) return new RefusedError(failure.output.error);
    return new UnreachableError(`What answers at ${this.#url} is no feeder.`);
  }
}
