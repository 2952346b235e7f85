import {
  CalibrationJobSchema,
  DoneSchema,
  FeederError,
  KIBBLES_MAX,
  type Kibble,
  KibbleCalibrateSchema,
  KibbleChangeSchema,
  KibbleInputSchema,
  KibblesSchema,
  type KibbleView,
  KibbleViewSchema,
  LatestCalibrationSchema,
} from '@cat-feeder/shared';
import type { ApiDeps } from '../deps.ts';
import { changeOf, found, IdParamsSchema, ruleBroken } from '../params.ts';
import { created, defineRoute, done, ok, type RouteDef } from '../route.ts';

const tags = ['kibbles'];
const path = '/api/v1/kibbles';

/** Kinds of food, and what the feeder has learned of each. */
export function kibbleRoutes(deps: ApiDeps): RouteDef[] {
  return [listKibbles(deps), addKibble(deps), ...oneKibble(deps), ...calibration(deps)];
}

function viewOf({ settings }: ApiDeps, kibble: Kibble): KibbleView {
  return { ...kibble, active: settings.get().activeKibbleId === kibble.id };
}

function listKibbles(deps: ApiDeps): RouteDef {
  return defineRoute({
    method: 'GET',
    path,
    operationId: 'listKibbles',
    summary: 'Every kind of food.',
    tags,
    auth: 'local',
    response: KibblesSchema,
    statuses: { 200: 'The kibbles; at most one is in the hopper.' },
    errors: [],
    handler: () => ok({ items: deps.kibbles.list().map((kibble) => viewOf(deps, kibble)) }),
  });
}

function addKibble(deps: ApiDeps): RouteDef {
  return defineRoute({
    method: 'POST',
    path,
    operationId: 'addKibble',
    summary: 'Add a kind of food. PATCH /settings {activeKibbleId} says which is in the hopper.',
    tags,
    auth: 'local',
    body: KibbleInputSchema,
    bodyExample: { name: 'Chicken, small', kcalPer100g: 385 },
    response: KibbleViewSchema,
    statuses: { 201: 'The new kibble.' },
    errors: ['ERR_BUSINESS_RULE', 'ERR_STORAGE'],
    handler: ({ body }) => {
      if (deps.kibbles.list().length >= KIBBLES_MAX) {
        throw ruleBroken('kibbles', `there may be at most ${KIBBLES_MAX}`);
      }
      const kibble = deps.kibbles.add({ ...body, model: null, calibratedAtMs: null });
      return created(viewOf(deps, kibble), `${path}/${kibble.id}`);
    },
  });
}

function oneKibble(deps: ApiDeps): RouteDef[] {
  const { kibbles } = deps;
  const shape = { path: `${path}/:id`, tags, auth: 'local', params: IdParamsSchema } as const;
  return [
    defineRoute({
      ...shape,
      method: 'GET',
      operationId: 'getKibble',
      summary: 'One kind of food.',
      response: KibbleViewSchema,
      statuses: { 200: 'The kibble.' },
      errors: ['ERR_NOT_FOUND'],
      handler: ({ params }) => ok(viewOf(deps, found(kibbles.get(params.id)))),
    }),
    defineRoute({
      ...shape,
      method: 'PATCH',
      operationId: 'changeKibble',
      summary: 'Change the name or the energy of a kibble.',
      body: KibbleChangeSchema,
      bodyExample: { kcalPer100g: 390, expectedRev: 1 },
      response: KibbleViewSchema,
      statuses: { 200: 'The kibble as it is now.' },
      errors: ['ERR_NOT_FOUND', 'ERR_CONFLICT', 'ERR_STORAGE'],
      handler: ({ params, body }) => {
        const { patch, expectedRev } = changeOf(body);
        return ok(viewOf(deps, kibbles.change(params.id, patch, expectedRev)));
      },
    }),
    defineRoute({
      ...shape,
      method: 'DELETE',
      operationId: 'removeKibble',
      summary: 'Remove a kibble that is not in the hopper.',
      response: DoneSchema,
      statuses: { 200: 'It is gone.' },
      errors: ['ERR_NOT_FOUND', 'ERR_CONFLICT', 'ERR_STORAGE'],
      handler: ({ params }) => {
        if (deps.settings.get().activeKibbleId === params.id) {
          throw new FeederError('ERR_CONFLICT', {
            message: 'This kibble is the one in the hopper.',
            hint: 'Make another one active in the settings first.',
          });
        }
        kibbles.remove(params.id);
        return done;
      },
    }),
  ];
}

function calibration({ kibbles, kibbleCalibration }: ApiDeps): RouteDef[] {
  const shape = {
    path: `${path}/:id/calibrate`,
    tags,
    auth: 'local',
    params: IdParamsSchema,
    response: CalibrationJobSchema,
  } as const;
  return [
    defineRoute({
      ...shape,
      method: 'POST',
      operationId: 'calibrateKibble',
      summary: 'Serve small portions and learn how this kibble flows. The caps hold.',
      body: KibbleCalibrateSchema,
      bodyExample: { rounds: 3, portionGrams: 10 },
      statuses: { 202: 'The job has begun.' },
      errors: ['ERR_NOT_FOUND', 'ERR_BUSY', 'ERR_CONFLICT', 'ERR_STORAGE', 'ERR_UNAVAILABLE'],
      rateLimit: 'feed',
      handler: ({ params, body }) => ({
        status: 202,
        data: kibbleCalibration.start(params.id, body),
      }),
    }),
    defineRoute({
      ...shape,
      method: 'GET',
      operationId: 'getCalibration',
      summary: 'How far the calibration of this kibble has come.',
      response: LatestCalibrationSchema,
      statuses: { 200: 'The job that runs or ran last; null: none since the start.' },
      errors: ['ERR_NOT_FOUND'],
      handler: ({ params }) => {
        found(kibbles.get(params.id));
        const job = kibbleCalibration.status();
        return ok(job?.kibbleId === params.id ? job : null);
      },
    }),
  ];
}
