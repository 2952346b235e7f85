import { type SyncRefusal, syncRefusals } from '@cat-feeder/shared';
import { type Answer, asHttp } from '../core/answer.ts';

const JSON_TYPE = { 'content-type': 'application/json' } as const;

/** A refusal thrown by the layers around the cores: the one way out besides an answer. */
export class Refused extends Error {
  readonly refusal: SyncRefusal;
  readonly retryAfterS: number | undefined;

  constructor(refusal: SyncRefusal, retryAfterS?: number) {
    super(syncRefusals[refusal].why);
    this.name = 'Refused';
    this.refusal = refusal;
    this.retryAfterS = retryAfterS;
  }
}

/** The one envelope: the body of a success as it is, or `{"err": CODE}` with its status. */
export function reply(answer: Answer<unknown>): Response {
  const { status, body } = asHttp(answer);
  const wait = !answer.ok && answer.retryAfterS !== undefined ? answer.retryAfterS : undefined;
  const headers = wait === undefined ? JSON_TYPE : { ...JSON_TYPE, 'retry-after': String(wait) };
  return new Response(JSON.stringify(body), { status, headers });
}

/** The same of a refusal alone. */
export function replyRefused({ refusal, retryAfterS }: Refused): Response {
  const wait = retryAfterS === undefined ? {} : { retryAfterS };
  return reply({ ok: false, refusal, ...wait });
}
