import { type SyncRefusal, syncRefusals } from '@cat-feeder/shared';

/** What a core answers: the shell writes it as HTTP. */
export type Answer<T> =
  | { readonly ok: true; readonly body: T }
  | { readonly ok: false; readonly refusal: SyncRefusal; readonly retryAfterS?: number };

export function accepted<T>(body: T): Answer<T> {
  return { ok: true, body };
}

export function refused(refusal: SyncRefusal): Answer<never> {
  return { ok: false, refusal };
}

/** Status and body of an answer. */
export function asHttp(answer: Answer<unknown>): { status: number; body: unknown } {
  if (answer.ok) return { status: 200, body: answer.body };
  const { refusal, retryAfterS } = answer;
  const wait = retryAfterS === undefined ? {} : { retry_after_s: retryAfterS };
  return { status: syncRefusals[refusal].status, body: { err: refusal, ...wait } };
}
