import type { SyncRefusal } from '@cat-feeder/shared';
import type { HttpBindings } from '@hono/node-server';
import { type Context, Hono } from 'hono';
import * as v from 'valibot';
import { ObjectStoreUnavailable } from '../clips/object-store.ts';
import type { Answer } from '../core/answer.ts';
import type { Bearer } from '../identity/access-tokens.ts';
import { StorageUnavailable } from '../storage/mysql/storage-unavailable.ts';
import type { ApiDeps } from './deps.ts';
import type { Rate } from './rate-limiter.ts';
import { Refused, reply, replyRefused } from './reply.ts';
import { type BodyBounds, readBody } from './request-body.ts';
import { senderOf } from './sender.ts';

export type CloudApp = Hono<{ Bindings: HttpBindings }>;
export const newApp = (): CloudApp => new Hono<{ Bindings: HttpBindings }>();

/** One request as a route sees it. */
export interface Call {
  readonly incoming: HttpBindings['incoming'];
  readonly outgoing: HttpBindings['outgoing'];
  /** Who sends, whatever it says of itself. */
  readonly sender: string;
  readonly param: (name: string) => string;
  readonly query: (name: string) => string | undefined;
}

const callOf = (c: Context<{ Bindings: HttpBindings }>, { proxies }: ApiDeps): Call => ({
  incoming: c.env.incoming,
  outgoing: c.env.outgoing,
  sender: senderOf(c.env.incoming, proxies),
  param: (key) => c.req.param(key) ?? '',
  query: (key) => c.req.query(key),
});
/** Of one feeder: enough to drain a backlog over any line. */
const REQUESTS = { burst: 400, everyMs: 5 } as const;
/** Requests under way of one bearer, of one sender without a token, and of all those together. */
const BEARER_PLACES = 16;
const SENDER_PLACES = 64;
const STRANGER_PLACES = 2_000;
/** Tokens that are worth nothing, of one sender: each costs a check of a signature. */
const BAD_TOKENS = { burst: 100, everyMs: 500 } as const;
/** Bodies of those without a token: a claim, a proof, two proofs. */
const STRANGER_BODY: BodyBounds = { bytesMax: 8_192, timeoutMs: 5_000 };

type Method = 'GET' | 'POST' | 'PATCH' | 'DELETE';

/** How long whoever meets a database that is away should wait. */
const STORAGE_RETRY_S = 5;
/** Clips can wait. */
const OBJECTS_RETRY_S = 60;

/** Adds a route: admitted, counted, and answered in the one envelope whatever happens inside. */
export function addRoute(
  app: CloudApp,
  deps: ApiDeps,
  place: readonly [Method, string],
  answer: (call: Call) => Promise<Answer<unknown>>,
): void {
  const [method, path] = place;
  app.on(method, path, (c) =>
    counted(deps, `${method} ${path}`, callOf(c, deps), async (call) => {
      const said = await deps.admission.admit(() => answer(call));
      return [reply(said), said.ok ? null : said.refusal];
    }),
  );
}

/**
 * Adds a POST for those who have no token. Their small bodies are read before anybody's place is
 * taken: whoever sends slowly holds up nobody.
 */
export function addOpenRoute<Schema extends v.GenericSchema>(
  app: CloudApp,
  deps: ApiDeps,
  route: {
    readonly path: string;
    readonly schema: Schema;
    /** Throws when this sender, or all of them, ask too often. */
    readonly limited: (call: Call) => void | Promise<void>;
  },
  answer: (body: v.InferOutput<Schema>) => Promise<Answer<unknown>>,
): void {
  const { path, schema, limited } = route;
  app.post(path, (c) =>
    counted(deps, `POST ${path}`, callOf(c, deps), async (call) => {
      hold(deps, call, 'strangers', STRANGER_PLACES);
      hold(deps, call, `sender:${call.sender}`, SENDER_PLACES);
      await limited(call);
      const body = await readBody(call.incoming, schema, STRANGER_BODY);
      const said = await deps.admission.admit(() => answer(body));
      return [reply(said), said.ok ? null : said.refusal];
    }),
  );
}

/** Adds a GET that answers with server-sent events; admitted and counted until it begins to speak. */
export function addStream(
  app: CloudApp,
  deps: ApiDeps,
  path: string,
  open: (call: Call) => Promise<ReadableStream<Uint8Array>>,
): void {
  app.get(path, (c) =>
    counted(deps, `GET ${path}`, callOf(c, deps), async (call) => {
      const stream = await deps.admission.admit(() => open(call));
      const headers = { 'content-type': 'text/event-stream', 'cache-control': 'no-store' };
      return [new Response(stream, { headers }), null];
    }),
  );
}

