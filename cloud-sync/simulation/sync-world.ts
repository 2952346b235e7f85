import { type DownItem, type Mutation, makeHlc, makeUlid } from '@cat-feeder/shared';
import { SeededRandom } from '../../device/src/platform/random.ts';
import { cancelCommand, issueCommand, sweepCommands } from '../src/core/commands.ts';
import { proposeMutation } from '../src/core/mutations.ts';
import { checkAtRest } from './checkers/at-rest.ts';
import { checkCommit } from './checkers/commits.ts';
import { drawWeather, type SyncFault, type Weather } from './faults.ts';
import { type DeviceRows, MemoryCloud, NodeCrash } from './memory-cloud.ts';
import { blankDisk, type DiskData } from './memory-disk.ts';
import { Recorder } from './recorder.ts';
import { SimFeeder } from './sim-feeder.ts';
import { drawGroups } from './sim-meals.ts';
import { SimNetwork } from './sim-network.ts';
import { SimNode } from './sim-node.ts';
import { sha256 } from './sim-sha256.ts';
import { Timeline } from './timeline.ts';
import { DeviceTruth } from './truth.ts';
import type { Household, WorldView } from './world-view.ts';

const START_MS = 1_800_000_000_000;
const MINUTE_MS = 60_000;
const NODES = 2;
/** Faults rage for so long, at most. */
const STORM_MS_MAX = 45 * MINUTE_MS;
/** No multiple of the poll: every look would find the same poll under way. */
const LOOK_MS = 47_011;
/** The world must come to rest within this time without faults. */
const REST_MS_MAX = 10 * 60 * MINUTE_MS;

export interface WorldOptions {
  readonly seed: number;
  readonly faults: readonly SyncFault[];
  readonly print?: (line: string) => void;
}

const calm: Weather['chances'] = {
  request_lost: 0,
  answer_lost: 0,
  duplicate: 0,
  delay: 0,
  garbled: 0,
  push_lost: 0,
  push_late: 0,
  push_twice: 0,
  power_cut_before_commit: 0,
  power_cut_after_commit: 0,
  node_crash_before_commit: 0,
  node_crash_after_commit: 0,
};

/** Feeders, nodes, people and weather of one seed. */
export class SyncWorld implements WorldView {
  readonly timeline = new Timeline(START_MS);
  readonly random: SeededRandom;
  readonly recorder: Recorder;
  readonly cloud: MemoryCloud;
  readonly nodes: readonly SimNode[];
  readonly households: readonly Household[];
  readonly network: SimNetwork;
  readonly weather: Weather;
  readonly backups: Map<string, DeviceRows>[] = [];
  /** By how much clocks of nodes ever differed from true time. */
  skewMs = { min: 0, max: 0 };
  isStorm = true;
  commands = 0;
  readonly #mishaps: SeededRandom;

