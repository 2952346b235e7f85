import { ClipSender } from '../cloud/clip-sender.ts';
import type { CloudHttp } from '../cloud/cloud-http.ts';
import type { CloudLink } from '../cloud/cloud-link.ts';
import type { StationClock } from '../platform/clock.ts';
import type { DeviceStore } from '../storage/store.ts';
import type { CameraWatch } from './camera-watch.ts';
import { clipQueue } from './clip-queue.ts';
import type { composeFeeding } from './compose-feeding.ts';
import type { DeviceParts } from './device-parts.ts';

/** Sends clips where the owner wants them in the cloud; null: this feeder has no place for clips. */
export function composeClipSender(
  { clock, logger, randomBytes, clips, cloud }: DeviceParts,
  joined: {
    readonly store: DeviceStore;
    readonly time: StationClock;
    readonly feeding: ReturnType<typeof composeFeeding>;
    readonly camera: CameraWatch | null;
    readonly link: CloudLink;
    readonly http: CloudHttp;
  },
): ClipSender | null {
  if (clips === undefined || cloud === undefined) return null;
  const { store, time, link, camera, http } = joined;
  const { feeding } = joined.feeding;
  return new ClipSender({
    ...{ clock, logger, http, random: randomBytes, queue: clipQueue(store, time) },
    conditions: () => ({
      isWanted: store.settings.get().cloudClips,
      isOnline: link.view().state === 'online',
      isBusy: link.isBusy() || feeding.isBusy(),
      isWatched: (camera?.camera.view().viewers ?? 0) > 0,
    }),
    path: (id) => clips.files.path(id, 'video'),
    isLocal: cloud.url.startsWith('http:'),
    onChange: (tell) => store.log.onEntry(tell),
  });
}
