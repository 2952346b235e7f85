import { readFileSync } from 'node:fs';
import type { BenchRig } from '../bench-rig.ts';
import type { Contender, SenderFigures, SendPlan } from './contender.ts';
import { type Fate, fateOf } from './facts.ts';
import { installRivals } from './install-rivals.ts';
import { linkContender } from './link-contender.ts';
import { mqttContender } from './mqtt-contender.ts';
import { pouchContender } from './pouch-contender.ts';
import { killAtRandom } from './random-kills.ts';

/*
 * The same facts by the link and by what a maker would use instead, one after the other on the same
 * machine: how fast, at what cost, and what is left of them when the receiving side is killed.
 */

const FACTS = 20_000;
const COUNTED_FACTS = 2_000;
/** While something is killed: more than any feeder has, and less than each of them carries. */
const FLOW = { perSecond: 300, seconds: 15 };
/** Ticks of /proc/PID/stat. */
const TICK_MS = 10;

/** Every change of a queue is on the disk before long, and no queue is too long. */
const CAREFUL = ['max_queued_messages 0', 'autosave_on_changes true', 'autosave_interval 1'];
const UNLIMITED = ['max_queued_messages 0'];

/** The key `rivals`. */
export function rivalsPart(seed: number) {
  return async (rig: BenchRig): Promise<object> => {
    const packages = await installRivals(rig.folder);
    const contenders: Readonly<Record<string, () => Promise<Contender>>> = {
      link: () => linkContender(rig),
      pouchdb: () => pouchContender(rig.folder, packages),
      mqtt: () => mqttContender(rig, { name: 'plain', broker: [], isAckedOnArrival: false }),
      mqttCareful: () =>
        mqttContender(rig, { name: 'careful', broker: CAREFUL, isAckedOnArrival: false }),
      mqttBatched: () =>
        mqttContender(rig, { name: 'batched', broker: UNLIMITED, isAckedOnArrival: true }),
    };
    const rivals: Record<string, unknown> = { facts: FACTS, seed };
    for (const [name, start] of Object.entries(contenders)) {
      const contender = await start();
      try {
        rivals[name] = await figuresOf(contender, seed);
      } finally {
        await contender.stop();
      }
    }
    return { rivals };
  };
}

async function figuresOf(contender: Contender, seed: number): Promise<object> {
  // What it costs to begin is not the cost of a fact; and the receiver is warm afterwards.
  const one = await run(contender, { first: 0, events: 1 });
  const all = await run(contender, { first: 1, events: FACTS });
  const counted = { first: 1 + FACTS, events: COUNTED_FACTS };
  const bytes = await contender.sendCounted(counted);
  const flow: SendPlan = {
    first: counted.first + counted.events,
    events: FLOW.perSecond * FLOW.seconds,
    perSecond: FLOW.perSecond,
  };
  const killing = killAtRandom(contender.victims, { seed, forMs: FLOW.seconds * 1000 });
  const sending = contender.send(flow);
  const [kills, sent] = await Promise.all([killing, sending]);
  const storedMs = await contender.storedMs(flow, sent);
  const stored = await contender.stored();
  const arrived = FACTS - all.fate.lost;
  const micros = (ms: number, events: number) => Math.round((10_000 * ms) / events) / 10;
  return {
    perSecond: Math.round(arrived / (all.tookMs / 1000)),
    senderMicrosPerEvent: micros(all.cpuMs - one.cpuMs, FACTS - 1),
    receiverMicrosPerEvent: Object.fromEntries(
      Object.entries(all.receiverMs).map(([name, ms]) => [name, micros(ms, arrived)]),
    ),
    bytesPerEvent: Math.round(bytes / COUNTED_FACTS),
    ...all.fate,
    killed: {
      ...{ kills, facts: flow.events, ...fateOf(flow, stored) },
      secondsToTheLast: Math.round((storedMs - sent.beganMs) / 100) / 10,
    },
  };
}

interface Run {
  readonly tookMs: number;
  readonly cpuMs: number;
  readonly receiverMs: Readonly<Record<string, number>>;
  readonly fate: Fate;
}

async function run(contender: Contender, plan: SendPlan): Promise<Run> {
  const before = usedBy(contender);
  const sent: SenderFigures = await contender.send(plan);
  const storedMs = await contender.storedMs(plan, sent);
  const after = usedBy(contender);
  return {
    tookMs: storedMs - sent.beganMs,
    cpuMs: sent.cpuMs,
    receiverMs: Object.fromEntries(
      Object.entries(after).map(([name, ms]) => [name, ms - (before[name] ?? 0)]),
    ),
    fate: fateOf(plan, await contender.stored()),
  };
}

/** CPU time of each receiving process, with that of threads that have ended. */
function usedBy(contender: Contender): Record<string, number> {
  const used = Object.entries(contender.processes()).map(([name, pid]) => {
    // The fields after the name, which may hold anything.
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
      .replace(/^.*\) /s, '')
      .split(' ');
    return [name, (Number(fields[11]) + Number(fields[12])) * TICK_MS] as const;
  });
  return Object.fromEntries(used);
}
