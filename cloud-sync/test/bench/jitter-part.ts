import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Feeding, Occurrence } from '@cat-feeder/shared';
import { percentile } from '../../../device/test/bench/proc-figures.ts';
import { FaultWire } from '../kills/fault-wire.ts';
import { OwnDaemon } from '../story/own-daemon.ts';
import type { BenchRig } from './bench-rig.ts';
import { linkedDaemon } from './linked-daemon.ts';

/*
 * How late planned meals begin, by real daemons in real time: some without a cloud, and some that are
 * linked to one that takes their requests and never answers. All of them at the same instants, so the
 * machine is as busy for the ones as for the others.
 */

/** Feeders of each kind. */
const FEEDERS = 2;
const MEALS = 3;
const MINUTE_MS = 60_000;
/** Less than this before the first minute, and a daemon could miss it. */
const AHEAD_MS = 5_000;
/** A feeding takes some of the minute. */
const AFTER_MS = 25_000;
const EVERY_DAY = [1, 2, 3, 4, 5, 6, 7];

/** The key `jitterMs`: how late meals began, and what a hung cloud added to the latest of them. */
export async function jitterPart(rig: BenchRig): Promise<object> {
  const wire = await FaultWire.open();
  const service = await rig.service({ CLOUD_PUBLIC_URL: wire.url });
  wire.leadTo([Number(new URL(service.url).port)]);
  const { token } = await service.home();
  const off: OwnDaemon[] = [];
  const hung: OwnDaemon[] = [];
  try {
    for (let n = 0; n < FEEDERS; n++) {
      const folder = join(rig.folder, `jitter-${n}`);
      mkdirSync(folder);
      const alone = { folder: join(folder, 'alone'), cloudUrl: '', speed: 1 };
      off.push(await OwnDaemon.start(alone));
      const linked = { folder, cloudUrl: wire.url, memberToken: token };
      hung.push((await linkedDaemon(linked)).daemon);
    }
    wire.become('mute');
    const times = nextMinutes();
    for (const daemon of [...off, ...hung]) await plan(daemon, times);
    await sleep((times.at(-1) ?? 0) + AFTER_MS - Date.now());
    const without = await latenesses(off, times);
    const beside = await latenesses(hung, times);
    return {
      jitterMs: {
        ...{
          syncOff: figures(without),
          syncHung: figures(beside),
          answersSwallowed: wire.hits.mute,
        },
        added: Math.max(...beside) - Math.max(...without),
      },
    };
  } finally {
    await Promise.all([...off, ...hung].map((daemon) => daemon.stop()));
    await wire.close();
    await service.stop();
  }
}

const figures = (late: readonly number[]) => ({
  ...{ meals: late.length, p50: percentile(late, 0.5), max: Math.max(...late) },
});

function nextMinutes(): number[] {
  const first = Math.ceil((Date.now() + AHEAD_MS) / MINUTE_MS) * MINUTE_MS;
  return Array.from({ length: MEALS }, (_, n) => first + n * MINUTE_MS);
}

/** One meal at each of these minutes; the plan's zone is UTC. */
async function plan(daemon: OwnDaemon, times: readonly number[]): Promise<void> {
  await daemon.ask('PATCH', '/settings', { scheduleGapMinutes: 0 });
  for (const atMs of times) {
    const time = new Date(atMs).toISOString().slice(11, 16);
    const meal = { name: time, time, portionGrams: 2, weekdays: EVERY_DAY, enabled: true };
    await daemon.ask('POST', '/meals', meal);
  }
}

/** From the minute of each meal to its feeding's beginning, in milliseconds; throws when one is missing. */
async function latenesses(daemons: readonly OwnDaemon[], times: readonly number[]) {
  const late: number[] = [];
  for (const daemon of daemons) {
    for (const atMs of times) {
      const date = new Date(atMs).toISOString().slice(0, 10);
      const { items } = await daemon.get<{ items: Occurrence[] }>(`/occurrences?from=${date}`);
      const meal = items.find(({ dueAtMs }) => dueAtMs === atMs);
      if (typeof meal?.feedingId !== 'string') throw new Error(`No meal: ${JSON.stringify(meal)}`);
      const { startedAtMs } = await daemon.get<Feeding>(`/feedings/${meal.feedingId}`);
      late.push(startedAtMs - atMs);
    }
  }
  return late;
}
