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
import { addOpenRoute, addRoute, type Call, type CloudApp, limit, limitHere } from '../route.ts';

const MINUTE_MS = 60_000;
/** Of one sender: many houses may stand behind one address, and all of them return after an outage. */
const PROOFS = { burst: 1000, everyMs: 20 } as const;
const CLAIMS = { burst: 20, everyMs: MINUTE_MS / 10 } as const;
/** Of all senders. */
const ALL_CLAIMS = { burst: 1000, everyMs: MINUTE_MS / 1000 } as const;

/** What feeders ask for with their key: the time, a claim, a token, another key. */
export function addIdentityRoutes(app: CloudApp, deps: ApiDeps): void {
  const { enrolment, tokens, system } = deps;
  const isProof = ({ sender }: Call) => limitHere(deps, `proof:${sender}`, PROOFS);
  const isClaim = async ({ sender }: Call) => {
    await limit(deps, `claim:${sender}`, CLAIMS);
    await limit(deps, 'claim', ALL_CLAIMS);
  };
  addRoute(app, deps, ['GET', '/v1/time'], async ({ sender }) => {
    limitHere(deps, `time:${sender}`, PROOFS);
    const now = system.wallMs();
    return accepted({ now, nonce: makeNonce(enrolment.keys, now, system.random) });
  });
  const start = { path: '/v1/claim/start', schema: ClaimStartSchema, limited: isClaim };
  addOpenRoute(app, deps, start, (body) => startClaim(enrolment, body));
  const poll = { path: '/v1/claim/poll', schema: ClaimPollSchema, limited: isProof };
  addOpenRoute(app, deps, poll, (body) => pollClaim(enrolment, body));
  const login = { path: '/v1/token', schema: TokenRequestSchema, limited: isProof };
  addOpenRoute(app, deps, login, async ({ assertion }) => {
    const deviceId = await identify(enrolment, assertion);
    if (deviceId === null) return refused('bad_token');
    const life = { nowMs: system.wallMs(), lifeS: DEVICE_TOKEN_S };
    const token = await tokens.sign({ kind: 'device', deviceId }, life);
    return accepted({ token, expires_s: DEVICE_TOKEN_S });
  });
  const rotate = { path: '/v1/keys/rotate', schema: RotateSchema, limited: isProof };
  addOpenRoute(app, deps, rotate, (body) => rotateKey(enrolment, body));
}
