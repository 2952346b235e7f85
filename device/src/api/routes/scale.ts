import {
  ScaleCalibrationSchema,
  type ScaleView,
  ScaleViewSchema,
  SpanRequestSchema,
  TareQuerySchema,
} from '@cat-feeder/shared';
import * as v from 'valibot';
import type { ApiDeps } from '../deps.ts';
import { defineRoute, ok, type RouteDef } from '../route.ts';

const tags = ['scale'];
/** Stored calibrations carry a revision, which nobody can use here. */
const PlainCalibrationSchema = v.object(ScaleCalibrationSchema.entries);

const errors = [
  'ERR_BUSY',
  'ERR_UNAVAILABLE',
  'ERR_NOT_STABLE',
  'ERR_CALIBRATION_REFUSED',
  'ERR_SCALE_SILENT',
  'ERR_STORAGE',
] as const;

/** What both scales say, and their calibrations. */
function scaleView({ scale, station, hopper }: ApiDeps): ScaleView {
  const { hopperGrams, hopperState } = station.health();
  return {
    bowl: scale.reading(),
    hopperGrams,
    hopperState,
    calibration: v.parse(PlainCalibrationSchema, scale.calibration()),
    hopperCalibration: hopper.calibration(),
  };
}

/** The bowl's scale and its calibration. */
export function scaleRoutes(deps: ApiDeps): RouteDef[] {
  const { scale } = deps;
  const view = () => scaleView(deps);
  const shape = { tags, auth: 'local', response: ScaleViewSchema } as const;
  return [
    defineRoute({
      ...shape,
      method: 'GET',
      path: '/api/v1/scale',
      operationId: 'getScale',
      summary: 'Bowl and hopper as they were last seen, and their calibrations.',
      statuses: { 200: 'The scale.' },
      errors: [],
      handler: () => ok(view()),
    }),
    defineRoute({
      ...shape,
      method: 'POST',
      path: '/api/v1/scale/tare',
      operationId: 'tareScale',
      summary:
        'Take the empty bowl, standing still, as zero. confirm=true: even far from the last zero.',
      query: TareQuerySchema,
      statuses: { 200: 'The new calibration.' },
      errors: [...errors],
      handler: async ({ query }) => {
        await scale.tare({ confirm: query.confirm === 'true' });
        return ok(view());
      },
    }),
    defineRoute({
      ...shape,
      method: 'POST',
      path: '/api/v1/scale/calibrate',
      operationId: 'calibrateScale',
      summary: 'Set the span from a known mass in the tared bowl.',
      body: SpanRequestSchema,
      bodyExample: { knownGrams: 200 },
      statuses: { 200: 'The new calibration.' },
      errors: [...errors],
      handler: async ({ body }) => {
        await scale.span(body);
        return ok(view());
      },
    }),
  ];
}

/** The cell under the hopper, where one is fitted. */
export function hopperRoutes(deps: ApiDeps): RouteDef[] {
  const { hopper } = deps;
  const shape = {
    tags,
    auth: 'local',
    method: 'POST',
    response: ScaleViewSchema,
    statuses: { 200: 'The new calibration.' },
    errors: [...errors, 'ERR_BUSINESS_RULE'],
  } as const;
  return [
    defineRoute({
      ...shape,
      path: '/api/v1/scale/hopper/tare',
      operationId: 'tareHopper',
      summary:
        'Take the empty hopper, standing still, as zero. confirm=true: even far from the last zero.',
      query: TareQuerySchema,
      handler: async ({ query }) => {
        await hopper.tare({ confirm: query.confirm === 'true' });
        return ok(scaleView(deps));
      },
    }),
    defineRoute({
      ...shape,
      path: '/api/v1/scale/hopper/calibrate',
      operationId: 'calibrateHopper',
      summary: 'Set the span from a known mass alone in the tared hopper.',
      body: SpanRequestSchema,
      bodyExample: { knownGrams: 1000 },
      handler: async ({ body }) => {
        await hopper.span(body);
        return ok(scaleView(deps));
      },
    }),
  ];
}
