import type { BenchRig } from './bench-rig.ts';
import type { BenchService } from './bench-service.ts';
import { delayedWire } from './delayed-wire.ts';
import type { DrainFigures } from './device-drain.ts';
import { linkDrain } from './link-drain.ts';
import { storedAndTwice } from './stored-rows.ts';

/*
 * What the link costs the feeder: the daemon's own database, core, shell and requests in a process
 * without anything else, so that its figures are those of the link.
 */

const BACKLOG = 60_000;
const MONTH = 30 * 78;
const DAY = 78;
const ROUND_TRIP_MS = 100;

/** The keys `device` and `catchUp30DaysSeconds`. */
export async function devicePart(rig: BenchRig): Promise<object> {
  const service = await rig.service();
  let farUrl = '';
  const line = await delayedWire(() => farUrl, ROUND_TRIP_MS);
  const far = await rig.service({ CLOUD_PUBLIC_URL: line.url });
  farUrl = far.url;
  const near = await drain(rig, service, { events: BACKLOG });
  const small = await drain(rig, service, { events: 1 });
  const month = await drain(rig, far, { events: MONTH, url: line.url });
  const linked = await drain(rig, service, { events: DAY, isDay: true });
  const alone = await drain(rig, service, { events: DAY, isDay: true, isAlone: true });
  line.close();
  await Promise.all([service.stop(), far.stop()]);
  return {
    catchUp30DaysSeconds: Math.round(month.drainMs) / 1000,
    device: {
      cpuMicrosPerEvent: round((1000 * (near.cpuMs - small.cpuMs)) / BACKLOG),
      drainPerSecond: Math.round(BACKLOG / (near.drainMs / 1000)),
      heapMb: round(near.heapMb),
      writtenMbPerDay: round(linked.writtenBytes / 1e6),
      writtenMbPerDayWithoutLink: round(alone.writtenBytes / 1e6),
      lost: near.lost + month.lost + linked.lost,
      duplicated: near.twice + month.twice + linked.twice,
    },
  };
}

const round = (value: number) => Math.round(value * 100) / 100;

async function drain(
  rig: BenchRig,
  service: BenchService,
  plan: { events: number; url?: string; isDay?: boolean; isAlone?: boolean },
): Promise<DrainFigures & { lost: number; twice: number }> {
  const { deviceId, figures } = await linkDrain(rig.folder, service, plan);
  if (plan.isAlone === true) return { ...figures, lost: 0, twice: 0 };
  const { stored, twice } = await storedAndTwice(rig.databaseUrl, [deviceId]);
  return { ...figures, lost: figures.appended - stored, twice };
}
