import type { EpochMs } from '@cat-feeder/shared';
import { decodeProtectedHeader, jwtVerify, SignJWT } from 'jose';
import * as v from 'valibot';
import { asDate } from '../platform/system.ts';
import type { ServiceKeys } from './service-keys.ts';

/** A feeder's token lives this long; a member's as long as its maker says. */
export const DEVICE_TOKEN_S = 900;
const TOKENS_KNOWN_MAX = 5_000;
const TYPE = 'at+jwt';

/** For whom a token is: a feeder speaks for itself, a member for a home. */
export type Bearer =
  | { readonly kind: 'device'; readonly deviceId: string }
  | { readonly kind: 'member'; readonly account: string; readonly homeId: string };

const audiences = { device: 'cat-feeder-device', member: 'cat-feeder-member' } as const;
const ClaimsSchema = v.object({ sub: v.string(), exp: v.number(), home: v.optional(v.string()) });

/** Signs and checks the tokens that requests carry. */
export class AccessTokens {
  readonly #keys: ServiceKeys;
  readonly #issuer: string;
  /** Tokens whose signature was checked, with their end: a check costs as much as the request. */
  readonly #known = new Map<string, { readonly bearer: Bearer; readonly endMs: EpochMs }>();

  constructor(options: { readonly keys: ServiceKeys; readonly issuer: string }) {
    this.#keys = options.keys;
    this.#issuer = options.issuer;
  }

  /** A token that ends `lifeS` seconds after `nowMs`. */
  sign(bearer: Bearer, options: { readonly nowMs: EpochMs; readonly lifeS: number }) {
    const nowS = Math.floor(options.nowMs / 1000);
    const subject = bearer.kind === 'device' ? bearer.deviceId : bearer.account;
    const home = bearer.kind === 'device' ? {} : { home: bearer.homeId };
    return new SignJWT(home)
      .setProtectedHeader({ alg: 'EdDSA', typ: TYPE, kid: this.#keys.signing.kid })
      .setIssuer(this.#issuer)
      .setAudience(audiences[bearer.kind])
      .setSubject(subject)
      .setIssuedAt(nowS)
      .setExpirationTime(nowS + options.lifeS)
      .sign(this.#keys.signing.key);
  }

  /** Whether this token was checked before: to ask again costs nothing. */
  isKnown(token: string): boolean {
    return this.#known.has(token);
  }

  /** Who carries this token; null when nobody should. */
  async check(token: string, kind: Bearer['kind'], nowMs: EpochMs): Promise<Bearer | null> {
    const known = this.#known.get(token);
    if (known !== undefined) {
      return known.endMs > nowMs && known.bearer.kind === kind ? known.bearer : null;
    }
    const checked = await this.#verify(token, kind, nowMs).catch(() => null);
    if (checked === null) return null;
    this.#known.set(token, checked);
    if (this.#known.size > TOKENS_KNOWN_MAX) {
      const [oldest] = this.#known.keys();
      if (oldest !== undefined) this.#known.delete(oldest);
    }
    return checked.bearer;
  }

  async #verify(token: string, kind: Bearer['kind'], nowMs: EpochMs) {
    const { kid } = decodeProtectedHeader(token);
    const key = this.#keys.verifying.get(kid ?? '');
    if (key === undefined) return null;
    const { payload } = await jwtVerify(token, key, {
      algorithms: ['EdDSA'],
      typ: TYPE,
      issuer: this.#issuer,
      audience: audiences[kind],
      currentDate: asDate(nowMs),
      requiredClaims: ['sub', 'exp', 'iat'],
    });
    const { sub, exp, home } = v.parse(ClaimsSchema, payload);
    const endMs = exp * 1000;
    if (kind === 'device') return { bearer: { kind, deviceId: sub }, endMs } as const;
    if (home === undefined) return null;
    return { bearer: { kind, account: sub, homeId: home }, endMs } as const;
  }
}
