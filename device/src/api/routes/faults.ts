import { FaultParamsSchema, FaultsSchema } from '@cat-feeder/shared';
import type { ApiDeps } from '../deps.ts';
import { defineRoute, ok, type RouteDef } from '../route.ts';
import { faultView } from '../status-view.ts';

const tags = ['faults'];

/** What is wrong now, and the person's word that it is mended. */
export function faultRoutes({ faults }: ApiDeps): RouteDef[] {
  const view = () => ({ items: faults.active().map(faultView) });
  return [
    defineRoute({
      method: 'GET',
      path: '/api/v1/faults',
      operationId: 'listFaults',
      summary: 'Faults that are active now.',
      tags,
      auth: 'local',
      response: FaultsSchema,
      statuses: { 200: 'The faults, each with its effect and what to do.' },
      errors: [],
      handler: () => ok(view()),
    }),
    defineRoute({
      method: 'POST',
      path: '/api/v1/faults/:fault/clear',
      operationId: 'clearFault',
      summary: 'Say that the cause of a fault is mended.',
      tags,
      auth: 'local',
      params: FaultParamsSchema,
      response: FaultsSchema,
      statuses: { 200: 'The faults that remain.' },
      errors: ['ERR_NOT_FOUND', 'ERR_STORAGE'],
      handler: ({ params }) => {
        faults.clear(params.fault, 'a person');
        return ok(view());
      },
    }),
  ];
}
