import { DoneSchema, OverlayInputSchema, OverlaySchema, OverlaysSchema } from '@cat-feeder/shared';
import type { ApiDeps } from '../deps.ts';
import { IdParamsSchema } from '../params.ts';
import { created, defineRoute, done, ok, type RouteDef } from '../route.ts';

const tags = ['plan'];
const path = '/api/v1/overlays';

/** Changes of the plan for a while. */
export function overlayRoutes({ plans }: ApiDeps): RouteDef[] {
  return [
    defineRoute({
      method: 'GET',
      path,
      operationId: 'listOverlays',
      summary: 'What changes the plan for a while.',
      tags,
      auth: 'local',
      response: OverlaysSchema,
      statuses: { 200: 'The overlays.' },
      errors: [],
      handler: () => ok({ items: [...plans.overlays()] }),
    }),
    defineRoute({
      method: 'POST',
      path,
      operationId: 'addOverlay',
      summary: 'Skip one meal, pause until an instant, or change the plan over some dates.',
      tags,
      auth: 'local',
      body: OverlayInputSchema,
      bodyExample: { kind: 'vacation', fromDate: '2026-12-24', toDate: '2026-12-31' },
      response: OverlaySchema,
      statuses: { 201: 'The new overlay; it ends by itself.' },
      errors: ['ERR_NOT_FOUND', 'ERR_BUSINESS_RULE', 'ERR_STORAGE'],
      handler: ({ body }) => {
        const overlay = plans.addOverlay(body);
        return created(overlay, `${path}/${overlay.id}`);
      },
    }),
    defineRoute({
      method: 'DELETE',
      path: `${path}/:id`,
      operationId: 'removeOverlay',
      summary: 'End an overlay now.',
      tags,
      auth: 'local',
      params: IdParamsSchema,
      response: DoneSchema,
      statuses: { 200: 'It is gone.' },
      errors: ['ERR_NOT_FOUND', 'ERR_STORAGE'],
      handler: ({ params }) => {
        plans.removeOverlay(params.id);
        return done;
      },
    }),
    defineRoute({
      method: 'POST',
      path: '/api/v1/plan/skip-next',
      operationId: 'skipNext',
      summary: 'Leave out the next meal.',
      tags,
      auth: 'local',
      response: OverlaySchema,
      statuses: { 201: 'The overlay that leaves it out.' },
      errors: ['ERR_BUSINESS_RULE', 'ERR_STORAGE'],
      handler: () => {
        const overlay = plans.skipNext();
        return created(overlay, `${path}/${overlay.id}`);
      },
    }),
  ];
}
