import { randomUUID } from 'node:crypto';
import { FeederError } from '@cat-feeder/shared';
import { type Context, Hono } from 'hono';
import * as v from 'valibot';
import type { ApiDeps } from './deps.ts';
import { errorReply } from './error-reply.ts';
import type { Metrics } from './metrics.ts';
import { RateLimit } from './rate-limit.ts';
import { readJsonBody } from './request-body.ts';
import type { RouteDef, RouteRequest } from './route.ts';
import { ownHosts, refuseCrossSite, refuseForeignHost, securityHeaders } from './security.ts';
import { StaticFiles } from './static-files.ts';
import { validate } from './validation.ts';

/** Requests a minute, from one address, that may move the motor. */
const FEED_REQUESTS_PER_MINUTE = 30;

/** What Hono carries along with a request. */
export type ApiEnv = {
  Variables: { requestId: string; route: string };
  Bindings: { incoming?: { socket?: { remoteAddress?: string | undefined } } };
};

/** What the API must know besides its parts. */
export interface ApiOptions {
  /** The port that is bound; only names with this port are the feeder's own. */
  readonly port: () => number;
  /** Directory of the built page; null: API only. */
  readonly uiDir: string | null;
}

export interface MountParts {
  readonly deps: ApiDeps;
  readonly options: ApiOptions;
  readonly routes: readonly RouteDef[];
  readonly metrics: Metrics;
}

/**
 * The only place that touches the web framework. A request passes, in this order: id, headers,
 * host, site, rate, parameters, query, body, handler, envelope.
 */
export function mount({ deps, options, routes, metrics }: MountParts): Hono<ApiEnv> {
  const app = new Hono<ApiEnv>();
  const feedLimit = new RateLimit(FEED_REQUESTS_PER_MINUTE);
  const files = new StaticFiles(options.uiDir);
  app.use('*', async (c, next) => {
    const begunMs = deps.clock.monoMs();
    c.set('requestId', randomUUID());
    await next();
    const route = c.get('route') ?? 'other';
    const durationMs = deps.clock.monoMs() - begunMs;
    setHeaders(c);
    metrics.countRequest(knownMethod(c.req.method), route, c.res.status, durationMs);
    const { method } = c.req;
    const requestId = c.get('requestId');
    deps.log.debug({ requestId, method, route, status: c.res.status, durationMs }, 'Answered.');
  });
  app.use('*', async (c, next) => {
    refuseForeignHost(c.req.raw, ownHosts(options.port()));
    if (isApi(c.req.path) || !isSafe(c.req.method)) refuseCrossSite(c.req.raw);
    await next();
  });
  for (const route of routes) {
    app.on(route.method, route.path, (c) => serveRoute(route, c, { deps, feedLimit }));
  }
  app.notFound((c) => answerOther(c, routes, files));
  app.onError((error, c) => failure(c, error, deps));
  return app;
}

const isApi = (path: string) => path === '/api' || path.startsWith('/api/') || path === '/healthz';
const isSafe = (method: string) => method === 'GET' || method === 'HEAD';

/** A label must come from a closed list: anybody can send a method of his own. */
function knownMethod(method: string): string {
  return ['GET', 'HEAD', 'POST', 'PATCH', 'DELETE', 'PUT', 'OPTIONS'].includes(method)
    ? method
    : 'other';
}

function setHeaders(c: Context<ApiEnv>): void {
  const { headers } = c.res;
  for (const [name, value] of Object.entries(securityHeaders)) headers.set(name, value);
  headers.set('x-request-id', c.get('requestId'));
  if (!headers.has('cache-control')) headers.set('cache-control', 'no-store');
}

async function serveRoute(
  route: RouteDef,
  c: Context<ApiEnv>,
  parts: { deps: ApiDeps; feedLimit: RateLimit },
): Promise<Response> {
  c.set('route', route.path);
  if (route.rateLimit === 'feed') takeToken(c, parts);
  const reply = await route.handler(await requestOf(route, c));
  if (!(reply instanceof Response)) {
    for (const [name, value] of Object.entries(reply.headers ?? {})) c.header(name, value);
    return c.json({ data: reply.data } as object, reply.status as 200);
  }
  // Nobody reads the body of a HEAD: a stream would stay open for ever.
  if (c.req.method === 'HEAD') await reply.body?.cancel();
  return reply;
}

