import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FeederWorld } from '../../src/hardware/simulated/feeder-world.ts';
import { parseProfile } from '../../src/hardware/simulated/load-profile.ts';
import { restoreWorld, type WorldState } from '../../src/hardware/simulated/world-state.ts';
import { readWorld } from '../../src/hardware/station/world-file.ts';
import { VirtualClock } from '../../src/platform/virtual-clock.ts';
import { DaemonProcess } from '../daemon/daemon-process.ts';
import { type Answer, call } from './feeder-client.ts';

/** No cat: what lands in the bowl stays there, so that the scale can be held to the truth. */
const profile = { cat: { visitsPerDay: 0 } };
const SEED = 7;
const WAIT_LIMIT_MS = 60_000;
const POLL_MS = 40;
/** What the API rounds away. */
const ROUNDING_GRAMS = 0.002;

export interface FeedingView {
  readonly id: string;
  readonly requestId: string;
  readonly state: string;
  readonly result: string | null;
  readonly refusal: string | null;
  readonly dose: { lowGrams: number; highGrams: number; method: string } | null;
}

interface OccurrenceView {
  readonly state: string;
  readonly verdict: string | null;
  readonly feedingId: string | null;
}

/** What came of one wish, seen from outside: by the API and by the food that moved. */
export interface Verdict {
  readonly doubled: boolean;
  readonly unverdicted: boolean;
  readonly intervalMiss: boolean;
  /** An answer that the feeder gave, and does not know of after the kill. */
  readonly lostAnswer: boolean;
  readonly sentence: string;
}

/** Before the first wish. */
const FIRST_GRAMS = 5;

/** One data directory with its feeder, its food and its daemons, one after the other. */
export class KillSeries {
  readonly #folder = mkdtempSync(join(tmpdir(), 'feeder-kill-'));
  readonly #profilePath = join(this.#folder, 'profile.json');
  readonly #worldPath = join(this.#folder, 'data/simulated-world.json');
  readonly #speed: number;
  readonly #entry: 'bundle' | 'source';
  #daemon: DaemonProcess | undefined;
  #url = '';
  restarts = 0;

