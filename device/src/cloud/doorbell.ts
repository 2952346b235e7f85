import {
  LIVE_STEP_MS,
  type Milliseconds,
  MQTT_BYTES_MAX,
  PokeSchema,
  type RandomBytes,
  topicsOf,
} from '@cat-feeder/shared';
import * as v from 'valibot';
import type { Cancel, Clock } from '../platform/clock.ts';
import type { Logger } from '../platform/logger.ts';
import type { Bell } from '../sync/link-io.ts';
import { jitter } from '../sync/turn.ts';

/*
 * The doorbell: a connection to the broker that only ever makes the link ask sooner.
 *
 *   off --a place--> waiting --time--> calling --subscribed--> listening
 *    ^                  ^ ^               |                        |
 *    |                  | '---no answer---'                        |
 *    '---no place any more (from anywhere)                         |
 *                       '------------------lost--------------------'
 *
 * B1 Nobody waits for it: whatever fails is followed by another call, later and later.
 * B2 What it hears is handed over before the broker is told that it arrived.
 * B3 What an earlier call says reaches nobody.
 */

const FIRST_CALL_MS: Milliseconds = 1_000;
const WAIT_FLOOR_MS: Milliseconds = 500;
const WAIT_MAX_MS: Milliseconds = 300_000;
const WAIT_STEPS_MAX = 9;
/** A connection that held for so long was one: the next trouble starts from the beginning. */
const HELD_MS: Milliseconds = 60_000;
const SECOND_MS = 1000;
const loopback = new Set(['127.0.0.1', '[::1]', 'localhost']);

/** One connection to a broker, and what is to be done with what comes. */
export interface BellCall {
  readonly url: string;
  readonly clientId: string;
  readonly user: string;
  readonly password: string;
  readonly will: { readonly topic: string; readonly payload: string };
  readonly topics: readonly string[];
  readonly onListening: () => void;
  /** Acknowledged when it returns. */
  readonly onMessage: (topic: string, payload: Uint8Array) => void;
  /** The call is over; `isRefused`: the broker does not know this feeder, or not this secret. */
  readonly onEnd: (why: string, isRefused: boolean) => void;
}

export interface BellLine {
  /** Lost when the connection is. */
  publish(topic: string, payload: string, qos: 0 | 1): void;
  /** Without a word: the broker tells the others by the will. */
  hangUp(): void;
}

export interface DoorbellParts {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly random: RandomBytes;
  /** Loads the library at the first call: a feeder without a broker has no memory for it. */
  readonly load: () => Promise<(call: BellCall) => BellLine>;
  /** The name of this feeder at the cloud. */
  readonly deviceId: () => string | null;
  /** An item of the downlink, or a bare ring. */
  readonly onRing: (body: unknown) => void;
  readonly onListening: () => void;
  readonly onRefused: () => void;
  /** What is to be seen right now, for those who watch. */
  readonly live: () => unknown;
}

export interface BellView {
  readonly state: 'off' | 'waiting' | 'calling' | 'listening';
  /** Why it does not listen; empty when it does, or need not. */
  readonly why: string;
  /** The broker did not take the secret: the next hello asks for another one. */
  readonly isRefused: boolean;
}

const silent: BellView = { state: 'off', why: '', isRefused: false };

/** Listens where the cloud says, and tries again for as long as it says so. */
export class Doorbell {
  readonly #parts: DoorbellParts;
  #view: BellView = silent;
  #bell: Bell | null = null;
  /** Differs for each call. */
  #life = 0;
  #tries = 0;
  #line: BellLine | null = null;
  #timer: Cancel | null = null;
  #liveTimer: Cancel | null = null;
  #watchedUntilMs: Milliseconds = 0;

  constructor(parts: DoorbellParts) {
    this.#parts = parts;
  }

  view(): BellView {
    return this.#view;
  }

  /** Where it hangs from now on; null: nowhere. */
  use(bell: Bell | null): void {
    this.#hangUp();
    this.#bell = bell;
    this.#tries = 0;
    this.#view = silent;
    if (bell === null) return;
    if (!isSafe(bell.url)) {
      this.#view = { ...silent, why: 'the cloud names a broker without encryption' };
      return;
    }
    this.#callIn(jitter(this.#parts.random, FIRST_CALL_MS));
  }

