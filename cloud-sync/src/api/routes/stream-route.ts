import { PartyIdSchema } from '@cat-feeder/shared';
import * as v from 'valibot';
import { HomeStore } from '../../home/home-store.ts';
import { readHead } from '../../home/read-device.ts';
import type { ApiDeps } from '../deps.ts';
import { Refused } from '../reply.ts';
import { addStream, bearerOf, type CloudApp, limit } from '../route.ts';

const OPENED = { burst: 20, everyMs: 3_000 } as const;
/** When too many watch. */
const RETRY_S = 30;

/** What happens at a feeder while a member watches. */
export function addStreamRoute(app: CloudApp, deps: ApiDeps): void {
  addStream(app, deps, '/v1/stream', async (call) => {
    const { account, homeId } = await bearerOf(deps, call, 'member');
    await limit(deps, `stream:${account}`, OPENED);
    const asked = v.safeParse(PartyIdSchema, call.query('device'));
    if (!asked.success) throw new Refused('not_found');
    const deviceId = asked.output;
    const cloud = { ...deps.cloud, store: new HomeStore(deps.cloud.store, homeId) };
    // Asked again at each look: whoever loses the feeder stops seeing it.
    const head = () => readHead(cloud, { deviceId, homeId });
    await head();
    const stream = deps.viewers.open({ account, deviceId, head });
    if (stream === null) throw new Refused('overloaded', RETRY_S);
    return stream;
  });
}
