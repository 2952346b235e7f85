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

/** The bowl's scale and its calibration. */
export function scaleRoutes({ scale, station }: ApiDeps): RouteDef[] {
  const view = (): ScaleView => ({
    bowl: scale.reading(),
    hopperGrams: station.health().hopperGrams,
    calibration: v.parse(PlainCalibrationSchema, scale.calibration()),
  });
  const shape = { tags, auth: 'local', response: ScaleViewSchema } as const;
  return [
    defineRoute({
      ...shape,
      method: 'GET',
      path: '/api/v1/scale',
      operationId: 'getScale',
      summary: 'The bowl as it was last seen, and the calibration.',
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
      errors: [
        'ERR_BUSY',
        'ERR_NOT_STABLE',
        'ERR_CALIBRATION_REFUSED',
        'ERR_SCALE_SILENT',
        'ERR_STORAGE',
      ],
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
      errors: [
        'ERR_BUSY',
        'ERR_NOT_STABLE',
        'ERR_CALIBRATION_REFUSED',
        'ERR_SCALE_SILENT',
        'ERR_STORAGE',
      ],
      handler: async ({ body }) => {
        await scale.span(body);
        return ok(view());
      },
    }),
  ];
}
