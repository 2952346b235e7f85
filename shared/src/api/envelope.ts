import * as v from 'valibot';
import { type ErrorCode, errorTable } from '../errors.ts';

/** Every route lives under this prefix. */
export const API_PREFIX = '/api/v1';

/** The closed set of error codes, as a schema. */
export const ErrorCodeSchema = v.picklist(Object.keys(errorTable) as [ErrorCode, ...ErrorCode[]]);

/** The one form of every failure, 4xx and 5xx alike. */
export const ErrorEnvelopeSchema = v.strictObject({
  error: v.strictObject({
    code: ErrorCodeSchema,
    /** What happened, in one sentence. */
    message: v.string(),
    status: v.number(),
    /** Also in the header x-request-id and in the log. */
    requestId: v.string(),
    /** What the person in front of the feeder can do. */
    hint: v.string(),
    retry: v.picklist(['now', 'later', 'never']),
    /** Where: a JSON path such as `portionGrams`, or the name of a number that a rule used. */
    details: v.array(v.strictObject({ path: v.string(), message: v.string() })),
  }),
});
export type ErrorEnvelope = v.InferOutput<typeof ErrorEnvelopeSchema>;

/** The one form of every success with a body. */
export interface SuccessEnvelope<T> {
  readonly data: T;
}

/** What a removal or a stop answers. */
export const DoneSchema = v.strictObject({ done: v.literal(true) });

/** A change may name the revision it was made on; another present revision is `ERR_CONFLICT`. */
export const ExpectedRevSchema = v.optional(v.pipe(v.number(), v.integer(), v.minValue(0)));

/** A whole number in a query string: digits only, so no sign, no exponent, no NaN. */
export function queryInteger(min: number, max: number) {
  return v.pipe(
    v.string(),
    v.regex(/^\d{1,15}$/, 'must be a whole number'),
    v.transform(Number),
    v.number(),
    v.minValue(min, `must be at least ${min}`),
    v.maxValue(max, `must be at most ${max}`),
  );
}