  constructor(options: WorldOptions) {
    const { seed, faults, print } = options;
    this.random = new SeededRandom(seed);
    this.#mishaps = this.random.fork('mishaps');
    const now = () => this.timeline.nowMs;
    this.recorder = new Recorder(seed, () => now() - START_MS, print);
    this.weather = drawWeather(this.random.fork('weather'), faults);
    this.cloud = new MemoryCloud({
      beforeCommit: (deviceId) => this.#maybeCrash('node_crash_before_commit', deviceId),
      afterCommit: (deviceId) => this.#maybeCrash('node_crash_after_commit', deviceId),
      committed: (deviceId, before, after) => checkCommit(this, deviceId, { before, after }),
    });
    this.nodes = Array.from({ length: NODES }, (_, i) => {
      const random = this.random.fork(`node ${i}`);
      return new SimNode({ name: `node${i}`, store: this.cloud, now, random, sha256 });
    });
    this.network = new SimNetwork({
      timeline: this.timeline,
      random: this.random.fork('network'),
      recorder: this.recorder,
      nodes: this.nodes,
      weather: () => this.chances,
      answered: (feeder, path, answer) => this.#checkAnswer(feeder, path, answer),
    });
    const count = 1 + (this.random.uint32() % 2);
    this.households = Array.from({ length: count }, (_, i) => this.#settle(i));
  }

  get chances(): Weather['chances'] {
    return this.isStorm ? this.weather.chances : calm;
  }

  /** A feeder of this household, around some card. */
  makeFeeder(household: { deviceId: string; truth: DeviceTruth }, name: string, disk: DiskData) {
    return new SimFeeder({
      ...{ name, disk, deviceId: household.deviceId, truth: household.truth, sha256 },
      ...{ timeline: this.timeline, recorder: this.recorder, random: this.random.fork(name) },
      send: (feeder, request) => this.network.send(feeder, request),
      cutChance: (when) =>
        when === 'before'
          ? this.chances.power_cut_before_commit
          : this.chances.power_cut_after_commit,
    });
  }

  /** The storm, then the calm; what the checkers find is in the recorder. */
  async run(storm: (world: SyncWorld) => void): Promise<void> {
    for (const household of this.households) {
      household.feeder.powerOn();
      this.#live(household);
    }
    this.#sweep();
    storm(this);
    await this.timeline.runUntil(START_MS + STORM_MS_MAX * (0.3 + 0.7 * this.random.next()));
    this.isStorm = false;
    this.recorder.note('the storm is over');
    this.#calmDown();
    if (!(await this.#rest())) return;
    // The first hello tells what a restored cloud lost, the next one compares the documents.
    for (let hellos = 0; hellos < 2; hellos++) {
      for (const { feeder } of this.households) {
        feeder.powerOff();
        feeder.powerOn();
      }
      if (!(await this.#rest())) return;
    }
    for (const household of this.households) checkAtRest(this, household);
  }

  #settle(i: number): Household {
    const random = this.random.fork(`household ${i}`);
    const letters = 'abcdefghijklmnopqrstuvwxyz234567';
    const id = [...random.bytes(25)].map((byte) => letters.charAt(byte & 31)).join('');
    const deviceId = `${id}a`;
    const truth = new DeviceTruth();
    this.cloud.register({
      ...{ deviceId, homeId: `home${i}`, status: 'active', session: 0, sessionMs: 0 },
      ...{ boots: [], clonedMs: null, maxEpoch: 0, downHead: 0, downAcked: 0 },
    });
    const household = { deviceId, truth };
    const feeder = this.makeFeeder(
      household,
      `feeder${i}`,
      blankDisk((n) => random.bytes(n)),
    );
    return { deviceId, truth, feeder, clone: null, images: [] };
  }

  /** What happens in a home by itself, storm or not: facts, edits, wishes, commands. */
  #live(household: Household): void {
    const random = this.random.fork(`life ${household.deviceId}`);
    const repeat = (meanMs: number, act: () => void | Promise<void>) => {
      this.timeline.after(random.exponential(meanMs), async () => {
        if (!this.isStorm) return;
        await act();
        repeat(meanMs, act);
      });
    };
    const copies = () => [household.feeder, household.clone].filter((one) => one !== null);
    repeat(20_000, () => {
      for (const feeder of copies()) this.#fact(feeder, random);
    });
    repeat(150_000, () => {
      for (const feeder of copies()) this.#editHere(feeder, random);
    });
    repeat(120_000, () => this.#editInCloud(household, random));
    repeat(60_000, () => this.#command(household, random));
    repeat(90_000, () => {
      household.images.push(household.feeder.disk.data);
    });
    repeat(120_000, () => {
      this.backups.push(new Map(this.cloud.rows));
    });
  }

  #fact(feeder: SimFeeder, random: SeededRandom): void {
    const roll = random.next();
    const at = Math.floor(random.next() * 1000);
    if (roll < 0.4) {
      feeder.record('C', (disk) =>
        disk.append('weight.chunk', { fromMs: at, everyMs: 1000, firstMg: at, deltasMg: [1, 2] }),
      );
    } else if (roll < 0.6) {
      const who = { petId: null, confidence: 0, eatenMg: at, sigmaMg: 1 };
      feeder.record('B', (disk) =>
        disk.append('visit.ended', { startedMs: at, endedMs: at + 1, ...who }),
      );
    } else feeder.record('A', (disk) => disk.append('storage.trouble', { reason: `test ${at}` }));
  }

  #editHere(feeder: SimFeeder, random: SeededRandom): void {
    const living = feeder.disk.docs().filter(({ deleted }) => !deleted);
    const chosen = living[random.uint32() % Math.max(1, living.length)];
    if (chosen === undefined || random.chance(0.3)) feeder.edit(null, drawGroups(random, true));
    else if (random.chance(0.15)) feeder.edit(chosen.id, 'delete');
    else feeder.edit(chosen.id, drawGroups(random, false));
  }

  async #editInCloud(household: Household, random: SeededRandom): Promise<void> {
    const { deviceId, truth } = household;
    const docs = [...(this.cloud.rows.get(deviceId)?.docs.values() ?? [])];
    const chosen = docs[random.uint32() % Math.max(1, docs.length)]?.doc;
    const mid = makeUlid(this.timeline.nowMs, (n) => random.bytes(n));
    const node = this.#anyNode(random);
    const mutation = drawMutation(random, chosen, node.context.now());
    truth.proposed.set(mid, mutation);
    await this.#asUser(async () => {
      const answer = await proposeMutation(node.context, deviceId, { mid, mutation });
      this.recorder.note(`wish ${mid} ${mutation.op} ${mutation.doc[1]} ${answer.ok}`);
      if (answer.ok) this.push(household, answer.body.item);
    });
  }

