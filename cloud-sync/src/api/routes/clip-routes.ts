import { ClipCompleteSchema, ClipUploadSchema, UlidSchema } from '@cat-feeder/shared';
import * as v from 'valibot';
import type { ClipContext, ClipPlace } from '../../clips/clip-context.ts';
import { removeClip, sweepClips } from '../../clips/clip-removal.ts';
import { announceClip, completeClip, resumeClip } from '../../clips/clip-uploads.ts';
import { readClip, readClips } from '../../clips/read-clips.ts';
import type { Answer } from '../../core/answer.ts';
import type { ApiDeps } from '../deps.ts';
import { Refused } from '../reply.ts';
import { readBody } from '../request-body.ts';
import { addRoute, type Call, type CloudApp, feederOf, idOf, limitHere } from '../route.ts';
import type { OnDevice } from './on-device.ts';

/** Of one feeder: a clip is a few requests, and there are a few dozen of them in a day. */
const REQUESTS = { burst: 60, everyMs: 500 } as const;

/** What feeders ask for about their clips; bytes of clips do not come this way. */
export function addClipRoutes(app: CloudApp, deps: ApiDeps): void {
  const onClip = (
    place: Parameters<typeof addRoute>[2],
    use: (clips: ClipContext, at: ClipPlace, call: Call) => Promise<Answer<unknown>>,
  ) =>
    addRoute(app, deps, place, async (call) => {
      const deviceId = await feederOf(deps, call);
      limitHere(deps, `clip:${deviceId}`, REQUESTS);
      return use(clipsOf(deps), { deviceId, clipId: idOf(call, 'id', UlidSchema) }, call);
    });
  onClip(['POST', '/v1/clips/:id/upload'], async (clips, at, call) =>
    announceClip(clips, at, await readBody(call.incoming, ClipUploadSchema)),
  );
  onClip(['GET', '/v1/clips/:id/upload'], (clips, at) => resumeClip(clips, at));
  onClip(['POST', '/v1/clips/:id/complete'], async (clips, at, call) =>
    completeClip(clips, at, await readBody(call.incoming, ClipCompleteSchema)),
  );
}

/** What members ask for about the clips of a feeder. */
export function addHomeClipRoutes(onDevice: OnDevice, deps: ApiDeps): void {
  const clips = '/v1/devices/:device/clips';
  const ofHome = (cloud: ClipContext['store']) => ({ ...clipsOf(deps), store: cloud });
  onDevice(['GET', clips], ({ call, cloud, deviceId, member: { homeId } }) => {
    const before = call.query('before') ?? null;
    if (before !== null && !v.is(UlidSchema, before)) throw new Refused('bad_request');
    return readClips(ofHome(cloud.store), { deviceId, homeId }, before);
  });
  onDevice(['GET', `${clips}/:id`], ({ call, cloud, deviceId, member: { homeId } }) => {
    const clipId = idOf(call, 'id', UlidSchema);
    return readClip(ofHome(cloud.store), { deviceId, clipId }, homeId);
  });
  onDevice(['DELETE', `${clips}/:id`], async ({ call, cloud, deviceId, member: { homeId } }) => {
    const clipId = idOf(call, 'id', UlidSchema);
    const said = await removeClip(ofHome(cloud.store), { deviceId, clipId }, homeId);
    sweepLater(deps, deviceId);
    return said;
  });
}

/** Removes what is to go of a feeder's clips; nobody waits for it. */
export function sweepLater({ clips, log }: ApiDeps, deviceId: string): void {
  if (clips === null) return;
  sweepClips(clips, deviceId).catch((error: unknown) => {
    log.warn({ error }, 'Clips that are to go could not be removed yet.');
  });
}

/** Throws `not_found`: this service has no store for clips. */
function clipsOf({ clips }: ApiDeps): ClipContext {
  if (clips === null) throw new Refused('not_found');
  return clips;
}
