import {
  ClaimPollAnswerSchema,
  ClaimStartAnswerSchema,
  FeederError,
  type Milliseconds,
} from '@cat-feeder/shared';
import * as v from 'valibot';
import type { Cancel, Clock } from '../platform/clock.ts';
import { type CloudHttp, NoAnswer } from './cloud-http.ts';
import type { DeviceIdentity } from './device-identity.ts';

/*
 * Linking this feeder to an account.
 *
 *   none --begin--> waiting --code typed elsewhere--> named --press on the page--> agreed
 *     ^                |                                |                            |
 *     '---10 minutes---+--------------------------------+------claimed: linked-------'
 *
 * The code is shown on the feeder's own page only, and the account is shown before anybody presses.
 */

const POLL_MS: Milliseconds = 2_000;

export interface ClaimView {
  /** What to type at the cloud. */
  readonly code: string;
  readonly secondsLeft: number;
  /** The account that typed it; null: nobody has yet. */
  readonly account: string | null;
}

interface Claim {
  readonly id: string;
  readonly code: string;
  readonly endMonoMs: Milliseconds;
  account: string | null;
  isAgreed: boolean;
}

export interface ClaimingParts {
  readonly clock: Clock;
  readonly http: CloudHttp;
  readonly identity: DeviceIdentity;
  readonly url: string;
  readonly model: string;
  /** The feeder belongs to a home from now on. */
  readonly onLinked: () => void;
}

/** One claim at a time, while somebody looks at the page. */
export class Claiming {
  readonly #parts: ClaimingParts;
  readonly #stop = new AbortController();
  #claim: Claim | null = null;
  #timer: Cancel | null = null;

  constructor(parts: ClaimingParts) {
    this.#parts = parts;
  }

  view(): ClaimView | null {
    const claim = this.#claim;
    if (claim === null) return null;
    const leftMs = Math.max(0, claim.endMonoMs - this.#parts.clock.monoMs());
    return { code: claim.code, secondsLeft: Math.ceil(leftMs / 1000), account: claim.account };
  }

  /** Asks for a code; a claim under way is replaced. `ERR_UNAVAILABLE` when the cloud is away. */
  async begin(): Promise<ClaimView> {
    const { http, identity, clock, model, url } = this.#parts;
    this.cancel();
    const former = identity.accountAt(url)?.device ?? null;
    const proof = await this.#orUnavailable(() => http.proof('claim', former, this.#stop.signal));
    const body = { key: identity.publicKey, hw: identity.hw, model, proof };
    const path = '/v1/claim/start';
    const answer = await this.#orUnavailable(() =>
      http.ask({ method: 'POST', path, body }, this.#stop.signal),
    );
    const parsed = v.safeParse(ClaimStartAnswerSchema, answer?.body);
    if (answer?.status !== 200 || !parsed.success) throw unavailable();
    const { claim: id, code, expires_s } = parsed.output;
    const endMonoMs = clock.monoMs() + expires_s * 1000;
    this.#claim = { id, code, endMonoMs, account: null, isAgreed: false };
    this.#pollSoon();
    return this.view() ?? { code, secondsLeft: expires_s, account: null };
  }

  /** The press: the account shown may have this feeder. `ERR_CONFLICT` when there is none, or another. */
  agree(account: string): void {
    if (this.#claim === null || this.#claim.account !== account) {
      throw new FeederError('ERR_CONFLICT', { message: 'No such account asks for this feeder.' });
    }
    this.#claim.isAgreed = true;
    this.#pollSoon(0);
  }

  cancel(): void {
    this.#claim = null;
    this.#timer?.();
    this.#timer = null;
  }

  close(): void {
    this.cancel();
    this.#stop.abort();
  }

  async #orUnavailable<T>(ask: () => Promise<T>): Promise<T> {
    try {
      return await ask();
    } catch (error) {
      if (error instanceof NoAnswer) throw unavailable(error);
      throw error;
    }
  }

  #pollSoon(delayMs = POLL_MS): void {
    this.#timer?.();
    this.#timer = this.#parts.clock.after('claim poll', delayMs, () => {
      this.#timer = null;
      void this.#poll();
    });
  }

  /** A poll that gets no sensible answer is followed by another one, until the claim is over. */
  async #poll(): Promise<void> {
    const claim = this.#claim;
    if (claim === null) return;
    const answer = await this.#ask(claim).catch(() => undefined);
    if (this.#claim !== claim) return;
    const isOver = this.#parts.clock.monoMs() > claim.endMonoMs;
    if (answer?.state === 'claimed') {
      const { device, home } = answer;
      const { identity, url, onLinked } = this.#parts;
      identity.setAccount({ url, device, home, account: claim.account ?? '' });
      this.cancel();
      onLinked();
    } else if (answer?.state === 'expired' || isOver) this.cancel();
    else {
      if (answer?.state === 'confirm') claim.account = answer.account;
      this.#pollSoon();
    }
  }

  async #ask(claim: Claim) {
    const { http, identity, url } = this.#parts;
    const { signal } = this.#stop;
    const former = identity.accountAt(url)?.device ?? null;
    const proof = await http.proof('claim', former, signal);
    const body = { claim: claim.id, proof, agreed: claim.isAgreed };
    const { status, body: told } = await http.ask(
      { method: 'POST', path: '/v1/claim/poll', body },
      signal,
    );
    const parsed = v.safeParse(ClaimPollAnswerSchema, told);
    return status === 200 && parsed.success ? parsed.output : undefined;
  }
}

function unavailable(cause?: unknown): FeederError {
  return new FeederError('ERR_UNAVAILABLE', {
    message: 'The cloud does not answer.',
    hint: 'Try again when the feeder has a connection.',
    ...(cause === undefined ? {} : { cause }),
  });
}
