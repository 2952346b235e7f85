import { readFile } from 'node:fs/promises';
import type { RouteList } from '@cat-feeder/shared';
import type { Hono } from 'hono';
import type { Segment } from '../camera/capture.ts';
import { ClipExports } from './clip-export.ts';
import type { ApiDeps } from './deps.ts';
import { EventStreams } from './event-streams.ts';
import { LiveVideos } from './live-video.ts';
import { Metrics } from './metrics.ts';
import { type ApiEnv, type ApiOptions, mount } from './mount.ts';
import type { RouteDef } from './route.ts';
import { checkRoutes } from './route-checks.ts';
import { cameraRoutes } from './routes/camera.ts';
import { clipRoutes } from './routes/clips.ts';
import { cloudRoutes } from './routes/cloud.ts';
import { faultRoutes } from './routes/faults.ts';
import { feedingRoutes } from './routes/feedings.ts';
import { kibbleRoutes } from './routes/kibbles.ts';
import { ledgerRoutes } from './routes/ledger.ts';
import { mealRoutes } from './routes/meals.ts';
import { overlayRoutes } from './routes/overlays.ts';
import { petRoutes } from './routes/pets.ts';
import { planRoutes } from './routes/plans.ts';
import { hopperRoutes, scaleRoutes } from './routes/scale.ts';
import { scheduleRoutes } from './routes/schedule.ts';
import { settingsRoutes } from './routes/settings.ts';
import { systemRoutes } from './routes/system.ts';
import { statusView } from './status-view.ts';

/** The API, ready to be bound to a port. */
export interface Api {
  readonly app: Hono<ApiEnv>;
  /** Every mounted route. */
  routes(): readonly RouteDef[];
  /** Ends all event streams; no new one is opened. */
  close(why: string): void;
}

/** Mounts every route after checking the whole table. Starts nothing. */
export function createApi(deps: ApiDeps, options: ApiOptions): Api {
  const metrics = new Metrics(deps.clock, deps.live);
  const streams = new EventStreams({
    clock: deps.clock,
    live: deps.live,
    status: () => statusView(deps),
    onAudience: deps.onAudience,
  });
  const videos = deps.camera === null ? null : new LiveVideos({ seats: deps.camera.live, read });
  const exports = new ClipExports({ ...deps, zone: () => deps.settings.get().zone });
  const routes: RouteDef[] = [
    ...feedingRoutes(deps),
    ...planRoutes(deps),
    ...mealRoutes(deps),
    ...overlayRoutes(deps),
    ...scheduleRoutes(deps),
    ...petRoutes(deps),
    ...kibbleRoutes(deps),
    ...scaleRoutes(deps),
    ...hopperRoutes(deps),
    ...faultRoutes(deps),
    ...cameraRoutes(deps, videos),
    ...clipRoutes(deps, exports),
    ...cloudRoutes(deps),
    ...ledgerRoutes(deps),
    ...settingsRoutes(deps),
    ...systemRoutes({
      deps,
      metrics,
      streams,
      routeList: () => listOf(routes),
      openApi: async () => {
        // Loaded when somebody asks: the converter is of no use to a feeder that feeds.
        const { openApiDocument } = await import('./openapi.ts');
        return openApiDocument(routes, deps.identity.version);
      },
    }),
  ];
  checkRoutes(routes);
  const app = mount({ deps, options, routes, metrics });
  return { app, routes: () => routes, close };

  function close(why: string): void {
    streams.close(why);
    videos?.close();
  }
}

/** A segment that is gone, or cut off by its memory's end, is left out. */
async function read({ path }: Segment): Promise<Uint8Array | null> {
  return readFile(path).catch(() => null);
}

function listOf(routes: readonly RouteDef[]): RouteList {
  const items = routes.map(({ method, path, operationId, summary, tags, auth }) => ({
    method,
    path,
    operationId,
    summary,
    tags: [...tags],
    auth,
  }));
  return { items };
}
