import { setTimeout as sleep } from 'node:timers/promises';
import type { Settings } from '@cat-feeder/shared';
import { createConnection } from 'mysql2/promise';
import { SeededRandom } from '../../../device/src/platform/random.ts';
import { readCloud, readFeeder } from './both-databases.ts';
import { type WireFault, type WireMode, wireFaults } from './fault-wire.ts';
import { FeederLoad } from './feeder-load.ts';
import { judge, type Seen } from './judge.ts';
import { type Entry, feederAsks, KillRig, type PartKind, partKinds } from './kill-rig.ts';

export interface CampaignOptions {
  readonly folder: string;
  readonly kills: number;
  readonly seed: number;
  readonly feeders: number;
  readonly entry: Entry;
  readonly say: (line: string) => void;
}

export interface CampaignReport {
  readonly seed: number;
  readonly kills: Record<PartKind, number>;
  readonly wire: Record<WireFault, number>;
  readonly answers: Record<string, number>;
  readonly promised: { feedings: number; commands: number; wishes: number; meals: number };
  readonly events: number;
  readonly sessions: number;
  /** Starts that gave up, and were followed by another one. */
  readonly failedStarts: number;
  readonly violations: string[];
  /** What was judged. */
  readonly seen: readonly Seen[];
  readonly seconds: number;
  readonly settledSeconds: number;
}

/** How often each is killed: what holds the state more often than what may forget. */
const shares: Readonly<Record<PartKind, number>> = {
  feeder: 40,
  cloud: 25,
  mariadb: 15,
  redis: 8,
  mosquitto: 12,
};
const BETWEEN_KILLS_MS = 400;
const DOWN_MS = 300;
const ACT_EVERY_MS = 150;
const FIRST_FAULT_MS = 400;
const FAULT_MS = { min: 200, max: 1_500 };
const PASS_SHARE = 0.5;
const HANG_UP_SHARE = 0.5;
const HURRY_EVERY_MS = 1_000;
const SETTLE_MS_MAX = 300_000;
const LOOK_MS = 250;
const STARTS_MAX = 10;
/** Something goes over the wire within this time. */
const MET_MS_MAX = 30_000;

/** Load, kills and a bad wire, then rest, then the question whether everything holds. */
export async function runCampaign(options: CampaignOptions): Promise<CampaignReport> {
  const rig = await KillRig.open(options);
  try {
    return await new Campaign(rig, options).run();
  } finally {
    await rig.close();
  }
}

class Campaign {
  readonly #rig: KillRig;
  readonly #options: CampaignOptions;
  readonly #loads: readonly FeederLoad[];
  readonly #random: SeededRandom;
  readonly #kills = Object.fromEntries(partKinds.map((kind) => [kind, 0])) as Record<
    PartKind,
    number
  >;
  #failedStarts = 0;
  #areKillsOver = false;
  #isOver = false;

