import * as v from 'valibot';
import { FaultSchema } from '../feeding.ts';
import { SettingsPatchSchema } from '../settings.ts';
import { ClockQualitySchema } from '../time.ts';
import { ExpectedRevSchema } from './envelope.ts';
import { ActiveFaultSchema, ComponentSchema, StorageHealthSchema } from './status.ts';

/** PATCH /api/v1/settings. */
export const SettingsChangeSchema = v.strictObject({
  ...SettingsPatchSchema.entries,
  expectedRev: ExpectedRevSchema,
});

export const FaultsSchema = v.strictObject({ items: v.array(ActiveFaultSchema) });
export const FaultParamsSchema = v.strictObject({ fault: FaultSchema });

/** GET /api/v1/system. */
export const SystemSchema = v.strictObject({
  version: v.string(),
  node: v.string(),
  platform: v.string(),
  board: v.string(),
  simulated: v.boolean(),
  bootId: v.string(),
  nowMs: v.number(),
  clockQuality: ClockQualitySchema,
  uptimeMs: v.number(),
  memoryBytes: v.number(),
  /** Space left where the data lies; null when it cannot be known. */
  diskFreeBytes: v.nullable(v.number()),
  /** Age of the control loop's last sign of life. */
  loopAgeMs: v.number(),
  storage: StorageHealthSchema,
  components: v.array(ComponentSchema),
});
export type SystemView = v.InferOutput<typeof SystemSchema>;

/** What a part found out about itself when it was asked. */
export const PartTestSchema = v.strictObject({
  part: v.string(),
  ok: v.boolean(),
  found: v.string(),
  /** What to do; null when nothing is to be done. */
  fix: v.nullable(v.string()),
});
export type PartTest = v.InferOutput<typeof PartTestSchema>;
/** POST /api/v1/system/self-test. */
export const SelfTestSchema = v.strictObject({ parts: v.array(PartTestSchema) });
export type SelfTest = v.InferOutput<typeof SelfTestSchema>;

/** GET /api/v1/health/live: the process answers. */
export const LiveSchema = v.strictObject({ live: v.literal(true), uptimeMs: v.number() });

/** GET /api/v1/health/ready: 200 when the feeder can feed, 503 with the same body when not. */
export const ReadySchema = v.strictObject({
  ready: v.boolean(),
  components: v.array(ComponentSchema),
});
export type Ready = v.InferOutput<typeof ReadySchema>;

/** GET /api/v1/meta/routes. */
export const RouteListSchema = v.strictObject({
  items: v.array(
    v.strictObject({
      method: v.string(),
      path: v.string(),
      operationId: v.string(),
      summary: v.string(),
      tags: v.array(v.string()),
      auth: v.string(),
    }),
  ),
});
export type RouteList = v.InferOutput<typeof RouteListSchema>;
