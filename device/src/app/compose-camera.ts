import { eventBodies, isWithinHours, makeUlid, type Privacy } from '@cat-feeder/shared';
import * as v from 'valibot';
import { believedWall } from '../camera/believed-wall.ts';
import { Camera } from '../camera/camera.ts';
import type { StationClock } from '../platform/clock.ts';
import type { LiveEvents } from '../platform/live-events.ts';
import { minutesOfTime } from '../scheduling/calendar.ts';
import { localTimeOf } from '../scheduling/local-time.ts';
import type { DeviceStore } from '../storage/store.ts';
import { CameraWatch } from './camera-watch.ts';
import type { DeviceParts } from './device-parts.ts';

/** The camera with what tells it of the feeder's life; null without one. */
export function composeCamera(
  { camera: doors, clock, logger, randomBytes }: DeviceParts,
  joined: {
    readonly store: DeviceStore;
    readonly time: StationClock;
    readonly live: LiveEvents;
    readonly isFeeding: () => boolean;
  },
): CameraWatch | null {
  if (doors === undefined) return null;
  const { store, time, live, isFeeding } = joined;
  const settings = () => store.settings.get();
  const isTimeKnown = () => time.now().quality !== 'unknown';
  const privacy = (): Privacy => {
    const { cameraOn, cameraPrivacyHours: hours, zone } = settings();
    if (!cameraOn) return 'switch';
    if (hours === null) return null;
    // Nobody knows the time: it may be one of these hours.
    if (!isTimeKnown()) return 'hours';
    const minute = minutesOfTime(localTimeOf(zone, time.now().wallMs));
    return isWithinHours(minute, hours) ? 'hours' : null;
  };
  const camera = new Camera({
    ...doors,
    catalogue: store.clips,
    clock,
    logger,
    newId: () => makeUlid(time.now().wallMs, randomBytes),
    wallMs: () => time.now().wallMs,
    believedMs: believedWall(time),
    privacy,
    isMealsOnly: () => settings().cameraMealsOnly,
    isFeeding,
    onView: (view) => live.publish('camera', view),
    onClip: (clip) => live.publish('clip', clip),
  });
  return new CameraWatch({
    camera,
    clock,
    live,
    onVisit: (listen) =>
      store.log.onEntry(({ name, body }) => {
        if (name !== 'visit.ended') return;
        const { startedMs, endedMs, petId } = v.parse(eventBodies['visit.ended'], body);
        listen({ startedMs, endedMs, petId });
      }),
    openFeedings: () => store.journal.open().map(({ feeding }) => feeding),
    onFeedingClosed: (listen) =>
      store.log.onEntry(({ name, body }) => {
        if (name === 'feeding.ended') listen(v.parse(eventBodies['feeding.ended'], body).feedingId);
      }),
    feedingOf: (id) => store.journal.find(id),
    setSwitch: (cameraOn) => void store.settings.change({ cameraOn }),
    isSwitchedOn: () => settings().cameraOn,
  });
}