  #hangUp(): void {
    this.#life += 1;
    this.#timer?.();
    this.#timer = null;
    this.#liveTimer?.();
    this.#liveTimer = null;
    const line = this.#line;
    this.#line = null;
    line?.hangUp();
  }

  #callIn(delayMs: Milliseconds): void {
    this.#view = { ...this.#view, state: 'waiting' };
    this.#timer = this.#parts.clock.after('doorbell', delayMs, () => void this.#call());
  }

  async #call(): Promise<void> {
    const life = this.#life;
    this.#view = { ...this.#view, state: 'calling' };
    try {
      const dial = await this.#parts.load();
      if (life === this.#life) this.#dial(dial);
    } catch (error) {
      this.#parts.logger.warn({ error }, 'The doorbell could not call.');
      if (life === this.#life) this.#callAgain('the library failed', false);
    }
  }

  #dial(dial: (call: BellCall) => BellLine): void {
    const { clock, deviceId } = this.#parts;
    const bell = this.#bell;
    const id = deviceId();
    if (bell === null || id === null) return;
    const life = this.#life;
    const isPresent = () => life === this.#life;
    const { down, poke, presence } = topicsOf(id);
    const { url, user, token: password, session } = bell;
    let heardSinceMs = clock.monoMs();
    this.#line = dial({
      ...{ url, user, password, clientId: `${id}-${session}`, topics: [down, poke] },
      will: { topic: presence, payload: JSON.stringify({ on: 0, session }) },
      onListening: () => {
        if (!isPresent()) return;
        heardSinceMs = clock.monoMs();
        this.#view = { ...silent, state: 'listening' };
        this.#line?.publish(presence, JSON.stringify({ on: 1, session }), 1);
        this.#parts.onListening();
      },
      onMessage: (topic, payload) => {
        if (isPresent()) this.#hear(topic === poke, payload);
      },
      onEnd: (why, isRefused) => {
        if (!isPresent()) return;
        const held = this.#view.state === 'listening' && clock.monoMs() - heardSinceMs > HELD_MS;
        if (held) this.#tries = 0;
        this.#callAgain(why, isRefused);
      },
    });
  }

  /** B2. */
  #hear(isPoke: boolean, payload: Uint8Array): void {
    const body = readPayload(payload);
    const poke = v.safeParse(PokeSchema, body);
    const watchS = isPoke && poke.success ? (poke.output.watch_s ?? 0) : 0;
    if (watchS > 0) this.#watch(watchS * SECOND_MS);
    this.#parts.onRing(body);
  }

  #watch(durationMs: Milliseconds): void {
    this.#watchedUntilMs = this.#parts.clock.monoMs() + durationMs;
    if (this.#liveTimer === null) this.#show('');
  }

  /** Says what is to be seen, as often as it changes and for as long as somebody watches. */
  #show(before: string): void {
    const { clock, live, deviceId } = this.#parts;
    this.#liveTimer = null;
    const id = deviceId();
    if (this.#line === null || id === null || clock.monoMs() >= this.#watchedUntilMs) return;
    const now = JSON.stringify(live());
    if (now !== before) this.#line.publish(topicsOf(id).live, now, 0);
    this.#liveTimer = clock.after('live channel', LIVE_STEP_MS, () => this.#show(now));
  }

  /** B1. */
  #callAgain(why: string, isRefused: boolean): void {
    const { random } = this.#parts;
    this.#hangUp();
    this.#view = { state: 'waiting', why, isRefused };
    const waitMs = Math.min(WAIT_MAX_MS, 2 ** this.#tries * SECOND_MS);
    this.#tries = Math.min(WAIT_STEPS_MAX, this.#tries + 1);
    this.#callIn(WAIT_FLOOR_MS + jitter(random, waitMs));
    if (isRefused) this.#parts.onRefused();
  }
}

/** A broker elsewhere is spoken to by TLS only: the secret travels there. */
function isSafe(text: string): boolean {
  const url = URL.parse(text);
  if (url === null) return false;
  return url.protocol === 'mqtts:' || (url.protocol === 'mqtt:' && loopback.has(url.hostname));
}

/** Undefined when it is no JSON, or larger than anything the cloud sends. */
function readPayload(payload: Uint8Array): unknown {
  if (payload.length > MQTT_BYTES_MAX) return undefined;
  try {
    return JSON.parse(Buffer.from(payload).toString('utf8'));
  } catch {
    return undefined;
  }
}
