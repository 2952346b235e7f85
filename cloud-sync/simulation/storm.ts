import { EVENT_BODY_BYTES_MAX, makeUlid, utf8Length } from '@cat-feeder/shared';
import type { SeededRandom } from '../../device/src/platform/random.ts';
import type { LogItem } from '../../device/src/sync/sync-store.ts';
import { expireAfterRestore } from '../src/core/commands.ts';
import type { TimedFault } from './faults.ts';
import { NodeCrash } from './memory-cloud.ts';
import { blankDisk } from './memory-disk.ts';
import { poison } from './sim-feeder.ts';
import type { SyncWorld } from './sync-world.ts';
import type { Household } from './world-view.ts';

const MINUTE_MS = 60_000;
/** An image or a backup may be this many steps old. */
const OLDEST = 6;
/** An entry that is too large for the wire: it travels as a gap. */
const OVERSIZE_KIND = 61_000;

interface Strike {
  readonly world: SyncWorld;
  readonly household: Household;
  readonly random: SeededRandom;
}

/** Draws timed faults for as long as the storm lasts. */
export function storm(world: SyncWorld): void {
  const random = world.random.fork('storm');
  const { kinds, meanGapMs } = world.weather;
  if (kinds.length === 0) return;
  const next = () => {
    world.timeline.after(random.exponential(meanGapMs), async () => {
      if (!world.isStorm) return;
      const kind = kinds[random.uint32() % kinds.length];
      const household = world.households[random.uint32() % world.households.length];
      if (kind !== undefined && household !== undefined) {
        const isDone = await surviving(() => strikes[kind]({ world, household, random }));
        if (isDone !== false) world.recorder.fault(kind, household.feeder.options.name);
      }
      next();
    });
  };
  next();
}

/** A node that dies in the middle of a fault is one more fault. */
async function surviving(
  strike: () => false | undefined | Promise<false | undefined>,
): Promise<false | undefined> {
  try {
    return await strike();
  } catch (error) {
    if (!(error instanceof NodeCrash)) throw error;
    return undefined;
  }
}

/** Each fault; false: it could not be done now. */
const strikes: Readonly<
  Record<TimedFault, (strike: Strike) => false | undefined | Promise<false | undefined>>