  async #command(household: Household, random: SeededRandom): Promise<void> {
    const { deviceId, truth } = household;
    const node = this.#anyNode(random);
    const commandId = makeUlid(this.timeline.nowMs, (n) => random.bytes(n));
    const order = { op: 'feed', mg: 1000 + Math.floor(random.next() * 20_000), pet: null } as const;
    const ttlMs = random.chance(0.5) ? 60_000 : 5_000 + Math.floor(random.next() * 295_000);
    truth.issued.set(commandId, { notAfterMs: this.timeline.nowMs + ttlMs });
    await this.#asUser(async () => {
      const answer = await issueCommand(node.context, deviceId, { commandId, order, ttlMs });
      this.recorder.note(`command ${commandId} ${JSON.stringify(answer)}`);
      if (!answer.ok) return;
      this.commands += 1;
      this.push(household, answer.body.item);
      if (!random.chance(0.1)) return;
      this.timeline.after(random.next() * 3000, () =>
        this.#asUser(async () => {
          await cancelCommand(node.context, deviceId, commandId);
        }),
      );
    });
  }

  /** The doorbell: late, twice or never, and never needed. */
  push(household: Household, item: DownItem | undefined): void {
    if (item === undefined) return;
    const random = this.#mishaps;
    const isPushed = (name: 'push_lost' | 'push_late' | 'push_twice') => {
      const isHit = random.chance(this.chances[name]);
      if (isHit) this.recorder.fault(name, household.feeder.options.name);
      return isHit;
    };
    if (isPushed('push_lost')) return;
    const body = random.chance(0.2) ? { down: item.d } : JSON.parse(JSON.stringify(item));
    const lateMs = isPushed('push_late') ? random.next() * 900_000 : 20 + random.next() * 200;
    const deliver = () => {
      household.feeder.take({ kind: 'pushed', body });
      household.clone?.take({ kind: 'pushed', body });
    };
    this.timeline.after(lateMs, deliver);
    if (isPushed('push_twice')) this.timeline.after(lateMs + random.next() * 60_000, deliver);
  }

  /** A request of a person: a crash of the node is their lost answer. */
  async #asUser(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      if (!(error instanceof NodeCrash)) throw error;
    }
  }

  #anyNode(random: SeededRandom): SimNode {
    const node = this.nodes[random.uint32() % this.nodes.length];
    if (node === undefined) throw new RangeError('A world has nodes.');
    return node;
  }

  #sweep(): void {
    this.timeline.after(30_000, async () => {
      const node = this.#anyNode(this.#mishaps);
      for (const { deviceId } of this.households) {
        await this.#asUser(async () => {
          await sweepCommands(node.context, deviceId);
        });
      }
      this.#sweep();
    });
  }

  #calmDown(): void {
    for (const node of this.nodes) {
      Object.assign(node, { downUntilMs: 0, mood: null, maxEvents: null });
    }
    this.network.obstacles.clear();
    for (const household of this.households) {
      household.clone?.retire();
      household.clone = null;
      household.feeder.powerOn();
    }
  }

  async #rest(): Promise<boolean> {
    const endMs = this.timeline.nowMs + REST_MS_MAX;
    for (let quiet = 0; this.timeline.nowMs < endMs; ) {
      await this.timeline.runUntil(this.timeline.nowMs + LOOK_MS);
      quiet = this.households.every((one) => this.#isQuiet(one)) ? quiet + 1 : 0;
      if (quiet >= 2) return true;
    }
    for (const household of this.households) {
      if (this.#isQuiet(household)) continue;
      const { feeder } = household;
      const { phase, busy, needDocs, fills } = feeder.state;
      const rows = this.cloud.rows.get(household.deviceId);
      const open = {
        here: feeder.disk.openCommands(),
        wishes: [...(rows?.mutations.values() ?? [])].filter(({ outcomes }) => outcomes === null),
        cursor: feeder.disk.number('cursor'),
        downHead: rows?.device.downHead,
      };
      this.recorder.violate(
        'R0',
        `${feeder.options.name} does not come to rest: ${JSON.stringify({ phase, busy, needDocs, fills, open })}`,
      );
    }
    return false;
  }

  #isQuiet({ feeder, deviceId }: Household): boolean {
    const rows = this.cloud.rows.get(deviceId);
    if (rows === undefined || !feeder.isQuiet) return false;
    const isOpen = [...rows.mutations.values()].some(({ outcomes }) => outcomes === null);
    const isQueued = [...rows.commands.values()].some(
      ({ state }) => state === 'queued' || state === 'claimed',
    );
    return !isOpen && !isQueued;
  }

  #maybeCrash(name: 'node_crash_before_commit' | 'node_crash_after_commit', deviceId: string) {
    if (!this.#mishaps.chance(this.chances[name])) return;
    this.recorder.fault(name, deviceId.slice(0, 4));
    throw new NodeCrash();
  }

  /** U5: what an answer acknowledges is committed. */
  #checkAnswer(feeder: SimFeeder, path: string, answer: { status: number; body: unknown }): void {
    if (path !== '/v1/sync/events' || answer.status !== 200) return;
    const { ack } = answer.body as { ack: { epoch: number; seq: number; hash: string } };
    const row = this.cloud.rows.get(feeder.options.deviceId)?.epochs.get(ack.epoch);
    if (row === undefined || row.ackedSeq < ack.seq) {
      this.recorder.violate('U5', `${ack.epoch}:${ack.seq} is acknowledged and not committed`);
    }
  }
}

function drawMutation(
  random: SeededRandom,
  chosen: { kind: string; id: string; grevs: Record<string, number>; deleted: boolean } | undefined,
  nowMs: number,
): Mutation {
  const hlc = makeHlc(nowMs);
  const rest = { rev: 0, grevs: {}, deleted: false, epoch: 0, hlc };
  if (chosen === undefined || random.chance(0.25)) {
    const id = makeUlid(nowMs, (n) => random.bytes(n));
    return { doc: ['meal', id], op: 'create', base: {}, groups: drawGroups(random, true), ...rest };
  }
  const base = { ...chosen.grevs };
  const doc: Mutation['doc'] = [chosen.kind, chosen.id];
  if (random.chance(0.2)) return { doc, op: 'delete', base, groups: {}, ...rest };
  return { doc, op: 'patch', base, groups: drawGroups(random, false), ...rest };
}
