import { type Api, createApi } from '../api/server.ts';
import { noInterlocks } from '../feeding/interlocks.ts';
import { LiveEvents } from '../platform/live-events.ts';
import { Scheduler } from '../scheduling/scheduler.ts';
import { StationClockKeeper } from '../scheduling/station-clock-keeper.ts';
import type { DeviceStore } from '../storage/store.ts';
import { apiDeps } from './api-deps.ts';
import { composeAlerts } from './compose-alerts.ts';
import { composeCamera } from './compose-camera.ts';
import { composeCloud } from './compose-cloud.ts';
import { composeFeeding } from './compose-feeding.ts';
import { composePlan } from './compose-plan.ts';
import { composePresence } from './compose-presence.ts';
import { composeRuntime } from './compose-runtime.ts';
import type { DeviceParts } from './device-parts.ts';
import { PanelInterlocks } from './panel-interlocks.ts';
import type { RuntimeManager } from './runtime-manager.ts';

/** One feeder, ready to be started. */
export interface Device {
  readonly runtime: RuntimeManager;
  readonly store: DeviceStore;
  readonly scheduler: Scheduler;
  readonly feeding: DeviceCore['feeding']['feeding'];
  /** Resolves when the scale has spoken since the start, or is known not to: 3 s at most. */
  scaleKnown(): Promise<void>;
  /** Makes the HTTP application; `port` is asked at each request for the feeder's own names. */
  createApi(port: () => number): Api;
}

/** The composed features, before anything runs. */
export type DeviceCore = ReturnType<typeof composeCore>;

/**
 * The composition root: every part of the daemon is named here and in the lists that it calls,
 * and only there. Nothing is started; `runtime.start` does that in order.
 */
export function composeDevice(parts: DeviceParts): Device {
  const startedMonoMs = parts.clock.monoMs();
  const core = composeCore(parts);
  const runtime = composeRuntime(parts, core);
  const deps = apiDeps(parts, core, { runtime, startedMonoMs });
  return {
    runtime,
    store: core.store,
    scheduler: core.scheduler,
    feeding: core.feeding.feeding,
    scaleKnown: () => core.feeding.firstReading.known(),
    createApi: (port) => createApi(deps, { port, uiDir: parts.uiDir }),
  };
}

function composeCore(parts: DeviceParts) {
  const { clock, logger } = parts;
  const live = new LiveEvents({ epoch: parts.bootId, logger });
  const { store, time } = openMemory(parts);
  const interlocks = parts.panel === undefined ? noInterlocks : new PanelInterlocks(parts.panel);
  const joined = { store, time, live, interlocks };
  const feeding = composeFeeding(parts, {
    ...joined,
    onFeedingEnded: () => scheduler.feedingEnded(),
    onKibbleDoubted: (kibbleId) => alerts.kibbleDoubted(kibbleId),
  });
  const alerts = composeAlerts(parts, { ...joined, isBusy: () => feeding.feeding.isBusy() });
  const scheduler = new Scheduler({
    clock,
    time,
    store: parts.rules?.wrapSchedule?.(store.schedule) ?? store.schedule,
    feeder: feeding.feeding,
    alarm: parts.alarm(() => time.now().wallMs),
    logger,
    onAlert: (alert) => alerts.raise(alert),
    onChange: () => alerts.settle(),
  });
  const { journal, kibble } = feeding;
  const plan = composePlan(parts, { store, time, scheduler, journal, kibble });
  const presence = composePresence(parts, { store, time, live });
  const isFeeding = () => feeding.feeding.running() !== null;
  const camera = composeCamera(parts, { store, time, live, isFeeding });
  const cloud = composeCloud(parts, { store, time, scheduler, feeding, plan, camera });
  const features = { presence, feeding, alerts, scheduler, plan, camera, cloud };
  return { live, store, time, interlocks, ...features };
}

/** The database and the clock need each other: the clock's memory is in it, its stamps are the clock's. */
function openMemory(parts: DeviceParts): { store: DeviceStore; time: StationClockKeeper } {
  const made: { time?: StationClockKeeper } = {};
  const store = parts.openStore(() => {
    if (made.time === undefined)
      throw new TypeError('The store asked for the time before it was open.');
    return made.time.now();
  });
  const time = new StationClockKeeper({
    clock: parts.clock,
    source: parts.timeSource,
    memory: store.clockMemory,
    bootId: parts.bootId,
    builtAtMs: parts.identity.builtAtMs,
  });
  made.time = time;
  return { store, time };
}
