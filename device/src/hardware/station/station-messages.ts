import {
  BowlReadingSchema,
  DoseSchema,
  type ErrorCode,
  errorTable,
  type Fault,
  FaultSchema,
  FeederError,
  FeedingStageSchema,
  HopperReadingSchema,
  PartTestSchema,
  type ScaleCalibration,
  ScaleCalibrationSchema,
} from '@cat-feeder/shared';
import * as v from 'valibot';
import type { DispenseOrder } from '../../dispensing/feed-station.ts';

/** What the main thread tells the control loop. `call` numbers what is to be answered. */
export type StationRequest =
  | { readonly kind: 'dispense'; readonly call: number; readonly order: DispenseOrder }
  | { readonly kind: 'weigh'; readonly call: number; readonly timeoutMs: number }
  | { readonly kind: 'weigh-hopper'; readonly call: number; readonly timeoutMs: number }
  | { readonly kind: 'self-test'; readonly call: number }
  | { readonly kind: 'calibrate-hopper'; readonly calibration: ScaleCalibration | null }
  | { readonly kind: 'calibrate'; readonly calibration: ScaleCalibration }
  | { readonly kind: 'cancel'; readonly fault: Fault | null }
  | { readonly kind: 'readings'; readonly wanted: boolean }
  | { readonly kind: 'close' };

const nullableNumber = v.nullable(v.number());
const POINTS_MAX = 240;

const OutcomeSchema = v.object({
  feedingId: v.string(),
  result: v.picklist(['served', 'short', 'failed', 'cancelled']),
  fault: v.nullable(FaultSchema),
  dose: DoseSchema,
  bowlBeforeGrams: nullableNumber,
  bowlAfterGrams: nullableNumber,
  turns: v.number(),
  attempts: v.number(),
  motorMs: v.number(),
  durationMs: v.number(),
  observation: v.nullable(
    v.object({
      gramsPerTurn: nullableNumber,
      inFlightGrams: nullableNumber,
      kibbleGrams: nullableNumber,
    }),
  ),
  trace: v.pipe(
    v.array(v.pipe(v.tuple([v.number(), v.number()]), v.readonly())),
    v.maxLength(POINTS_MAX),
    v.readonly(),
  ),
});

const ProgressSchema = v.object({
  feedingId: v.string(),
  stage: FeedingStageSchema,
  servedGrams: nullableNumber,
  turns: v.number(),
  motorMs: v.number(),
  attempts: v.number(),
  bowlBeforeGrams: nullableNumber,
});

const WeighSchema = v.variant('kind', [
  v.object({
    kind: v.literal('stable'),
    grams: v.number(),
    sigmaGrams: v.number(),
    counts: v.number(),
  }),
  v.object({ kind: v.picklist(['unstable', 'silent', 'stuck', 'saturated']) }),
]);

const HopperLevelSchema = v.variant('kind', [
  v.object({
    kind: v.literal('stable'),
    counts: v.number(),
    sigmaGrams: v.number(),
    noiseGrams: v.number(),
  }),
  v.object({ kind: v.picklist(['unstable', 'not_fitted', 'silent', 'stuck', 'saturated']) }),
]);

/** An error that crosses between the threads with its code. */
const FailureSchema = v.object({
  code: v.picklist(Object.keys(errorTable) as ErrorCode[]),
  message: v.string(),
  details: v.array(v.object({ path: v.string(), message: v.string() })),
});

const TraitsSchema = v.object({
  restSamplesPerSecond: v.number(),
  dispenseSamplesPerSecond: v.number(),
  indexEdgesPerTurn: nullableNumber,
  hasMotorCurrent: v.boolean(),
  hasHopperCell: v.boolean(),
  nominalTurnsPerSecond: v.number(),
  nominalGramsPerTurn: v.number(),
  stallMilliamps: nullableNumber,
  ratedGrams: v.number(),
  nominalCountsPerGram: v.number(),
  nominalHopperCountsPerGram: v.exactOptional(v.number()),
});

/** A part that is not as it should be. */
const PartProblemSchema = v.object({
  part: v.string(),
  state: v.picklist(['ok', 'silent', 'unplugged', 'implausible', 'stuck', 'saturated', 'babbling']),
  why: v.string(),
});

/** What the control loop tells the main thread. */
export const StationReplySchema = v.variant('kind', [
  v.object({
    kind: v.literal('ready'),
    traits: TraitsSchema,
    calibration: ScaleCalibrationSchema,
    hopperCalibration: v.nullable(ScaleCalibrationSchema),
  }),
  v.object({ kind: v.literal('start-failed'), failure: FailureSchema }),
  v.object({ kind: v.literal('progress'), progress: ProgressSchema }),
  v.object({ kind: v.literal('outcome'), call: v.number(), outcome: OutcomeSchema }),
  v.object({ kind: v.literal('weighed'), call: v.number(), result: WeighSchema }),
  v.object({ kind: v.literal('hopper-weighed'), call: v.number(), level: HopperLevelSchema }),
  v.object({ kind: v.literal('self-tested'), call: v.number(), parts: v.array(PartTestSchema) }),
  v.object({ kind: v.literal('call-failed'), call: v.number(), failure: FailureSchema }),
  v.object({
    kind: v.literal('reading'),
    reading: BowlReadingSchema,
    hopper: HopperReadingSchema,
  }),
  v.object({ kind: v.literal('fault'), fault: FaultSchema }),
  v.object({ kind: v.literal('parts'), problems: v.array(PartProblemSchema) }),
  v.object({ kind: v.literal('closed') }),
]);
export type StationReply = v.InferOutput<typeof StationReplySchema>;

/** One end of the line between the threads: a worker, its parent's port, or a message channel. */
export interface StationLine {
  post(message: StationRequest | StationReply): void;
  onMessage(listener: (message: unknown) => void): void;
}

/** An error as it crosses the line. */
export function toFailure(error: unknown): v.InferOutput<typeof FailureSchema> {
  if (error instanceof FeederError) {
    return { code: error.code, message: error.message, details: [...error.details] };
  }
  const message = error instanceof Error ? error.message : String(error);
  return { code: 'ERR_INTERNAL', message, details: [] };
}

/** The error on the other side of the line. */
export function fromFailure(failure: v.InferOutput<typeof FailureSchema>): FeederError {
  return new FeederError(failure.code, { message: failure.message, details: failure.details });
}