  constructor(options: { readonly speed: number; readonly entry: 'bundle' | 'source' }) {
    this.#speed = options.speed;
    this.#entry = options.entry;
    writeFileSync(this.#profilePath, JSON.stringify(profile));
  }

  /** Starts the feeder and gives it a plan and the widest limits that it accepts. */
  async open(): Promise<void> {
    await this.start();
    await this.#must('PATCH', '/settings', {
      feedingGramsMax: 150,
      hourGramsMax: 250,
      dayGramsMax: 500,
      scheduleGapMinutes: 0,
      manualGapSeconds: 0,
    });
    const plan = await this.#must<{ id: string }>('POST', '/plans', { name: 'Kill' });
    await this.#must('POST', `/plans/${plan.id}/activate`);
    await this.#feedOnce();
  }

  /**
   * Who was never fed is starving: after a meal that brought little one portion would follow at
   * once, by rule, and look like the meal served twice. Every motion must be the wish's own.
   */
  async #feedOnce(): Promise<void> {
    await this.feed('before-all', FIRST_GRAMS);
    const first = await this.feedingOf('before-all');
    if ((first?.dose?.lowGrams ?? 0) < FIRST_GRAMS / 2) {
      throw new Error(`The first portion did not arrive.\n${this.#daemon?.output}`);
    }
  }

  spawn(): void {
    this.restarts += 1;
    this.#daemon = new DaemonProcess({
      entry: this.#entry,
      args: [
        ...['run', '--port', '0', '--data-dir', join(this.#folder, 'data')],
        ...['--profile', this.#profilePath, '--simulation-seed', String(SEED)],
        ...['--simulation-speed', String(this.#speed), '--trust-wall-clock'],
      ],
    });
  }

  async start(): Promise<void> {
    this.spawn();
    this.#url = (await this.#daemon?.ready()) ?? '';
  }

  /** SIGKILL; returns the world as the daemon left it and how long the motor outlived it. */
  async kill(): Promise<{ readonly world: WorldState; readonly motorOutlivedMs: number }> {
    const deathAtMs = Date.now();
    await this.#daemon?.end('SIGKILL');
    const world = this.world();
    const stopsAtMs = world.savedAtWallMs + world.motor.leftMs / this.#speed;
    return { world, motorOutlivedMs: world.motor.leftMs > 0 ? stopsAtMs - deathAtMs : 0 };
  }

  async close(): Promise<void> {
    await this.#daemon?.end();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  world(): WorldState {
    const world = readWorld(this.#worldPath);
    if (world === undefined) throw new Error(`${this.#worldPath} holds no world`);
    return world;
  }

  /** Waits until the motor turns, or for this long. */
  async motorStarted(limitMs: number): Promise<void> {
    const deadlineMs = performance.now() + limitMs;
    while (performance.now() < deadlineMs && this.world().motor.leftMs === 0) {
      await new Promise((done) => setTimeout(done, POLL_MS));
    }
  }

  /** What the world comes to by itself when no program moves the motor any more. */
  leftAlone(state: WorldState): { readonly forwardTurns: number; readonly landedGrams: number } {
    const clock = new VirtualClock();
    const world = new FeederWorld({ profile: parseProfile(profile), clock, seed: SEED });
    restoreWorld(world, state);
    clock.advance(20_000);
    return world.truth();
  }

  feed(requestId: string, portionGrams: number): Promise<Answer<FeedingView>> {
    return call(this.#url, 'POST', '/feedings', { requestId, portionGrams });
  }

  /** A meal at this minute, `HH:MM` in UTC; returns the key of its occurrence today. */
  async planMeal(time: string, portionGrams: number): Promise<string> {
    const meal = await this.#must<{ id: string }>('POST', '/meals', { time, portionGrams });
    return `${meal.id}@${new Date().toISOString().slice(0, 10)}`;
  }

  async ledgerHolds(): Promise<boolean> {
    return (await this.#must<{ ok: boolean }>('POST', '/ledger/verify')).ok;
  }

  /** Waits until nothing runs and nothing moves, then looks at what came of a request. */
  async feedingOf(requestId: string): Promise<FeedingView | undefined> {
    await this.#rest();
    const page = await this.#must<{ items: FeedingView[] }>('GET', '/feedings?limit=100');
    return page.items.find((feeding) => feeding.requestId === requestId);
  }

  async occurrenceOf(key: string): Promise<OccurrenceView | undefined> {
    const path = `/occurrences/${encodeURIComponent(key)}`;
    await this.#until('the occurrence is closed', async () => {
      const { data } = await call<OccurrenceView>(this.#url, 'GET', path);
      return data?.state === 'closed';
    });
    await this.#rest();
    return this.#must<OccurrenceView>('GET', path);
  }

  async feeding(id: string): Promise<FeedingView> {
    return this.#must<FeedingView>('GET', `/feedings/${id}`);
  }

  async #rest(): Promise<void> {
    await this.#until('the feedings have ended', async () => {
      const page = await this.#must<{ total: number }>('GET', '/feedings?state=running&limit=1');
      return page.total === 0;
    });
    await this.#until('the food has come to rest', async () => {
      const { inFlightGrams, motor } = this.world();
      return inFlightGrams < 1e-6 && motor.leftMs === 0;
    });
  }

  async #until(what: string, isSo: () => Promise<boolean>): Promise<void> {
    const deadlineMs = performance.now() + WAIT_LIMIT_MS;
    while (!(await isSo())) {
      if (performance.now() > deadlineMs) {
        throw new Error(`${what}: not within ${WAIT_LIMIT_MS} ms\n${this.#daemon?.output}`);
      }
      await new Promise((done) => setTimeout(done, POLL_MS));
    }
  }

  async #must<T>(method: 'GET' | 'POST' | 'PATCH', path: string, body?: unknown): Promise<T> {
    const answer = await call<T>(this.#url, method, path, body);
    if (answer.data === undefined) {
      throw new Error(
        `${method} ${path}: ${answer.status} ${answer.code}\n${this.#daemon?.output}`,
      );
    }
    return answer.data;
  }
}

/** Holds a dose against what really fell. Null: nothing was served, so nothing may have fallen. */
export function missesTruth(dose: FeedingView['dose'], fellGrams: number): boolean {
  const { lowGrams, highGrams } = dose ?? { lowGrams: 0, highGrams: 0 };
  return fellGrams < lowGrams - ROUNDING_GRAMS || fellGrams > highGrams + ROUNDING_GRAMS;
}