> = {
  partition: (strike) => obstruct(strike, 'partition', 5 * MINUTE_MS),
  half_open: (strike) => obstruct(strike, 'half_open', 2 * MINUTE_MS),
  portal: (strike) => obstruct(strike, 'portal', 3 * MINUTE_MS),
  power_cut: ({ world, household, random }) => {
    household.feeder.powerOff();
    restart(world, household, random.next() * MINUTE_MS);
    return undefined;
  },
  lost_fsync: ({ world, household, random }) => {
    household.feeder.powerOff();
    household.feeder.disk.loseCommits(1 + (random.uint32() % 3));
    noteLoss(world, household);
    const { serial } = household.feeder.disk.data;
    const kept = household.images.filter((image) => image.serial <= serial);
    household.images.splice(0, household.images.length, ...kept);
    restart(world, household, 5_000);
    return undefined;
  },
  image_rollback: (strike) => rollBack(strike),
  cloud_restore: (strike) => restoreCloud(strike),
  both_restore: async (strike) => {
    if (strike.world.backups.length === 0 || strike.household.images.length === 0) return false;
    rollBack(strike);
    return restoreCloud(strike);
  },
  factory_reset: ({ world, household, random }) => {
    household.feeder.powerOff();
    for (const { id } of household.feeder.disk.docs()) household.truth.deletedHere.add(id);
    const blank = blankDisk((length) => random.bytes(length));
    household.feeder.disk.replace(blank);
    for (const { genesis } of blank.segments) household.truth.genesis.add(genesis);
    household.images.length = 0;
    household.truth.erasedBefore = household.truth.created.size;
    noteLoss(world, household);
    restart(world, household, 5_000);
    return undefined;
  },
  clone: ({ world, household, random }) => {
    if (household.clone !== null) return false;
    household.truth.clones += 1;
    const name = `${household.feeder.options.name}-copy${household.truth.clones}`;
    const clone = world.makeFeeder(household, name, household.feeder.disk.data);
    household.clone = clone;
    clone.powerOn();
    world.timeline.after((1 + random.next() * 10) * MINUTE_MS, () => {
      if (household.clone !== clone) return;
      clone.retire();
      household.clone = null;
    });
    return undefined;
  },
  device_clock_step: ({ household, random }) => {
    const { feeder } = household;
    feeder.wallOffsetMs = random.chance(0.3)
      ? 0
      : Math.floor((random.next() - 0.5) * 40 * MINUTE_MS * 60);
    feeder.tq = random.uint32() % 4;
    return undefined;
  },
  node_clock_step: ({ world, random }) => {
    const node = world.nodes[random.uint32() % world.nodes.length];
    if (node === undefined) return false;
    node.clockOffsetMs = random.chance(0.3) ? 0 : Math.floor((random.next() - 0.5) * 20_000);
    const { min, max } = world.skewMs;
    const at = node.clockOffsetMs;
    world.skewMs = { min: Math.min(min, at), max: Math.max(max, at) };
    return undefined;
  },
  node_down: (strike) => change(strike, { downUntilMs: until(strike, 2 * MINUTE_MS) }),
  overloaded: (strike) => mood(strike, 'overloaded', MINUTE_MS),
  bad_token: (strike) => mood(strike, 'bad_token', MINUTE_MS),
  no_common_version: (strike) => mood(strike, 'proto', MINUTE_MS),
  newer_node: (strike) => change(strike, { isNewer: strike.random.chance(0.7) }),
  cache_flush: ({ world }) => {
    // The cores keep nothing outside of the store: a process that starts anew has nothing to lose.
    for (const node of world.nodes) node.mood = null;
    return undefined;
  },
  poison_event: ({ household, random }) => {
    household.feeder.record('A', (disk) => poison(random, disk));
    return undefined;
  },
  oversize_event: ({ household }) => {
    household.feeder.record('A', (disk) =>
      disk.appendRaw({ kind: OVERSIZE_KIND, kver: 1, cls: 'A', body: { text: 'ü'.repeat(5_000) } }),
    );
    return undefined;
  },
  poison_down: (strike) => poisonDown(strike),
  trim: ({ household, random }) => trim(household, random),
  drop_class_c: ({ household: { feeder } }) => {
    const active = feeder.disk.segments().at(-1);
    if (active === undefined) return false;
    let dropped = 0;
    feeder.tend((disk) => {
      dropped = disk.dropClassC(active.epoch);
    });
    return dropped > 0 ? undefined : false;
  },
  owner_change: async ({ world, household, random }) => {
    household.truth.losses += 1;
    await world.cloud.onDevice(household.deviceId, async (tx) => {
      const device = await tx.device();
      if (device === undefined) return;
      await tx.putDevice({
        ...device,
        homeId: `home-${random.uint32()}`,
        session: device.session + 1,
      });
    });
    return undefined;
  },
  small_limits: (strike) => change(strike, { maxEvents: 1 + (strike.random.uint32() % 5) }),
};

function obstruct(
  { world, household, random }: Strike,
  kind: 'partition' | 'half_open' | 'portal',
  longestMs: number,
): undefined {
  const untilMs = world.timeline.nowMs + random.next() * longestMs;
  world.network.obstacles.set(household.feeder, { kind, untilMs });
  world.timeline.at(untilMs + 1, () => household.feeder.take({ kind: 'reachable' }));
}

function until({ world, random }: Strike, longestMs: number): number {
  return world.timeline.nowMs + random.next() * longestMs;
}