  constructor(rig: KillRig, options: CampaignOptions) {
    this.#rig = rig;
    this.#options = options;
    const random = new SeededRandom(options.seed);
    this.#random = random;
    const nodes = rig.nodes.map(({ url }) => url);
    this.#loads = rig.feeders.map((feeder) => {
      const own = new SeededRandom(`${options.seed} ${feeder.device}`);
      return new FeederLoad({ feeder, nodes, random: () => own.next() });
    });
  }

  async run(): Promise<CampaignReport> {
    const startMs = performance.now();
    for (const load of this.#loads) await load.prepare();
    const living = this.#loads.map((load) => this.#live(load));
    const spoiling = this.#spoilWire();
    await this.#killAll();
    this.#areKillsOver = true;
    await spoiling;
    this.#isOver = true;
    await Promise.all(living);
    const restMs = performance.now();
    const violations = await this.#settle();
    const settledSeconds = (performance.now() - restMs) / 1000;
    const judged = await this.#judge();
    return {
      ...{ seed: this.#options.seed, kills: this.#kills, wire: this.#rig.wire.hits },
      answers: sumOf(this.#loads.map(({ answers }) => answers)),
      promised: this.#promised(),
      ...{ events: judged.events, sessions: judged.sessions },
      failedStarts: this.#failedStarts,
      violations: [...violations, ...judged.violations],
      seen: judged.seen,
      seconds: (performance.now() - startMs) / 1000,
      settledSeconds,
    };
  }

  /** People do not stop when something breaks. */
  async #live(load: FeederLoad): Promise<void> {
    let hurriedMs = 0;
    while (!this.#isOver) {
      await load.act();
      if (performance.now() - hurriedMs > HURRY_EVERY_MS) {
        hurriedMs = performance.now();
        await load.hurry();
      }
      await sleep(this.#random.next() * ACT_EVERY_MS);
    }
  }

  /** Every fault until it has met something, then as it comes; good times in between. */
  async #spoilWire(): Promise<void> {
    const { wire } = this.#rig;
    for (const fault of wireFaults) {
      await this.#spoil(fault, FIRST_FAULT_MS);
      for (let ms = 0; ms < MET_MS_MAX && wire.hits[fault] === 0; ms += LOOK_MS) {
        await sleep(LOOK_MS);
      }
      // Nobody waits for what was swallowed, this once: there are more faults to come.
      wire.hangUp();
      await this.#spoil('pass', FIRST_FAULT_MS);
    }
    while (!this.#areKillsOver) {
      const mode = this.#random.chance(PASS_SHARE) ? 'pass' : this.#anyFault();
      await this.#spoil(mode, FAULT_MS.min + this.#random.next() * (FAULT_MS.max - FAULT_MS.min));
    }
    wire.become('pass');
    wire.hangUp();
  }

  async #spoil(mode: WireMode, ms: number): Promise<void> {
    this.#rig.wire.become(mode);
    if (mode === 'refused' || this.#random.chance(HANG_UP_SHARE)) this.#rig.wire.hangUp();
    await sleep(ms);
  }

  #anyFault(): WireFault {
    return wireFaults[Math.floor(this.#random.next() * wireFaults.length)] ?? 'cut';
  }

  async #killAll(): Promise<void> {
    const { kills, say } = this.#options;
    for (let n = 0; n < kills; n++) {
      await sleep(this.#random.next() * BETWEEN_KILLS_MS);
      const kind = this.#victim(n);
      const parts = this.#rig.parts(kind);
      const part = parts[Math.floor(this.#random.next() * parts.length)];
      if (part === undefined) continue;
      await part.kill();
      this.#kills[kind] += 1;
      await sleep(this.#random.next() * DOWN_MS);
      await this.#startAll();
      if (n % 20 === 19) say(`${n + 1} kills`);
    }
  }

  /**
   * What a service manager does: whatever is down is started, again when it gives up. A daemon ends
   * by itself when its control loop is silent for too long, as on a machine that is too busy.
   */
  async #startAll(): Promise<void> {
    for (let tries = 1; ; tries++) {
      const parts = partKinds.flatMap((kind) => this.#rig.parts(kind));
      const started = await Promise.allSettled(parts.map((part) => part.start()));
      const failed = started.find((one) => one.status === 'rejected');
      if (failed === undefined) return;
      this.#failedStarts += 1;
      if (tries === STARTS_MAX) throw failed.reason;
    }
  }

  /** Each kind once at first, so that a short run has them all. */
  #victim(n: number): PartKind {
    const first = partKinds[n];
    if (first !== undefined) return first;
    let left = this.#random.next() * Object.values(shares).reduce((a, b) => a + b, 0);
    for (const kind of partKinds) {
      left -= shares[kind];
      if (left < 0) return kind;
    }
    return 'feeder';
  }

  /** Waits until every feeder has nothing left to say and nothing left to do; says who has not. */
  async #settle(): Promise<string[]> {
    const untilMs = performance.now() + SETTLE_MS_MAX;
    for (const load of this.#loads) {
      while (!(await this.#isAtRest(load))) {
        if (performance.now() > untilMs) {
          return [`rest: ${load.feeder.device} ${JSON.stringify(await load.queue())}`];
        }
        await this.#startAll();
        await load.hurry();
        await sleep(LOOK_MS);
      }
    }
    return [];
  }

  async #isAtRest(load: FeederLoad): Promise<boolean> {
    const queue = await load.queue();
    const isEmpty = queue !== undefined && queue.waiting === 0 && queue.items.length === 0;
    const running = await feederAsks<{ total: number }>(
      load.feeder.server.url,
      '/feedings?state=running&limit=1',
    );
    return isEmpty && running.data?.total === 0 && (await this.#openWishes(load)) === 0;
  }

  #openWishes(load: FeederLoad): Promise<number> {
    return this.#withCloud(async (cloud) => {
      const { mutations } = await readCloud(cloud, load.feeder.device);
      return [...mutations.values()].filter((outcomes) => outcomes === null).length;
    });
  }

  /** Both databases side by side; the feeder is ended first, hard, and what it had not sent counts. */
  async #judge(): Promise<Pick<CampaignReport, 'violations' | 'events' | 'sessions' | 'seen'>> {
    const seen: Seen[] = [];
    let [events, sessions] = [0, 0];
    for (const [index, load] of this.#loads.entries()) {
      const { server, dataDir, device } = load.feeder;
      const settings = await feederAsks<Settings>(server.url, '/settings');
      await server.kill();
      const feeder = readFeeder(dataDir);
      const cloud = await this.#withCloud((connection) => readCloud(connection, device));
      events += cloud.events.length;
      sessions += cloud.session;
      seen.push({
        ...{ name: `feeder ${index + 1}`, feeder, cloud, promises: load.promises },
        ...{ ownMeal: load.ownMeal, dayGramsMax: settings.data?.dayGramsMax ?? 0 },
      });
    }
    return { violations: seen.flatMap(judge), events, sessions, seen };
  }

  async #withCloud<T>(
    use: (connection: Awaited<ReturnType<typeof createConnection>>) => Promise<T>,
  ) {
    const connection = await createConnection(this.#rig.servers.mariadb.url);
    try {
      return await use(connection);
    } finally {
      await connection.end();
    }
  }

  #promised(): CampaignReport['promised'] {
    const sum = (size: (load: FeederLoad) => number) =>
      this.#loads.reduce((total, load) => total + size(load), 0);
    return {
      feedings: sum(({ promises }) => promises.feedings.size),
      commands: sum(({ promises }) => promises.commands.size),
      wishes: sum(({ promises }) => promises.wishes.size),
      meals: sum(({ promises }) => promises.meals.size),
    };
  }
}

function sumOf(all: readonly Record<string, number>[]): Record<string, number> {
  const total: Record<string, number> = {};
  for (const one of all) {
    for (const [name, count] of Object.entries(one)) total[name] = (total[name] ?? 0) + count;
  }
  return Object.fromEntries(Object.entries(total).sort(([a], [b]) => (a < b ? -1 : 1)));
}
