import { FeederError } from '@cat-feeder/shared';
import type { HonoRequest } from 'hono';
import * as v from 'valibot';
import { readJsonBody } from './request-body.ts';
import type { FileConditions, RouteDef, RouteRequest } from './route.ts';
import { validate } from './validation.ts';

/** Every part of a request, checked: nothing reaches a handler that does not fit. */
export async function readRequest(
  route: RouteDef,
  request: HonoRequest,
): Promise<Omit<RouteRequest, 'requestId'>> {
  const params = route.params === undefined ? undefined : validate(route.params, request.param());
  const query = validate(route.query ?? NoFieldsSchema, queryOf(request));
  const isSafe = request.method === 'GET' || request.method === 'HEAD';
  const body = isSafe ? undefined : await bodyOf(route, request);
  const lastEventId = request.header('last-event-id') ?? null;
  return { params, query, body, lastEventId, conditions: conditionsOf(request) };
}

function conditionsOf(request: HonoRequest): FileConditions {
  return {
    range: request.method === 'HEAD' ? null : (request.header('range') ?? null),
    ifRange: request.header('if-range') ?? null,
    ifNoneMatch: request.header('if-none-match') ?? null,
  };
}

const NoFieldsSchema = v.strictObject({});

/** A schema of optional fields alone would take an empty array for an empty object. */
const JsonObjectSchema = v.optional(
  v.custom<object>(
    (value) => typeof value === 'object' && value !== null && !Array.isArray(value),
    'must be a JSON object',
  ),
  {},
);

async function bodyOf(route: RouteDef, request: HonoRequest): Promise<unknown> {
  const json = validate(JsonObjectSchema, await readJsonBody(request.raw));
  const body = validate(route.body ?? NoFieldsSchema, json);
  return route.body === undefined ? undefined : body;
}

function queryOf(request: HonoRequest): Record<string, string> {
  const query: Record<string, string> = Object.create(null);
  if (!request.url.includes('?')) return query;
  for (const [name, values] of Object.entries(request.queries())) {
    if (values.length > 1 || name in Object.prototype) {
      const message = 'must be given at most once, by a known name';
      throw new FeederError('ERR_VALIDATION', {
        details: [{ path: name.slice(0, 200), message }],
      });
    }
    query[name] = values[0] ?? '';
  }
  return query;
}