/** Every part of the request, checked; nothing reaches a handler that does not fit. */
async function requestOf(route: RouteDef, c: Context<ApiEnv>): Promise<RouteRequest> {
  const params = route.params === undefined ? undefined : validate(route.params, c.req.param());
  const query = validate(route.query ?? noFields, queryOf(c));
  const json = isSafe(c.req.method) ? undefined : await readJsonBody(c.req.raw);
  // A schema of optional fields alone would take an empty array for an empty object.
  const body = validate(route.body ?? noFields, validate(JsonObjectSchema, json));
  return {
    params,
    query,
    body: route.body === undefined ? undefined : body,
    requestId: c.get('requestId'),
    lastEventId: c.req.header('last-event-id') ?? null,
  };
}

const noFields = v.strictObject({});

const JsonObjectSchema = v.optional(
  v.custom<object>(
    (value) => typeof value === 'object' && value !== null && !Array.isArray(value),
    'must be a JSON object',
  ),
  {},
);

function queryOf(c: Context<ApiEnv>): Record<string, string> {
  const query: Record<string, string> = Object.create(null);
  for (const [name, values] of Object.entries(c.req.queries())) {
    if (values.length > 1 || name in Object.prototype) {
      throw new FeederError('ERR_VALIDATION', {
        details: [
          { path: name.slice(0, 200), message: 'must be given at most once, by a known name' },
        ],
      });
    }
    query[name] = values[0] ?? '';
  }
  return query;
}

function takeToken(
  c: Context<ApiEnv>,
  { deps, feedLimit }: { deps: ApiDeps; feedLimit: RateLimit },
): void {
  const address = c.env?.incoming?.socket?.remoteAddress ?? 'unknown';
  const allowance = feedLimit.take(address, deps.clock.monoMs());
  c.header('ratelimit-limit', String(feedLimit.perMinute));
  c.header('ratelimit-remaining', String(allowance.remaining));
  c.header('ratelimit-reset', String(allowance.retryAfterSeconds));
  if (allowance.isAllowed) return;
  c.header('retry-after', String(allowance.retryAfterSeconds));
  throw new FeederError('ERR_RATE_LIMITED');
}

function failure(c: Context<ApiEnv>, error: unknown, deps: ApiDeps): Response {
  const body = errorReply(error, c.get('requestId'), deps.log);
  return c.json(body, body.error.status as 500);
}

/** What no route took: another method of a known path, a file of the page, or nothing. */
async function answerOther(
  c: Context<ApiEnv>,
  routes: readonly RouteDef[],
  files: StaticFiles,
): Promise<Response> {
  const { path, method } = c.req;
  const allowed = methodsOf(path, routes);
  if (allowed.length > 0) {
    c.header('allow', allowed.join(', '));
    throw new FeederError('ERR_METHOD_NOT_ALLOWED');
  }
  if (isApi(path)) throw new FeederError('ERR_NOT_FOUND');
  if (!isSafe(method)) {
    c.header('allow', 'GET, HEAD');
    throw new FeederError('ERR_METHOD_NOT_ALLOWED');
  }
  return files.serve(new URL(c.req.url).pathname, c.req.header('if-none-match') ?? null);
}

function methodsOf(path: string, routes: readonly RouteDef[]): string[] {
  const methods = routes
    .filter((route) => templateOf(route.path).test(path))
    .map((route) => route.method);
  return methods.includes('GET') ? [...new Set([...methods, 'HEAD'])] : [...new Set(methods)];
}

function templateOf(path: string): RegExp {
  const pattern = path.replace(/[.]/g, '\\.').replace(/:[A-Za-z]+/g, '[^/]+');
  return new RegExp(`^${pattern}$`);
}
