import {
  type Milliseconds,
  RefusalSchema,
  type SyncReaction,
  type SyncRefusal,
  syncRefusals,
} from '@cat-feeder/shared';
import * as v from 'valibot';

/** An answer as it came, from whoever gave it. */
export interface RawAnswer {
  readonly status: number;
  readonly body: unknown;
  readonly retryAfterMs?: Milliseconds;
}

export type ReadAnswer<T> =
  | { readonly kind: 'ok'; readonly body: T }
  | {
      readonly kind: 'refused';
      readonly refusal: SyncRefusal;
      readonly reaction: SyncReaction;
      readonly retryAfterMs: Milliseconds | undefined;
    }
  /** Not the cloud's words: a portal, a proxy, a broken body. It says nothing. */
  | { readonly kind: 'noise'; readonly retryAfterMs: Milliseconds | undefined };

/** Believes an answer only when it fits: the body of a 200 its schema, a refusal its status. */
export function readAnswer<T>(
  schema: v.GenericSchema<unknown, T>,
  answer: RawAnswer,
): ReadAnswer<T> {
  const { status, body, retryAfterMs } = answer;
  if (status === 200) {
    const parsed = v.safeParse(schema, body);
    return parsed.success ? { kind: 'ok', body: parsed.output } : { kind: 'noise', retryAfterMs };
  }
  const parsed = v.safeParse(RefusalSchema, body);
  if (!parsed.success) return { kind: 'noise', retryAfterMs };
  const { err, retry_after_s } = parsed.output;
  const known = syncRefusals[err];
  if (known.status !== status) return { kind: 'noise', retryAfterMs };
  const inBody = retry_after_s === undefined ? undefined : retry_after_s * 1000;
  const { reaction } = known;
  return { kind: 'refused', refusal: err, reaction, retryAfterMs: retryAfterMs ?? inBody };
}