function change(strike: Strike, part: object): undefined {
  const node = strike.world.nodes[strike.random.uint32() % strike.world.nodes.length];
  if (node !== undefined) Object.assign(node, part);
}

function mood(
  strike: Strike,
  refusal: 'overloaded' | 'bad_token' | 'proto',
  longestMs: number,
): undefined {
  return change(strike, { mood: { refusal, untilMs: until(strike, longestMs) } });
}

/** The card is in an older state: what was edited before may be forgotten. */
function noteLoss({ timeline }: SyncWorld, { truth }: Household): void {
  truth.losses += 1;
  truth.lostAtMs = timeline.nowMs;
}

function restart(world: SyncWorld, { feeder }: Household, afterMs: number): void {
  world.timeline.after(afterMs, () => feeder.powerOn());
}

function rollBack({ world, household, random }: Strike): false | undefined {
  const { images, feeder } = household;
  const image = images.at(-1 - (random.uint32() % OLDEST)) ?? images[0];
  if (image === undefined) return false;
  feeder.powerOff();
  feeder.disk.replace(image);
  noteLoss(world, household);
  // The images made since then are of a card that is gone.
  images.splice(images.indexOf(image) + 1);
  restart(world, household, 3_000 + random.next() * 20_000);
  return undefined;
}

async function restoreCloud({ world, random }: Strike): Promise<false | undefined> {
  const { backups, cloud } = world;
  const backup = backups.at(-1 - (random.uint32() % OLDEST)) ?? backups[0];
  if (backup === undefined) return false;
  backups.splice(backups.indexOf(backup) + 1);
  cloud.rows = new Map(backup);
  for (const { truth, deviceId } of world.households) {
    truth.cloudRestores += 1;
    const [node] = world.nodes;
    if (node !== undefined) await expireQuietly(world, deviceId);
  }
  return undefined;
}

/** The step of the service's start after a restore; it is repeated until it is through. */
async function expireQuietly(world: SyncWorld, deviceId: string): Promise<void> {
  const [node] = world.nodes;
  for (let tries = 0; tries < 20 && node !== undefined; tries++) {
    try {
      await expireAfterRestore(node.context, deviceId);
      return;
    } catch (error) {
      if (!(error instanceof NodeCrash)) throw error;
      node.downUntilMs = world.timeline.nowMs;
    }
  }
}

async function poisonDown({ world, household, random }: Strike): Promise<undefined> {
  const ref = makeUlid(world.timeline.nowMs, (length) => random.bytes(length));
  await world.cloud.onDevice(household.deviceId, async (tx) => {
    const device = await tx.device();
    if (device === undefined) return;
    const dseq = device.downHead + 1;
    await tx.putMutation({ mid: ref, dseq, outcomes: null, reason: null, createdMs: 0 });
    await tx.addDown({ dseq, kind: 'mut', ref, notAfterMs: null, body: { op: 'dance' } });
    await tx.putDevice({ ...device, downHead: dseq });
  });
}

/** An entry of this size travels as a gap, which is all that the cloud ever has of it. */
export function isOversize(body: string): boolean {
  return utf8Length(body) > EVENT_BODY_BYTES_MAX;
}

function trim(household: Household, random: SeededRandom): false | undefined {
  const { feeder, truth } = household;
  const { disk } = feeder;
  const active = disk.segments().at(-1);
  if (active === undefined || !feeder.isOn) return false;
  const seq = active.base + Math.floor(random.next() * (active.acked - active.base + 1));
  let gone: readonly LogItem[] = [];
  feeder.tend((card) => {
    gone = card.trim(active.epoch, seq);
  });
  for (const item of gone) {
    if (item.item !== 'event' || item.cls !== 'A' || isOversize(item.body)) continue;
    if (truth.committed.has(item.eid)) continue;
    feeder.options.recorder.violate(
      'U4',
      `entry ${item.seq} was removed and the cloud never had it`,
    );
  }
  return gone.length > 0 ? undefined : false;
}
