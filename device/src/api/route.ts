import type { ErrorCode } from '@cat-feeder/shared';
import type * as v from 'valibot';

export type Method = 'GET' | 'POST' | 'PATCH' | 'DELETE';

/**
 * Who may call a route. `public` needs nothing; `local` is for programs and people on this
 * machine, which the loopback address stands for until there are accounts.
 */
export type AuthPolicy = 'public' | 'local';

type Schema = v.GenericSchema;
type Output<S> = S extends Schema ? v.InferOutput<S> : undefined;

/** What a request for a file says of the copy that the client has. Null: nothing. */
export interface FileConditions {
  /** Never of a HEAD, which has no bytes to choose from. */
  readonly range: string | null;
  readonly ifRange: string | null;
  readonly ifNoneMatch: string | null;
}

/** A request whose every part fits its schema. */
export interface RouteRequest<Params = unknown, Query = unknown, Body = unknown> {
  readonly params: Params;
  readonly query: Query;
  readonly body: Body;
  readonly requestId: string;
  /** The id of the last event that a returning event stream has seen. */
  readonly lastEventId: string | null;
  readonly conditions: FileConditions;
}

/** A success: `data` goes into the envelope. */
export interface Reply<Data> {
  readonly status: number;
  readonly data: Data;
  readonly headers?: Readonly<Record<string, string>>;
}

/** What is not JSON: event streams and metrics. */
export interface MediaType {
  readonly contentType: string;
}

/** A success that is no JSON, sent as it is. */
export interface MediaReply {
  readonly status: number;
  readonly body: string | Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array> | null;
  readonly headers: Readonly<Record<string, string>>;
}

type Handled<R> = R extends Schema ? Reply<v.InferOutput<R>> : MediaReply;

interface RouteShape<
  P extends Schema | undefined,
  Q extends Schema | undefined,
  B extends Schema | undefined,
  R extends Schema | MediaType,
> {
  readonly method: Method;
  /** From the root, parameters as `:id`. */
  readonly path: string;
  readonly operationId: string;
  readonly summary: string;
  readonly tags: readonly string[];
  readonly auth: AuthPolicy;
  readonly params?: P;
  readonly query?: Q;
  readonly body?: B;
  readonly bodyExample?: unknown;
  readonly response: R;
  /** What each status of a success means. */
  readonly statuses: Readonly<Record<number, string>>;
  /** Codes of its own, besides those that every route may answer with. */
  readonly errors: readonly ErrorCode[];
  /** `feed`: at most 30 a minute from one address, because it moves the motor. */
  readonly rateLimit?: 'feed';
  /** Whether this was asked before: it gets its first answer and moves nothing, so it is not limited. */
  readonly isRepeat?: (request: RouteRequest<Output<P>, Output<Q>, Output<B>>) => boolean;
  readonly handler: (
    request: RouteRequest<Output<P>, Output<Q>, Output<B>>,
  ) => Handled<R> | Promise<Handled<R>>;
}

/** One route as plain data: all that documents, guards and serves it. */
export interface RouteDef
  extends Omit<
    RouteShape<Schema | undefined, Schema | undefined, Schema | undefined, Schema | MediaType>,
    'handler' | 'isRepeat'
  > {
  readonly isRepeat?: (request: RouteRequest) => boolean;
  readonly handler: (
    request: RouteRequest,
  ) => Reply<unknown> | MediaReply | Promise<Reply<unknown> | MediaReply>;
}

/** Checks at compile time that the handler takes and returns what the schemas say. */
export function defineRoute<
  R extends Schema | MediaType,
  P extends Schema | undefined = undefined,
  Q extends Schema | undefined = undefined,
  B extends Schema | undefined = undefined,
>(route: RouteShape<P, Q, B, R>): RouteDef {
  return route as RouteDef;
}

/** 200 with data. */
export function ok<Data>(data: Data): Reply<Data> {
  return { status: 200, data };
}

/** 201 with the new entity and where it lives. */
export function created<Data>(data: Data, location: string): Reply<Data> {
  return { status: 201, data, headers: { location } };
}

/** What a removal answers. */
export const done: Reply<{ done: true }> = { status: 200, data: { done: true } };

/** The names of a path's parameters: `/pets/:id` has `id`. */
export function paramNames(path: string): string[] {
  return [...path.matchAll(/:([A-Za-z]+)/g)].map((match) => match[1] ?? '');
}

export function isSchema(response: Schema | MediaType): response is Schema {
  return !('contentType' in response);
}
