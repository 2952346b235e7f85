import {
  OCCURRENCE_DAYS_MAX,
  OccurrenceKeySchema,
  OccurrenceSchema,
  OccurrencesQuerySchema,
  OccurrencesSchema,
  PreviewQuerySchema,
  PreviewSchema,
} from '@cat-feeder/shared';
import * as v from 'valibot';
import type { ApiDeps } from '../deps.ts';
import { found, ruleBroken } from '../params.ts';
import { previewView } from '../preview-view.ts';
import { defineRoute, ok, type RouteDef } from '../route.ts';

const PREVIEW_DAYS = 7;
const tags = ['schedule'];

/** What was due, is due and will be. */
export function scheduleRoutes({ schedule }: ApiDeps): RouteDef[] {
  return [
    defineRoute({
      method: 'GET',
      path: '/api/v1/preview',
      operationId: 'getPreview',
      summary: 'What the plan will do over the next days (7, at most 400).',
      tags,
      auth: 'local',
      query: PreviewQuerySchema,
      response: PreviewSchema,
      statuses: { 200: 'One row for each local day.' },
      errors: [],
      handler: ({ query: { days = PREVIEW_DAYS } }) => {
        const on = (date: string) => schedule.occurrences(date, date);
        return ok(previewView(schedule.preview(days), on));
      },
    }),
    defineRoute({
      method: 'GET',
      path: '/api/v1/occurrences',
      operationId: 'listOccurrences',
      summary: 'Meals on local dates from..to, both included, each with its verdict and why.',
      tags,
      auth: 'local',
      query: OccurrencesQuerySchema,
      response: OccurrencesSchema,
      statuses: { 200: 'The occurrences, in order of time.' },
      errors: ['ERR_BUSINESS_RULE'],
      handler: ({ query }) => {
        const from = query.from ?? query.to ?? schedule.localDate();
        const to = query.to ?? from;
        refuseRange(from, to);
        return ok({ items: [...schedule.occurrences(from, to)] });
      },
    }),
    defineRoute({
      method: 'GET',
      path: '/api/v1/occurrences/:key',
      operationId: 'getOccurrence',
      summary: 'One meal on one local date: what was decided, and why.',
      tags,
      auth: 'local',
      params: v.strictObject({ key: OccurrenceKeySchema }),
      response: OccurrenceSchema,
      statuses: { 200: 'The occurrence.' },
      errors: ['ERR_NOT_FOUND'],
      handler: ({ params }) => ok(found(schedule.occurrence(params.key))),
    }),
  ];
}

function refuseRange(from: string, to: string): void {
  const days = dayNumber(to) - dayNumber(from) + 1;
  if (days < 1) throw ruleBroken('to', 'must not be before from');
  if (days > OCCURRENCE_DAYS_MAX) {
    throw ruleBroken('to', `must be at most ${OCCURRENCE_DAYS_MAX} days after from`);
  }
}

/** Days since 0000-03-01 in the proleptic calendar (H. Hinnant, days from civil). */
function dayNumber(localDate: string): number {
  const [year = 0, month = 1, day = 1] = localDate.split('-').map(Number);
  const y = month <= 2 ? year - 1 : year;
  const dayOfYear = Math.floor((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) + day - 1;
  return 365 * y + Math.floor(y / 4) - Math.floor(y / 100) + Math.floor(y / 400) + dayOfYear;
}
