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

export type CloudApp = Hono<{ Bindings: HttpBindings }>;
export const newApp = (): CloudApp => new Hono<{ Bindings: HttpBindings }>();

/** One request as a route sees it. */
export interface Call {
  readonly incoming: HttpBindings['incoming'];
  readonly param: (name: string) => string;
  readonly query: (name: string) => string | undefined;
}

const callOf = (c: Context<{ Bindings: HttpBindings }>): Call => ({
  incoming: c.env.incoming,
  param: (key) => c.req.param(key) ?? '',
  query: (key) => c.req.query(key),
});
/** Of one feeder: enough to drain a backlog over any line. */
const REQUESTS = { burst: 400, everyMs: 5 } as const;

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
  const name = `${method} ${path}`;
  app.on(method, path, async (c) => {
    const beganMs = deps.system.monoMs();
    const call = callOf(c);
    let word = 'ok';
    try {
      const said = await deps.admission.admit(() => answer(call));
      if (!said.ok) word = said.refusal;
      return reply(said);
    } catch (error) {
      const refused = asRefused(error, deps, name);
      word = refused.refusal;
      return replyRefused(refused);
    } finally {
      deps.metrics.count(name, word, deps.system.monoMs() - beganMs);
    }
  });
}

/** Adds a GET that answers with server-sent events; admitted and counted until it begins to speak. */
export function addStream(
  app: CloudApp,
  deps: ApiDeps,
  path: string,
  open: (call: Call) => Promise<ReadableStream<Uint8Array>>,
): void {
  const name = `GET ${path}`;
  app.get(path, async (c) => {
    const beganMs = deps.system.monoMs();
    const call = callOf(c);
    let word = 'ok';
    try {
      const stream = await deps.admission.admit(() => open(call));
      const headers = { 'content-type': 'text/event-stream', 'cache-control': 'no-store' };
      return new Response(stream, { headers });
    } catch (error) {
      const refused = asRefused(error, deps, name);
      word = refused.refusal;
      return replyRefused(refused);
    } finally {
      deps.metrics.count(name, word, deps.system.monoMs() - beganMs);
    }
  });
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
  { tokens, system }: ApiDeps,
  call: Call,
  kind: Kind,
): Promise<Extract<Bearer, { kind: Kind }>> {
  const token = /^Bearer ([\w.-]{1,2048})$/.exec(call.incoming.headers.authorization ?? '')?.[1];
  if (token === undefined) throw new Refused('bad_token');
  const bearer = await tokens.check(token, kind, system.wallMs());
  if (bearer === null) throw new Refused('bad_token');
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

/** Who sends, for limits on what needs no token. A proxy in front must be the only one to connect. */
export function senderOf(call: Call): string {
  const address = call.incoming.socket.remoteAddress ?? '';
  // Of an IPv6 address, the network: one sender has all the rest.
  return address.includes('.') ? address : address.split(':').slice(0, 4).join(':');
}

/** Who asks, with a feeder's token; counted. */
export async function feederOf(deps: ApiDeps, call: Call): Promise<string> {
  const { deviceId } = await bearerOf(deps, call, 'device');
  limitHere(deps, `device:${deviceId}`, REQUESTS);
  return deviceId;
}
