import { randomUUID } from 'node:crypto';
import { FeederError } from '@cat-feeder/shared';
import { type Context, Hono } from 'hono';
import { UnsatisfiableRange } from './byte-range.ts';
import type { ApiDeps } from './deps.ts';
import { errorReply } from './error-reply.ts';
import type { Metrics } from './metrics.ts';
import { RateLimit } from './rate-limit.ts';
import { readRequest } from './request-parts.ts';
import type { MediaReply, Reply, RouteDef } from './route.ts';
import { OwnNames, refuseCrossSite, securityHeaders } from './security.ts';
import { StaticFiles } from './static-files.ts';

/** Requests a minute, from one address, that may move the motor. */
const FEED_REQUESTS_PER_MINUTE = 30;

/** What Hono carries along with a request. */
export type ApiEnv = {
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

/** One request on its way. What is set here is sent with success and failure alike. */
interface Passage {
  readonly c: Context<ApiEnv>;
  readonly requestId: string;
  readonly headers: Record<string, string>;
}

/**
 * The only place that touches the web framework. A request passes, in this order: id, host, site,
 * parameters, query, body, rate, handler, envelope, headers, metrics. Hono only finds the route. The
 * rate comes after the body, so that nobody's feedings are used up by what could not feed.
 */
export function mount(parts: MountParts): Hono<ApiEnv> {
  const desk = new FrontDesk(parts);
  const app = new Hono<ApiEnv>();
  for (const route of parts.routes) {
    app.on(route.method, route.path, (c) => desk.answer(c, route));
  }
  app.notFound((c) => desk.answer(c, null));
  return app;
}

class FrontDesk {
  readonly #parts: MountParts;
  readonly #names: OwnNames;
  readonly #feedLimit = new RateLimit(FEED_REQUESTS_PER_MINUTE);
  readonly #files: StaticFiles;

  constructor(parts: MountParts) {
    this.#parts = parts;
    this.#names = new OwnNames(parts.options.port);
    this.#files = new StaticFiles(parts.options.uiDir);
  }

  /** Answers one request, whatever happens to it; `route` is null for what no route takes. */
  async answer(c: Context<ApiEnv>, route: RouteDef | null): Promise<Response> {
    const { clock, log } = this.#parts.deps;
    const begunMs = clock.monoMs();
    const requestId = randomUUID();
    const headers = { ...securityHeaders, 'cache-control': 'no-store', 'x-request-id': requestId };
    const passage: Passage = { c, requestId, headers };
    const response = await this.#respond(passage, route);
    const durationMs = clock.monoMs() - begunMs;
    const template = route?.path ?? 'other';
    const method = knownMethod(c.req.method);
    const { status } = response;
    this.#parts.metrics.countRequest(method, template, status, durationMs);
    log.debug({ requestId, method, route: template, status, durationMs }, 'Answered.');
    return response;
  }

  async #respond(passage: Passage, route: RouteDef | null): Promise<Response> {
    try {
      this.#guard(passage);
      const reply = route === null ? await this.#other(passage) : await this.#serve(passage, route);
      return responseOf(passage, reply);
    } catch (error) {
      if (error instanceof UnsatisfiableRange) {
        passage.headers['content-range'] = `bytes */${error.sizeBytes}`;
      }
      const envelope = errorReply(error, passage.requestId, this.#parts.deps.log);
      return jsonResponse(passage, envelope.error.status, envelope);
    }
  }

  /** Nothing behind this line is reached by another site or under another name. */
  #guard({ c }: Passage): void {
    this.#names.refuseOthers(c.req.raw);
    if (isApi(c.req.path) || !isSafe(c.req.method)) refuseCrossSite(c.req.raw);
  }

  async #serve(passage: Passage, route: RouteDef): Promise<Reply<unknown> | MediaReply> {
    const { c, requestId } = passage;
    const request = { ...(await readRequest(route, c.req)), requestId };
    const isLimited = route.rateLimit === 'feed' && route.isRepeat?.(request) !== true;
    if (isLimited) this.#takeToken(passage);
    return route.handler(request);
  }

  #takeToken({ c, headers }: Passage): void {
    const address = c.env?.incoming?.socket?.remoteAddress ?? 'unknown';
    const limit = this.#feedLimit;
    const allowance = limit.take(address, this.#parts.deps.clock.monoMs());
    headers['ratelimit-limit'] = String(limit.perMinute);
    headers['ratelimit-remaining'] = String(allowance.remaining);
    headers['ratelimit-reset'] = String(allowance.retryAfterSeconds);
    if (allowance.isAllowed) return;
    headers['retry-after'] = String(allowance.retryAfterSeconds);
    throw new FeederError('ERR_RATE_LIMITED');
  }

  /** What no route took: another method of a known path, a file of the page, or nothing. */
  async #other({ c, headers }: Passage): Promise<MediaReply> {
    const { path, method } = c.req;
    const allowed = methodsOf(path, this.#parts.routes);
    if (allowed.length === 0 && isApi(path)) throw new FeederError('ERR_NOT_FOUND');
    if (allowed.length > 0 || !isSafe(method)) {
      headers['allow'] = (allowed.length > 0 ? allowed : ['GET', 'HEAD']).join(', ');
      throw new FeederError('ERR_METHOD_NOT_ALLOWED');
    }
    return this.#files.serve(new URL(c.req.url).pathname, c.req.header('if-none-match') ?? null);
  }
}

const isApi = (path: string) => path === '/api' || path.startsWith('/api/') || path === '/healthz';
const isSafe = (method: string) => method === 'GET' || method === 'HEAD';
const methods = new Set(['GET', 'HEAD', 'POST', 'PATCH', 'DELETE', 'PUT', 'OPTIONS']);

/** A label must come from a closed list: anybody can send a method of his own. */
function knownMethod(method: string): string {
  return methods.has(method) ? method : 'other';
}

function responseOf(passage: Passage, reply: Reply<unknown> | MediaReply): Response {
  if (reply.headers !== undefined) Object.assign(passage.headers, reply.headers);
  if ('data' in reply) return jsonResponse(passage, reply.status, { data: reply.data });
  const { body, status } = reply;
  if (passage.c.req.method !== 'HEAD') {
    return new Response(body, { status, headers: passage.headers });
  }
  // Nobody reads the body of a HEAD: a stream would stay open for ever.
  if (body instanceof ReadableStream) void body.cancel();
  return new Response(null, { status, headers: passage.headers });
}

function jsonResponse({ headers }: Passage, status: number, value: object): Response {
  headers['content-type'] = 'application/json';
  return new Response(JSON.stringify(value), { status, headers });
}

function methodsOf(path: string, routes: readonly RouteDef[]): string[] {
  const allowed = routes
    .filter((route) => templateOf(route.path).test(path))
    .map((route): string => route.method);
  if (allowed.includes('GET')) allowed.push('HEAD');
  return [...new Set(allowed)];
}

function templateOf(path: string): RegExp {
  const pattern = path.replace(/[.]/g, '\\.').replace(/:[A-Za-z]+/g, '[^/]+');
  return new RegExp(`^${pattern}$`);
}