/** Answers, and counts and tells what was answered. */
async function counted(
  deps: ApiDeps,
  route: string,
  call: Call,
  answer: (call: Call) => Promise<readonly [Response, SyncRefusal | null]>,
): Promise<Response> {
  const beganMs = deps.system.monoMs();
  const end = ([response, refusal]: readonly [Response, SyncRefusal | null]) => {
    if (refusal !== null) deps.refusals.note(route, refusal, call.sender);
    deps.metrics.count(route, refusal ?? 'ok', deps.system.monoMs() - beganMs);
    return response;
  };
  try {
    return end(await answer(call));
  } catch (error) {
    const refused = asRefused(error, deps, route);
    return end([replyRefused(refused), refused.refusal]);
  }
}

/** Takes one of the places of a name until the answer has left; throws `rate_limited` without one. */
function hold({ places }: ApiDeps, { outgoing }: Call, name: string, max: number): void {
  const leave = places.take(name, max);
  if (leave === null) throw new Refused('rate_limited', 1);
  outgoing.once('close', leave);
}

function asRefused(error: unknown, { log }: ApiDeps, route: string): Refused {
  if (error instanceof Refused) return error;
  if (error instanceof StorageUnavailable) {
    log.warn({ route, error: error.cause }, 'The database did not answer.');
    return new Refused('overloaded', STORAGE_RETRY_S);
  }
  if (error instanceof ObjectStoreUnavailable) {
    log.warn({ route, error: error.cause }, 'The store of clips did not answer.');
    return new Refused('overloaded', OBJECTS_RETRY_S);
  }
  log.error({ route, error }, 'A request failed.');
  return new Refused('internal');
}

/** An id in the path; throws `not_found`: what cannot be an id names nothing. */
export function idOf<Schema extends v.GenericSchema<unknown, string>>(
  call: Call,
  name: string,
  schema: Schema,
): string {
  const parsed = v.safeParse(schema, call.param(name));
  if (!parsed.success) throw new Refused('not_found');
  return parsed.output;
}

/** The bearer of the request's token; throws `bad_token`. */
export async function bearerOf<Kind extends Bearer['kind']>(
  deps: ApiDeps,
  call: Call,
  kind: Kind,
): Promise<Extract<Bearer, { kind: Kind }>> {
  const { tokens, system, ownLimiter } = deps;
  const token = /^Bearer ([\w.-]{1,2048})$/.exec(call.incoming.headers.authorization ?? '')?.[1];
  if (token === undefined) throw new Refused('bad_token');
  const tries = `bad:${call.sender}`;
  const waitMs = tokens.isKnown(token) ? 0 : ownLimiter.waitMs(tries, BAD_TOKENS);
  if (waitMs > 0) throw new Refused('rate_limited', Math.ceil(waitMs / 1000));
  const bearer = await tokens.check(token, kind, system.wallMs());
  if (bearer === null) {
    ownLimiter.takeNow(tries, BAD_TOKENS);
    throw new Refused('bad_token');
  }
  const name = bearer.kind === 'device' ? bearer.deviceId : `${bearer.homeId} ${bearer.account}`;
  hold(deps, call, `${kind}:${name}`, BEARER_PLACES);
  return bearer as Extract<Bearer, { kind: Kind }>;
}

/** Throws `rate_limited` with the wait when this happens too often on all nodes together. */
export async function limit({ limiter }: ApiDeps, name: string, rate: Rate): Promise<void> {
  const waitMs = await limiter.take(name, rate);
  if (waitMs > 0) throw new Refused('rate_limited', Math.ceil(waitMs / 1000));
}

/** The same, as far as this node sees it. */
export function limitHere({ ownLimiter }: ApiDeps, name: string, rate: Rate): void {
  const waitMs = ownLimiter.takeNow(name, rate);
  if (waitMs > 0) throw new Refused('rate_limited', Math.ceil(waitMs / 1000));
}

/** Who asks, with a feeder's token; counted. */
export async function feederOf(deps: ApiDeps, call: Call): Promise<string> {
  const { deviceId } = await bearerOf(deps, call, 'device');
  limitHere(deps, `device:${deviceId}`, REQUESTS);
  return deviceId;
}
