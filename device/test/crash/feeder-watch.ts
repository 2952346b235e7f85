import type { WorldState } from '../../src/hardware/simulated/world-state.ts';
import { readWorld } from '../../src/hardware/station/world-file.ts';
import { type Answer, call } from './feeder-client.ts';
import type { FeedingView } from './verdict.ts';

const WAIT_LIMIT_MS = 60_000;
const POLL_MS = 40;
/** Before the first wish. */
const FIRST_GRAMS = 5;

const widestLimits = {
  feedingGramsMax: 150,
  hourGramsMax: 250,
  dayGramsMax: 500,
  scheduleGapMinutes: 0,
  manualGapSeconds: 0,
};

interface OccurrenceView {
  readonly state: string;
  readonly verdict: string | null;
  readonly feedingId: string | null;
}

/** A daemon on the simulated board, seen from outside: by its API and by the food that moved. */
export class FeederWatch {
  /** Of the API; empty until the daemon is ready. */
  url = '';
  readonly #worldPath: string;

  constructor(worldPath: string) {
    this.#worldPath = worldPath;
  }

  /** What the daemon said so far, for whoever reads a failure. */
  get output(): string {
    return '';
  }

  /** Gives the feeder a plan and the widest limits that it accepts. */
  async prepare(): Promise<void> {
    await this.#must('PATCH', '/settings', widestLimits);
    const plan = await this.#must<{ id: string }>('POST', '/plans', { name: 'Kill' });
    await this.#must('POST', `/plans/${plan.id}/activate`);
    await this.#feedOnce();
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

  feed(requestId: string, portionGrams: number): Promise<Answer<FeedingView>> {
    return call(this.url, 'POST', '/feedings', { requestId, portionGrams });
  }

  /** A meal at this minute, `HH:MM` in UTC; returns the key of its occurrence today. */
  async planMeal(time: string, portionGrams: number): Promise<string> {
    const meal = await this.#must<{ id: string }>('POST', '/meals', { time, portionGrams });
    return `${meal.id}@${new Date().toISOString().slice(0, 10)}`;
  }

  async ledgerHolds(): Promise<boolean> {
    return (await this.#must<{ ok: boolean }>('POST', '/ledger/verify')).ok;
  }

  /** Whether the limits that were set, and answered, are still those. */
  async limitsHold(): Promise<boolean> {
    const settings = await this.#must<Record<string, unknown>>('GET', '/settings');
    return Object.entries(widestLimits).every(([name, limit]) => settings[name] === limit);
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
      const { data } = await call<OccurrenceView>(this.url, 'GET', path);
      return data?.state === 'closed';
    });
    await this.#rest();
    return this.#must<OccurrenceView>('GET', path);
  }

  async feeding(id: string): Promise<FeedingView> {
    return this.#must<FeedingView>('GET', `/feedings/${id}`);
  }

  /**
   * Who was never fed is starving: after a meal that brought little one portion would follow at
   * once, by rule, and look like the meal served twice. Every motion must be the wish's own.
   */
  async #feedOnce(): Promise<void> {
    // A feeder that was never fed weighs nothing in its first second, and serves by turns.
    await this.#until('the bowl is weighed', async () => {
      const { bowl } = await this.#must<{ bowl: { grams: number | null } }>('GET', '/status');
      return bowl.grams !== null;
    });
    await this.feed('before-all', FIRST_GRAMS);
    const first = await this.feedingOf('before-all');
    if ((first?.dose?.lowGrams ?? 0) < FIRST_GRAMS / 2) {
      throw new Error(`The first portion did not arrive: ${JSON.stringify(first)}\n${this.output}`);
    }
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
        throw new Error(`${what}: not within ${WAIT_LIMIT_MS} ms\n${this.output}`);
      }
      await new Promise((done) => setTimeout(done, POLL_MS));
    }
  }

  async #must<T>(method: 'GET' | 'POST' | 'PATCH', path: string, body?: unknown): Promise<T> {
    const answer = await call<T>(this.url, method, path, body);
    if (answer.data === undefined) {
      throw new Error(`${method} ${path}: ${answer.status} ${answer.code}\n${this.output}`);
    }
    return answer.data;
  }
}
