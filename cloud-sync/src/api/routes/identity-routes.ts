import {
  ClaimPollSchema,
  ClaimStartSchema,
  RotateSchema,
  TokenRequestSchema,
} from '@cat-feeder/shared';
import { accepted, refused } from '../../core/answer.ts';
import { DEVICE_TOKEN_S } from '../../identity/access-tokens.ts';
import { identify, pollClaim, rotateKey, startClaim } from '../../identity/enrolment.ts';
import { makeNonce } from '../../identity/nonces.ts';
import type { ApiDeps } from '../deps.ts';
import { readBody } from '../request-body.ts';
import { addRoute, type CloudApp, limit, limitHere, senderOf } from '../route.ts';

const MINUTE_MS = 60_000;
/** Of one sender: many houses may stand behind one address, and all of them return after an outage. */
const PROOFS = { burst: 1000, everyMs: 20 } as const;
const CLAIMS = { burst: 20, everyMs: MINUTE_MS / 10 } as const;
/** Of all senders. */
const ALL_CLAIMS = { burst: 1000, everyMs: MINUTE_MS / 1000 } as const;

/** What feeders ask for with their key: the time, a claim, a token, another key. */
export function addIdentityRoutes(app: CloudApp, deps: ApiDeps): void {
  const { enrolment, tokens, system } = deps;
  addRoute(app, deps, ['GET', '/v1/time'], async (call) => {
    limitHere(deps, `time:${senderOf(call)}`, PROOFS);
    const now = system.wallMs();
    return accepted({ now, nonce: makeNonce(enrolment.keys, now, system.random) });
  });
  addRoute(app, deps, ['POST', '/v1/claim/start'], async (call) => {
    await limit(deps, `claim:${senderOf(call)}`, CLAIMS);
    await limit(deps, 'claim', ALL_CLAIMS);
    return startClaim(enrolment, await readBody(call.incoming, ClaimStartSchema));
  });
  addRoute(app, deps, ['POST', '/v1/claim/poll'], async (call) => {
    limitHere(deps, `proof:${senderOf(call)}`, PROOFS);
    return pollClaim(enrolment, await readBody(call.incoming, ClaimPollSchema));
  });
  addRoute(app, deps, ['POST', '/v1/token'], async (call) => {
    limitHere(deps, `proof:${senderOf(call)}`, PROOFS);
    const { assertion } = await readBody(call.incoming, TokenRequestSchema);
    const deviceId = await identify(enrolment, assertion);
    if (deviceId === null) return refused('bad_token');
    const life = { nowMs: system.wallMs(), lifeS: DEVICE_TOKEN_S };
    const token = await tokens.sign({ kind: 'device', deviceId }, life);
    return accepted({ token, expires_s: DEVICE_TOKEN_S });
  });
  addRoute(app, deps, ['POST', '/v1/keys/rotate'], async (call) => {
    limitHere(deps, `proof:${senderOf(call)}`, PROOFS);
    return rotateKey(enrolment, await readBody(call.incoming, RotateSchema));
  });
}
