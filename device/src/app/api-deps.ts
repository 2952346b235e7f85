import type { Component } from '@cat-feeder/shared';
import type { ApiDeps } from '../api/deps.ts';
import { todayFigures } from '../feeding/day-totals.ts';
import { StockFigure } from '../feeding/stock-figure.ts';
import { clipsPort } from './clips-port.ts';
import type { DeviceCore } from './compose-device.ts';
import { storageCondition } from './compose-runtime.ts';
import type { DeviceParts } from './device-parts.ts';
import { ledgerPort } from './ledger-port.ts';
import type { RuntimeManager } from './runtime-manager.ts';
import { testParts } from './test-parts.ts';

/** Everything that the routes may ask. */
export function apiDeps(
  parts: DeviceParts,
  core: DeviceCore,
  run: { readonly runtime: RuntimeManager; readonly startedMonoMs: number },
): ApiDeps {
  const { store, time, live, plan, alerts } = core;
  const { door, journal, faults, unwritten, scale, hopper, kibbleCalibration } = core.feeding;
  const stock = new StockFigure({ journal, time, live });
  const { version, board, simulated } = parts.identity;
  return {
    identity: { version, board, simulated, startedMonoMs: run.startedMonoMs },
    clock: parts.clock,
    time,
    log: parts.logger,
    live,
    station: parts.station,
    feeding: door,
    journal,
    faults,
    today: () => {
      const now = time.now();
      return todayFigures({
        doses: journal.doses(now),
        now,
        localDateOf: plan.localDateOf,
        plannedGrams: plan.plannedGramsOn(plan.localDateOf(now.wallMs)),
        dayGramsMax: store.settings.get().dayGramsMax,
      });
    },
    plans: plan.book,
    schedule: plan.schedule,
    pets: plan.pets,
    kibbles: store.kibbles,
    kibbleCalibration,
    scale,
    hopper: {
      calibration: () => hopper.calibration(),
      tare: (request) => hopper.tare(request),
      span: (request) => hopper.span(request),
      daysLeft: () => stock.daysLeft(parts.station.health().hopperGrams),
    },
    settings: plan.settings,
    ledger: ledgerPort({ store, time, key: parts.key ?? null }),
    alerts: () => alerts.active(),
    components: () => [...run.runtime.health(), ...scaleComponent(core), ...partComponents(parts)],
    selfTest: () => testParts(parts, time),
    storage: () => {
      if (unwritten.count > 0) {
        return { ok: false, why: `${unwritten.count} outcomes wait for the disk` };
      }
      const condition = storageCondition(store);
      return condition.state === 'ok'
        ? { ok: true, why: '' }
        : { ok: condition.state === 'degraded', why: condition.why };
    },
    reader: () => core.presence?.view() ?? null,
    camera: core.camera?.camera ?? null,
    cloud: core.cloud,
    clips: clipsPort({ store, live, files: parts.clips?.files ?? null }),
    diskFreeBytes: () => store.diskUse().freeBytes,
    onAudience: readingsOnDemand(parts, core),
  };
}

/** Live readings wake the program up, so they flow only while somebody watches. */
function readingsOnDemand(parts: DeviceParts, { live }: DeviceCore): (isWatched: boolean) => void {
  let stop: (() => void) | null = null;
  return (isWatched) => {
    if (!isWatched) {
      stop?.();
      stop = null;
    } else {
      stop ??= parts.station.onReading((bowl, hopper) =>
        live.publish('reading', { bowl, ...hopper }),
      );
    }
  };
}

/** Until the scale has spoken for the first time, nobody knows how a portion would be served. */
function scaleComponent({ feeding }: DeviceCore): Component[] {
  if (feeding.firstReading.isKnown()) return [];
  const why = 'it has not given its first reading since the start';
  return [{ name: 'bowl scale', state: 'starting', why }];
}

/** Parts of the dispenser that are not well; feeding goes on as well as it can without them. */
function partComponents({ partProblems }: DeviceParts): Component[] {
  return (partProblems?.() ?? []).map(({ part, state, why }) => ({
    name: part,
    state: 'degraded',
    why: `${state}: ${why}`,
  }));
}
