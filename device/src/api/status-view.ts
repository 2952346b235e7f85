import type { FaultView, Ready, Status, SystemView } from '@cat-feeder/shared';
import { type ActiveFault, faultAdvice, faultEffects } from '../feeding/fault-effects.ts';
import type { ApiDeps } from './deps.ts';

/** Everything the first page shows, as of now. */
export function statusView(deps: ApiDeps): Status {
  const { identity, time, station, settings } = deps;
  const now = time.now();
  const health = station.health();
  const { name, zone } = settings.get();
  return {
    name,
    version: identity.version,
    nowMs: now.wallMs,
    clockQuality: now.quality,
    zone,
    uptimeMs: uptimeMs(deps),
    bowl: health.bowl,
    hopperGrams: health.hopperGrams,
    hopperState: health.hopperState,
    hopperDaysLeft: deps.hopper.daysLeft(),
    motorOn: health.motorOn,
    running: deps.feeding.running(),
    next: deps.schedule.next(),
    today: deps.today(),
    faults: deps.faults.active().map(faultView),
    alerts: [...deps.alerts()],
    storage: deps.storage(),
    reader: deps.reader(),
    camera: deps.camera?.view() ?? null,
    cloud: deps.cloud?.view() ?? null,
    simulated: identity.simulated,
    components: [...deps.components()],
  };
}

/** A fault with what it does and what to do about it. */
export function faultView(active: ActiveFault): FaultView {
  const { fault } = active;
  return { ...active, effect: faultEffects[fault], advice: faultAdvice[fault] };
}

/** The program and the machine under it. */
export function systemView(deps: ApiDeps): SystemView {
  const { identity } = deps;
  const now = deps.time.now();
  return {
    version: identity.version,
    node: process.version,
    platform: `${process.platform}-${process.arch}`,
    board: identity.board,
    simulated: identity.simulated,
    bootId: now.bootId,
    nowMs: now.wallMs,
    clockQuality: now.quality,
    uptimeMs: uptimeMs(deps),
    memoryBytes: process.memoryUsage.rss(),
    diskFreeBytes: deps.diskFreeBytes(),
    loopAgeMs: deps.station.health().loopAgeMs,
    storage: deps.storage(),
    components: [...deps.components()],
  };
}

/** Ready: every part runs, if need be degraded, and what is served can be written down. */
export function readyView(deps: ApiDeps): Ready {
  const { ok, why } = deps.storage();
  const components = [
    ...deps.components(),
    { name: 'disk', state: ok ? ('ok' as const) : ('failed' as const), why },
  ];
  const isUp = (state: string) => state === 'ok' || state === 'degraded';
  return { ready: components.every(({ state }) => isUp(state)), components };
}

export function uptimeMs(deps: ApiDeps): number {
  return Math.round(deps.clock.monoMs() - deps.identity.startedMonoMs);
}
