import {
  FeedingDetailSchema,
  FeedingSchema,
  FeedingsPageSchema,
  FeedingsQuerySchema,
  FeedRequestSchema,
  StopResultSchema,
} from '@cat-feeder/shared';
import type { ApiDeps } from '../deps.ts';
import { found, IdParamsSchema, pageLimit } from '../params.ts';
import { defineRoute, ok, type RouteDef } from '../route.ts';

const FEEDINGS_LIMIT = 20;
const tags = ['feedings'];

/** Feeding, cancelling, and what was served. */
export function feedingRoutes(deps: ApiDeps): RouteDef[] {
  return [createFeeding(deps), listFeedings(deps), getFeeding(deps), ...stopping(deps)];
}

function createFeeding({ feeding: door, journal }: ApiDeps): RouteDef {
  return defineRoute({
    method: 'POST',
    path: '/api/v1/feedings',
    operationId: 'createFeeding',
    summary: 'Feed now. The same requestId never moves the motor twice.',
    tags,
    auth: 'local',
    body: FeedRequestSchema,
    bodyExample: { requestId: 'page-1', portionGrams: 12 },
    response: FeedingSchema,
    statuses: {
      202: 'Claimed durably; the motor begins now.',
      200: 'This requestId was used before with the same values: the first result.',
    },
    errors: [
      'ERR_BUSY',
      'ERR_BUSINESS_RULE',
      'ERR_COMMAND_EXPIRED',
      'ERR_REQUEST_ID_REUSED',
      'ERR_LIMIT_REACHED',
      'ERR_REFUSED',
      'ERR_HARDWARE_FAULT',
      'ERR_STORAGE',
      'ERR_UNAVAILABLE',
    ],
    rateLimit: 'feed',
    isRepeat: ({ body }) => journal.findByRequestId(body.requestId) !== undefined,
    handler: async ({ body: { expiresAtMs, ...wish } }) => {
      const request = expiresAtMs === undefined ? wish : { ...wish, expiresAtMs };
      const { feeding, created } = await door.feed(request);
      const headers = { location: `/api/v1/feedings/${feeding.id}` };
      return { status: created ? 202 : 200, data: feeding, headers };
    },
  });
}

function listFeedings({ journal }: ApiDeps): RouteDef {
  return defineRoute({
    method: 'GET',
    path: '/api/v1/feedings',
    operationId: 'listFeedings',
    summary: 'Feedings and refusals, newest first.',
    tags,
    auth: 'local',
    query: FeedingsQuerySchema,
    response: FeedingsPageSchema,
    statuses: { 200: 'A page of at most 100.' },
    errors: ['ERR_BUSINESS_RULE'],
    handler: ({ query }) => {
      const { before, state, petId, skip = 0 } = query;
      const filter = {
        ...(state === undefined ? {} : { state }),
        ...(petId === undefined ? {} : { petId }),
      };
      const limit = pageLimit(query.limit, FEEDINGS_LIMIT);
      let cursor = before ?? null;
      // Skipping walks the same cursor, so that both ways of paging show the same order.
      for (let left = skip; left > 0; ) {
        const step = Math.min(left, 100);
        const page = journal.list({ limit: step, ...filter, ...from(cursor) });
        if (page.nextCursor === null) {
          return ok({ items: [], total: page.total, nextCursor: null });
        }
        cursor = page.nextCursor;
        left -= step;
      }
      const page = journal.list({ limit, ...filter, ...from(cursor) });
      return ok({ ...page, items: [...page.items] });
    },
  });
}

function from(cursor: string | null): { before?: string } {
  return cursor === null ? {} : { before: cursor };
}

function getFeeding({ journal, feeding: door }: ApiDeps): RouteDef {
  return defineRoute({
    method: 'GET',
    path: '/api/v1/feedings/:id',
    operationId: 'getFeeding',
    summary: 'One feeding with the bowl’s mass over its time.',
    tags,
    auth: 'local',
    params: IdParamsSchema,
    response: FeedingDetailSchema,
    statuses: { 200: 'The feeding; a running one as far as it has come.' },
    errors: ['ERR_NOT_FOUND'],
    handler: ({ params }) => {
      const running = door.running();
      const feeding = found(running?.id === params.id ? running : journal.find(params.id));
      const trace = journal.trace(params.id).map(([ms, grams]): [number, number] => [ms, grams]);
      return ok({ ...feeding, trace });
    },
  });
}

function stopping({ feeding: door, station }: ApiDeps): RouteDef[] {
  const cancel = defineRoute({
    method: 'POST',
    path: '/api/v1/feedings/:id/cancel',
    operationId: 'cancelFeeding',
    summary: 'Stop one feeding. Cancelling twice, or after its end, changes nothing.',
    tags,
    auth: 'local',
    params: IdParamsSchema,
    response: FeedingSchema,
    statuses: { 200: 'The feeding as it ended; what fell is counted.' },
    errors: ['ERR_NOT_FOUND'],
    handler: async ({ params }) => ok(await door.cancel(params.id)),
  });
  const stop = defineRoute({
    method: 'POST',
    path: '/api/v1/stop',
    operationId: 'stopEverything',
    summary: 'Emergency stop: motor off, any running feeding cancelled. Never rate limited.',
    tags,
    auth: 'local',
    response: StopResultSchema,
    statuses: { 200: 'The motor is off.' },
    errors: [],
    handler: async () => {
      const running = door.running();
      await door.stopAll();
      const cancelled = running === null ? null : await door.cancel(running.id);
      return ok({ motorOn: station.health().motorOn, cancelled });
    },
  });
  return [cancel, stop];
}
