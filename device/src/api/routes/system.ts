import {
  FeederError,
  LiveSchema,
  type Ready,
  ReadySchema,
  type RouteList,
  RouteListSchema,
  SelfTestSchema,
  StatusSchema,
  SystemSchema,
} from '@cat-feeder/shared';
import type { ApiDeps } from '../deps.ts';
import type { EventStreams } from '../event-streams.ts';
import { METRICS_TYPE, type Metrics } from '../metrics.ts';
import { defineRoute, ok, type Reply, type RouteDef } from '../route.ts';
import { readyView, statusView, systemView, uptimeMs } from '../status-view.ts';

const tags = ['system'];

export interface SystemRouteParts {
  readonly deps: ApiDeps;
  readonly metrics: Metrics;
  readonly streams: EventStreams;
  readonly routeList: () => RouteList;
  readonly openApi: () => Promise<object>;
}

/** The state of the feeder, its health, and what the API is. */
export function systemRoutes(parts: SystemRouteParts): RouteDef[] {
  return [
    ...stateRoutes(parts.deps),
    ...healthRoutes(parts.deps),
    ...watchRoutes(parts),
    ...metaRoutes(parts),
  ];
}

function stateRoutes(deps: ApiDeps): RouteDef[] {
  return [
    defineRoute({
      method: 'GET',
      path: '/api/v1/status',
      operationId: 'getStatus',
      summary: 'Everything the first page shows.',
      tags,
      auth: 'local',
      response: StatusSchema,
      statuses: { 200: 'The state as of now.' },
      errors: [],
      handler: () => ok(statusView(deps)),
    }),
    defineRoute({
      method: 'GET',
      path: '/api/v1/system',
      operationId: 'getSystem',
      summary: 'Versions, parts and resources of the daemon.',
      tags,
      auth: 'local',
      response: SystemSchema,
      statuses: { 200: 'The program and the machine under it.' },
      errors: [],
      handler: () => ok(systemView(deps)),
    }),
    defineRoute({
      method: 'POST',
      path: '/api/v1/system/self-test',
      operationId: 'testParts',
      summary: 'Asks every part what it finds out about itself. Nothing turns.',
      tags,
      auth: 'local',
      response: SelfTestSchema,
      statuses: { 200: 'What each part found.' },
      errors: ['ERR_BUSY', 'ERR_UNAVAILABLE'],
      handler: async () => {
        // A part that is looked at is not at work.
        if (deps.feeding.running() !== null) throw new FeederError('ERR_BUSY');
        return ok({ parts: await deps.selfTest() });
      },
    }),
  ];
}

function healthRoutes(deps: ApiDeps): RouteDef[] {
  const live = (path: string, operationId: string) =>
    defineRoute({
      method: 'GET',
      path,
      operationId,
      summary: 'Whether the process answers.',
      tags: ['health'],
      auth: 'public',
      response: LiveSchema,
      statuses: { 200: 'It does.' },
      errors: [],
      handler: () => ok({ live: true as const, uptimeMs: uptimeMs(deps) }),
    });
  const ready = defineRoute({
    method: 'GET',
    path: '/api/v1/health/ready',
    operationId: 'getReady',
    summary: 'Whether the feeder can feed, part by part.',
    tags: ['health'],
    auth: 'public',
    response: ReadySchema,
    statuses: { 200: 'It can.', 503: 'It cannot: a part has failed or is still starting.' },
    errors: [],
    handler: (): Reply<Ready> => {
      const view = readyView(deps);
      return { status: view.ready ? 200 : 503, data: view };
    },
  });
  return [live('/healthz', 'getHealthz'), live('/api/v1/health/live', 'getLive'), ready];
}

function watchRoutes({ deps, metrics, streams }: SystemRouteParts): RouteDef[] {
  return [
    defineRoute({
      method: 'GET',
      path: '/api/v1/metrics',
      operationId: 'getMetrics',
      summary: 'Figures in the Prometheus text format.',
      tags,
      auth: 'local',
      response: { contentType: METRICS_TYPE },
      statuses: { 200: 'The figures.' },
      errors: [],
      handler: async () => ({
        status: 200,
        body: await metrics.expose(statusView(deps), deps.station.health().loopAgeMs),
        headers: { 'content-type': METRICS_TYPE },
      }),
    }),
    defineRoute({
      method: 'GET',
      path: '/api/v1/events',
      operationId: 'watchEvents',
      summary: 'Server-sent events: `status` first, then what happens. Resumes by Last-Event-ID.',
      tags,
      auth: 'local',
      response: { contentType: 'text/event-stream' },
      statuses: { 200: 'A stream that stays open.' },
      errors: ['ERR_UNAVAILABLE'],
      handler: ({ lastEventId }) => streams.open(lastEventId),
    }),
  ];
}

function metaRoutes({ routeList, openApi }: SystemRouteParts): RouteDef[] {
  return [
    defineRoute({
      method: 'GET',
      path: '/api/v1/meta/routes',
      operationId: 'listRoutes',
      summary: 'Every route that is mounted.',
      tags: ['meta'],
      auth: 'local',
      response: RouteListSchema,
      statuses: { 200: 'The routes.' },
      errors: [],
      handler: () => ok(routeList()),
    }),
    defineRoute({
      method: 'GET',
      path: '/api/v1/openapi.json',
      operationId: 'getOpenApi',
      summary: 'This API as an OpenAPI 3.1 document, without an envelope.',
      tags: ['meta'],
      auth: 'local',
      response: { contentType: 'application/json' },
      statuses: { 200: 'The document.' },
      errors: [],
      handler: async () => ({
        status: 200,
        body: JSON.stringify(await openApi()),
        headers: { 'content-type': 'application/json' },
      }),
    }),
  ];
}
