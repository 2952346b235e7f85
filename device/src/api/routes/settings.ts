import { type Settings, SettingsChangeSchema, SettingsSchema } from '@cat-feeder/shared';
import type { ApiDeps } from '../deps.ts';
import { changeOf, ruleBroken } from '../params.ts';
import { defineRoute, ok, type RouteDef } from '../route.ts';

const tags = ['settings'];
const path = '/api/v1/settings';

/** What the owner has decided. */
export function settingsRoutes(deps: ApiDeps): RouteDef[] {
  const { settings } = deps;
  return [
    defineRoute({
      method: 'GET',
      path,
      operationId: 'getSettings',
      summary: 'The settings.',
      tags,
      auth: 'local',
      response: SettingsSchema,
      statuses: { 200: 'The settings.' },
      errors: [],
      handler: () => ok(settings.get()),
    }),
    defineRoute({
      method: 'PATCH',
      path,
      operationId: 'changeSettings',
      summary: 'Change some settings. Caps may only be stricter than the built-in ceilings.',
      tags,
      auth: 'local',
      body: SettingsChangeSchema,
      bodyExample: { zone: 'Europe/Berlin', dayGramsMax: 120, expectedRev: 0 },
      response: SettingsSchema,
      statuses: { 200: 'The settings as they are now.' },
      errors: ['ERR_CONFLICT', 'ERR_BUSINESS_RULE', 'ERR_STORAGE'],
      handler: ({ body }) => {
        const { patch, expectedRev } = changeOf(body);
        refuseContradiction(deps, { ...settings.get(), ...patch });
        return ok(settings.change(patch, expectedRev));
      },
    }),
  ];
}

/** Fields that only make sense together. */
function refuseContradiction({ plans, kibbles }: ApiDeps, wanted: Settings): void {
  const { activePlanId, activeKibbleId, feedingGramsMax, hourGramsMax, dayGramsMax } = wanted;
  if (activePlanId !== null && !plans.plans().some((plan) => plan.id === activePlanId)) {
    throw ruleBroken('activePlanId', 'there is no plan with this id');
  }
  if (activeKibbleId !== null && kibbles.get(activeKibbleId) === undefined) {
    throw ruleBroken('activeKibbleId', 'there is no kibble with this id');
  }
  if (feedingGramsMax > hourGramsMax) {
    throw ruleBroken('feedingGramsMax', `must not pass hourGramsMax, ${hourGramsMax} g`);
  }
  if (hourGramsMax > dayGramsMax) {
    throw ruleBroken('hourGramsMax', `must not pass dayGramsMax, ${dayGramsMax} g`);
  }
}
