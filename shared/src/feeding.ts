import * as v from 'valibot';
import { EntityIdSchema, RequestIdSchema } from './ids.ts';
import { PortionGramsSchema } from './plan.ts';
import { ClockQualitySchema, ShownMsSchema } from './time.ts';

/** Who or what asked for a feeding. `starvation` is the feeder itself, after a miss. */
export const FeedingCauseSchema = v.picklist([
  'schedule',
  'starvation',
  'elapsed_time',
  'person',
  'automation',
  'button',
  'mqtt',
  'cloud',
  'calibration',
]);
export type FeedingCause = v.InferOutput<typeof FeedingCauseSchema>;

/** How an occurrence ended. */
export const VerdictSchema = v.picklist([
  'fed',
  'fed_late',
  'fed_reduced',
  'short',
  'skipped',
  'missed',
  'blocked',
  'failed',
  'unknown_after_crash',
]);
export type Verdict = v.InferOutput<typeof VerdictSchema>;

/**
 * Food that reached the bowl, as an interval: the truth lies in [lowGrams, highGrams].
 * `highGrams` counts against the caps, `lowGrams` feeds the starvation clock.
 */
export const DoseSchema = v.strictObject({
  lowGrams: v.number(),
  likelyGrams: v.number(),
  highGrams: v.number(),
  method: v.picklist(['measured', 'estimated', 'unknown']),
});
export type Dose = v.InferOutput<typeof DoseSchema>;

/** Where a running feeding stands (the machine is drawn in device/src/dispensing). */
export const FeedingStageSchema = v.picklist([
  'claimed',
  'baseline',
  'coarse',
  'fine',
  'settling',
  'verifying',
  'unjam',
  'disturbed',
  'done',
]);
export type FeedingStage = v.InferOutput<typeof FeedingStageSchema>;

/** How the machine ended. */
export const FeedingResultSchema = v.picklist([
  'served',
  'short',
  'failed',
  'cancelled',
  'unknown_after_crash',
]);
export type FeedingResult = v.InferOutput<typeof FeedingResultSchema>;

/** What was wrong, by the name of its cause. */
export const FaultSchema = v.picklist([
  'jam',
  'bridged',
  'hopper_empty',
  'chute_blocked',
  'slow_flow',
  'scale_silent',
  'scale_stuck',
  'scale_saturated',
  'bowl_missing',
  'overflow',
  'motor_runaway',
  'motor_dead',
  'motor_unreachable',
  'undervoltage',
  'deadline',
  'controller_lost',
  'lid_open',
  'power_failing',
]);
export type Fault = v.InferOutput<typeof FaultSchema>;

/** Why a feeding did not begin. */
export const RefusalRuleSchema = v.picklist([
  'expired',
  'busy',
  'recovering',
  'cap_feeding',
  'cap_hour',
  'cap_day',
  'cap_pet_day',
  'cap_plan',
  'min_gap',
  'quiet_hours',
  'bowl_full',
  'hardware_fault',
  'clock_unproven',
  'storage',
  'stopping',
  'stopped',
  'lid_open',
  'power_failing',
]);
export type RefusalRule = v.InferOutput<typeof RefusalRuleSchema>;

/** POST /api/v1/feedings. */
export const FeedRequestSchema = v.strictObject({
  requestId: RequestIdSchema,
  portionGrams: PortionGramsSchema,
  petId: v.optional(v.nullable(EntityIdSchema), null),
  cause: v.optional(v.picklist(['person', 'automation', 'button']), 'person'),
  /**
   * The command may not begin after this instant; without it, it is for the moment in which it
   * arrives. A `person` reckons it by the feeder's own clock (`nowMs` of the status).
   */
  expiresAtMs: v.optional(ShownMsSchema),
});
export type FeedRequest = v.InferOutput<typeof FeedRequestSchema>;

/** One run of the dispenser, or the refusal of one. */
export const FeedingSchema = v.strictObject({
  id: v.string(),
  requestId: v.string(),
  cause: FeedingCauseSchema,
  occurrenceKey: v.nullable(v.string()),
  petId: v.nullable(v.string()),
  kibbleId: v.nullable(v.string()),
  portionGrams: v.number(),
  state: v.picklist(['running', 'done', 'refused']),
  stage: FeedingStageSchema,
  result: v.nullable(FeedingResultSchema),
  fault: v.nullable(FaultSchema),
  refusal: v.nullable(RefusalRuleSchema),
  dose: v.nullable(DoseSchema),
  bowlBeforeGrams: v.nullable(v.number()),
  bowlAfterGrams: v.nullable(v.number()),
  turns: v.number(),
  attempts: v.number(),
  motorMs: v.number(),
  startedAtMs: v.number(),
  endedAtMs: v.nullable(v.number()),
  clockQuality: ClockQualitySchema,
  /** One sentence for people: what was decided, by which rule, with its numbers. */
  why: v.string(),
});
export type Feeding = v.InferOutput<typeof FeedingSchema>;

/** One meal on one local date, with its verdict once it has one. */
export const OccurrenceSchema = v.strictObject({
  key: v.string(),
  mealId: v.string(),
  mealName: v.string(),
  petId: v.nullable(v.string()),
  localDate: v.string(),
  localTime: v.string(),
  dueAtMs: v.number(),
  portionGrams: v.number(),
  state: v.picklist(['planned', 'due', 'feeding', 'closed']),
  verdict: v.nullable(VerdictSchema),
  rule: v.nullable(v.string()),
  feedingId: v.nullable(v.string()),
  servedGrams: v.nullable(v.number()),
  decidedAtMs: v.nullable(v.number()),
  why: v.string(),
});
export type Occurrence = v.InferOutput<typeof OccurrenceSchema>;
