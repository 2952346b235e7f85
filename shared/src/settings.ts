import * as v from 'valibot';
import { EntityIdSchema } from './ids.ts';
import { DAY_GRAMS_CEILING, FEEDING_GRAMS_CEILING, HOUR_GRAMS_CEILING } from './limits.ts';
import { NameSchema } from './text.ts';
import { HoursSchema, ZoneSchema } from './time.ts';

const gramsUpTo = (ceiling: number) =>
  v.pipe(v.number(), v.finite(), v.minValue(1), v.maxValue(ceiling));

const fields = {
  name: NameSchema,
  /** IANA zone of the plan's local times. */
  zone: ZoneSchema,
  /** For meals by sunrise and sunset; degrees, north and east positive. */
  location: v.nullable(
    v.strictObject({
      latitude: v.pipe(v.number(), v.minValue(-90), v.maxValue(90)),
      longitude: v.pipe(v.number(), v.minValue(-180), v.maxValue(180)),
    }),
  ),
  activePlanId: v.nullable(EntityIdSchema),
  activeKibbleId: v.nullable(EntityIdSchema),
  /** Caps on what may reach the bowl, on every path alike. */
  feedingGramsMax: gramsUpTo(FEEDING_GRAMS_CEILING),
  hourGramsMax: gramsUpTo(HOUR_GRAMS_CEILING),
  /** In a day, which is counted as docs/feeding.md says. */
  dayGramsMax: gramsUpTo(DAY_GRAMS_CEILING),
  /** What the feeder decides by itself stays under this share of the day's plan in a day. */
  planPercentMax: v.pipe(v.number(), v.integer(), v.minValue(100), v.maxValue(150)),
  /** Least distance of a scheduled feeding from the one before it, on the monotonic clock. */
  scheduleGapMinutes: v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(240)),
  /** Least distance of two feedings by hand. */
  manualGapSeconds: v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(3600)),
  /** A meal up to this late is served in full. */
  graceMinutes: v.pipe(v.number(), v.integer(), v.minValue(5), v.maxValue(240)),
  /** After a miss, food that surely arrived may not be longer ago than this. */
  starveLimitHours: v.pipe(v.number(), v.minValue(6), v.maxValue(14)),
  /** No feeding while more than this lies in the bowl; null: no such rule. */
  bowlFullGrams: v.nullable(v.pipe(v.number(), v.minValue(5), v.maxValue(500))),
  /** Feedings by automation, button, MQTT and cloud are refused in these hours. */
  quietHours: v.nullable(HoursSchema),
  /** A due meal not confirmed in the bowl after this long raises an alert. */
  deadManMinutes: v.pipe(v.number(), v.integer(), v.minValue(5), v.maxValue(240)),
  /** The switch of the camera: off, it sees nothing, not even for the live view. */
  cameraOn: v.boolean(),
  /** Feedings give clips, visits give none. */
  cameraMealsOnly: v.boolean(),
  /** The camera sees nothing in these hours, every day. */
  cameraPrivacyHours: v.nullable(HoursSchema),
  /** Clips go to the cloud, too, where this feeder has one. */
  cloudClips: v.boolean(),
};

export const SettingsSchema = v.strictObject({ rev: v.number(), ...fields });
export const SettingsPatchSchema = v.partial(v.strictObject(fields));
export type Settings = v.InferOutput<typeof SettingsSchema>;
export type SettingsPatch = v.InferOutput<typeof SettingsPatchSchema>;

/** What holds until the owner says otherwise. No plan is invented. */
export const defaultSettings: Settings = {
  rev: 0,
  name: 'Feeder',
  zone: 'UTC',
  location: null,
  activePlanId: null,
  activeKibbleId: null,
  feedingGramsMax: 80,
  hourGramsMax: 120,
  dayGramsMax: 200,
  planPercentMax: 120,
  scheduleGapMinutes: 15,
  manualGapSeconds: 10,
  graceMinutes: 120,
  starveLimitHours: 10,
  bowlFullGrams: null,
  quietHours: null,
  deadManMinutes: 30,
  cameraOn: true,
  cameraMealsOnly: false,
  cameraPrivacyHours: null,
  cloudClips: false,
};
