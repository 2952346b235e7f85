import type { ApiDeps } from './deps.ts';
import { health } from './health.ts';
import { Refused, replyRefused } from './reply.ts';
import { type CloudApp, newApp } from './route.ts';
import { addClipRoutes } from './routes/clip-routes.ts';
import { addHomeRoutes } from './routes/home-routes.ts';
import { addIdentityRoutes } from './routes/identity-routes.ts';
import { addStreamRoute } from './routes/stream-route.ts';
import { addSyncRoutes } from './routes/sync-routes.ts';

/** What faces the Internet. */
export function createApp(deps: ApiDeps): CloudApp {
  const app = newApp();
  addSyncRoutes(app, deps);
  addIdentityRoutes(app, deps);
  addHomeRoutes(app, deps);
  addStreamRoute(app, deps);
  addClipRoutes(app, deps);
  app.notFound(() => {
    deps.metrics.count('other', 'not_found', 0);
    return replyRefused(new Refused('not_found'));
  });
  app.onError((error) => {
    deps.log.error({ error }, 'A request failed outside of its route.');
    return replyRefused(new Refused('internal'));
  });
  return app;
}

/** What faces the operator: health and figures. */
export function createAdminApp(deps: ApiDeps): CloudApp {
  const app = newApp();
  app.get('/health/live', () => Response.json({ live: true }));
  app.get('/health/ready', async () => {
    const report = await health(deps.probes, deps.system);
    return Response.json(report, { status: report.ready ? 200 : 503 });
  });
  app.get('/metrics', async () => {
    const headers = { 'content-type': deps.metrics.contentType };
    return new Response(await deps.metrics.text(), { headers });
  });
  app.notFound(() => replyRefused(new Refused('not_found')));
  return app;
}
