import type { Checker, Fail, Observed, SentRequest, Situation } from '../observed.ts';

/** What waited for the disk is written this soon after it is well again. */
const SETTLED_MS = 2 * 3_600_000;
/** A clock that counts as right is wrong by no more. */
const CLOCK_ERROR_MS = 2000;

interface Answered {
  readonly data?: { readonly id?: string; readonly rev?: number; readonly requestId?: string };
  readonly error?: { readonly code?: string };
}

/**
 * Invariants 6 and 8 at the door: what was acknowledged is in the ledger; what is expired,
 * repeated or malformed is answered as such and moves nothing.
 */
export class Acknowledged implements Checker {
  readonly #fail: Fail;
  readonly #readOn: () => void;
  readonly #held: (requestId: string) => string | undefined;
  readonly #revs = new Map<string, number>();
  readonly #tombstones = new Set<string>();
  readonly #refusals = new Set<string>();
  readonly #claimedBy = new Map<string, string>();
  /** Feedings that somebody was told of, by requestId. */
  readonly #promised = new Map<string, string>();
  /** Requests that must never be claimed, by requestId. */
  readonly #never = new Map<string, string>();

  constructor(parts: {
    fail: Fail;
    readOn: () => void;
    /** The feeding that the emergency journal holds durably for a requestId. */
    held: (requestId: string) => string | undefined;
  }) {
    this.#fail = parts.fail;
    this.#readOn = parts.readOn;
    this.#held = parts.held;
  }

  /** The feeding that a requestId was claimed by. */
  claimOf(requestId: string): string | undefined {
    return this.#claimedBy.get(requestId);
  }

  see(event: Observed, now: Situation): void {
    if (event.kind === 'entry') this.#note(event.entry);
    else if (event.kind === 'sent') this.#sent(event.request, now);
    else if (event.kind === 'end' && now.isUp && now.nowMs - now.diskHealthySinceMs > SETTLED_MS) {
      for (const [requestId, feedingId] of this.#promised) {
        if (this.#claimedBy.get(requestId) === feedingId) continue;
        this.#fail(
          'I6',
          `${requestId} was acknowledged as ${feedingId} and never reached the ledger`,
        );
      }
    } else if (event.kind === 'answer') {
      this.#readOn();
      this.#answer(event.request, event.status, (event.body ?? {}) as Answered, now);
    }
  }

  #note(entry: Extract<Observed, { kind: 'entry' }>['entry']): void {
    if (entry.name === 'doc.changed') {
      this.#revs.set(entry.body.id, entry.body.rev);
      if (entry.body.deleted) this.#tombstones.add(entry.body.id);
    } else if (entry.name === 'feeding.refused') {
      this.#refusals.add(entry.body.requestId);
    } else if (entry.name === 'feeding.claimed') {
      const { requestId, feedingId } = entry.body;
      this.#claimedBy.set(requestId, feedingId);
      const why = this.#never.get(requestId);
      if (why !== undefined) this.#fail('I8', `${requestId} (${why}) was claimed as ${feedingId}`);
    }
  }

  #sent(request: SentRequest, now: Situation): void {
    const { feed, nature } = request;
    if (feed === null || this.#claimedBy.has(feed.requestId)) return;
    if (nature === 'expired' || nature === 'invalid') this.#never.set(feed.requestId, nature);
    else if (nature === 'far' && !now.isClockFalse) {
      const lateMs = now.trueWallMs - (feed.expiresAtMs ?? Number.POSITIVE_INFINITY);
      if (lateMs <= CLOCK_ERROR_MS) return;
      this.#never.set(feed.requestId, `${Math.round(lateMs)} ms late in truth`);
    }
  }

  #answer(request: SentRequest, status: number, body: Answered, now: Situation): void {
    const what = `${request.label} answered ${status} ${body.error?.code ?? ''}`;
    if (status === 500) this.#fail('I0', `${what}: an internal error`);
    if (request.feed !== null) this.#feedAnswer(request, { status, body, what, now });
    else if (status >= 200 && status < 300 && request.method !== 'GET') {
      this.#editAnswer(request, body, what);
    }
  }

  #editAnswer(request: SentRequest, body: Answered, what: string): void {
    const id = request.method === 'DELETE' ? request.path.split('/').at(-1) : body.data?.id;
    if (id === undefined) return;
    if (request.method === 'DELETE') {
      if (!this.#tombstones.has(id)) this.#fail('I6', `${what} but no tombstone is in the ledger`);
    } else if (body.data?.rev !== undefined && (this.#revs.get(id) ?? 0) < body.data.rev) {
      this.#fail('I6', `${what} but revision ${body.data.rev} is not in the ledger`);
    }
  }

  #feedAnswer(
    request: SentRequest,
    answer: { status: number; body: Answered; what: string; now: Situation },
  ): void {
    const { status, body, what, now } = answer;
    const requestId = request.feed?.requestId ?? '';
    const claimedBy = this.#claimedBy.get(requestId) ?? this.#held(requestId);
    if (claimedBy !== undefined && status < 300) this.#promised.set(requestId, claimedBy);
    if (status === 202 || status === 200) {
      if (claimedBy === undefined || claimedBy !== body.data?.id) {
        this.#fail('I6', `${what} as ${body.data?.id}, the ledger has ${claimedBy}`);
      }
    }
    switch (request.nature) {
      case 'duplicate':
        if (status !== 200) this.#fail('I8', `${what}, not the first result`);
        break;
      case 'reused':
        if (status !== 409) this.#fail('I8', `${what}, not a conflict`);
        break;
      case 'expired':
        if (status < 400) this.#fail('I8', `${what} although it had expired`);
        else if (status === 410 && now.isDiskHealthy && !this.#refusals.has(requestId)) {
          this.#fail('I8', `${what} without a recorded refusal`);
        }
        break;
      case 'invalid':
        if (status < 400 || status >= 500) this.#fail('I8', `${what} although it is invalid`);
        break;
      case 'fresh':
      case 'far':
        this.#refusalIsRecorded(requestId, answer);
        break;
      case 'other':
    }
  }

  #refusalIsRecorded(
    requestId: string,
    answer: { status: number; what: string; now: Situation; body: Answered },
  ): void {
    const { status, what, now } = answer;
    const isRule = status === 409 || status === 410 || status === 422;
    if (isRule && now.isDiskHealthy && !this.#refusals.has(requestId)) {
      this.#fail('I8', `${what} without a recorded refusal`);
    }
  }
}
