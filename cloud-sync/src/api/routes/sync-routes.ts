import {
  type Batch,
  BatchSchema,
  ClaimSchema,
  DownQuerySchema,
  eventKinds,
  FillSchema,
  ForkSchema,
  HelloSchema,
  UlidSchema,
} from '@cat-feeder/shared';
import * as v from 'valibot';
import { type Answer, accepted } from '../../core/answer.ts';
import { claimCommand } from '../../core/commands.ts';
import { pullDown } from '../../core/downlink.ts';
import { compareFork } from '../../core/fork.ts';
import { greet } from '../../core/hello.ts';
import { fill, ingest } from '../../core/ingest.ts';
import type { ApiDeps } from '../deps.ts';
import { Refused } from '../reply.ts';
import { readBody } from '../request-body.ts';
import { addRoute, type Call, type CloudApp, feederOf } from '../route.ts';
import { sweepLater } from './clip-routes.ts';

/** What feeders ask for with their token. */
export function addSyncRoutes(app: CloudApp, deps: ApiDeps): void {
  const { cloud, admission, metrics, doorbell } = deps;
  const post = <Schema extends v.GenericSchema>(
    path: string,
    schema: Schema,
    use: (deviceId: string, body: v.InferOutput<Schema>, call: Call) => Promise<Answer<unknown>>,
  ) =>
    addRoute(app, deps, ['POST', path], async (call) => {
      const deviceId = await feederOf(deps, call);
      return use(deviceId, await readBody(call.incoming, schema), call);
    });

  addRoute(app, deps, ['POST', '/v1/sync/hello'], async (call) => {
    const deviceId = await feederOf(deps, call);
    // Only of those who may have a session at all: a stranger takes nobody's.
    admission.admitHello();
    const hello = await readBody(call.incoming, HelloSchema);
    const answer = await greet(cloud, deviceId, hello);
    if (!answer.ok) return answer;
    sweepLater(deps, deviceId);
    const limits = {
      ...answer.body.limits,
      poll_s: deps.pollSeconds,
      backoff_cap_s: deps.backoffCapSeconds,
    };
    const mqtt = doorbell.offer(deviceId, hello.now['bell'] === 'refused');
    return accepted({ ...answer.body, limits, ...(mqtt === undefined ? {} : { mqtt }) });
  });
  post('/v1/sync/events', BatchSchema, async (deviceId, batch) => {
    const answer = await ingest(cloud, deviceId, batch);
    if (answer.ok) {
      metrics.countEvents(batch.events.length);
      doorbell.note(deviceId, answer.body.ack);
    }
    if (answer.ok && batch.events.some(isClipDropped)) sweepLater(deps, deviceId);
    return answer;
  });
  post('/v1/sync/fork', ForkSchema, (deviceId, fork) => compareFork(cloud, deviceId, fork));
  post('/v1/sync/fill', FillSchema, (deviceId, request) => fill(cloud, deviceId, request));
  post('/v1/commands/:id/claim', ClaimSchema, (deviceId, claim, call) => {
    const commandId = call.param('id');
    if (!v.is(UlidSchema, commandId)) throw new Refused('not_found');
    return claimCommand(cloud, { deviceId, commandId }, claim);
  });
  addRoute(app, deps, ['GET', '/v1/sync/down'], async (call) => {
    const deviceId = await feederOf(deps, call);
    const numbers = { session: numberOf(call, 'session'), after: numberOf(call, 'after') };
    const query = v.safeParse(DownQuerySchema, numbers);
    if (!query.success) throw new Refused('bad_request');
    return pullDown(cloud, deviceId, query.output);
  });
}

function isClipDropped(item: Batch['events'][number]): boolean {
  return 'k' in item && item.k === eventKinds['clip.dropped'].number;
}

function numberOf(call: Call, name: string): number {
  const text = call.query(name) ?? '';
  return /^\d{1,16}$/.test(text) ? Number(text) : Number.NaN;
}
