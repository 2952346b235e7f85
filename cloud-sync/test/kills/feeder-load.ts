import type { CloudQueue, Meal, SyncDoc } from '@cat-feeder/shared';
import { ask, newId, type Said } from '../own-cloud.ts';
import { feederAsks, type RigFeeder } from './kill-rig.ts';

/** What a caller was told, and what therefore must be true at the end. */
export interface Promises {
  /** Feedings by hand whose claim was answered. */
  readonly feedings: Set<string>;
  /** Commands that the cloud has taken. */
  readonly commands: Set<string>;
  /** Wishes that the cloud has taken. */
  readonly wishes: Set<string>;
  /** Meals that were added, and not touched since. */
  readonly meals: Set<string>;
  /** Portions that the meal edited at the feeder only may have: the last answered one or a later. */
  portions: number[];
  /** Final states of commands that a member was shown. */
  readonly shown: Map<string, string>;
  /** Shown states that went back. */
  readonly wentBack: string[];
}

const FINAL: ReadonlySet<string> = new Set(['done', 'failed', 'refused']);
const COMMAND_TTL_MS = 8_000;
const EVERY_DAY = [1, 2, 3, 4, 5, 6, 7];
const GRAMS_MAX = 40;
const KEPT_MEALS = 6;

export interface LoadParts {
  readonly feeder: RigFeeder;
  readonly nodes: readonly string[];
  readonly random: () => number;
}

/** People at one feeder and in its home, who feed and edit without end and remember every answer. */
export class FeederLoad {
  readonly promises: Promises = {
    feedings: new Set(),
    commands: new Set(),
    wishes: new Set(),
    meals: new Set(),
    portions: [],
    shown: new Map(),
    wentBack: [],
  };
  readonly feeder: RigFeeder;
  /** Answers by what they said, for whoever reads the figures. */
  readonly answers: Record<string, number> = {};
  readonly #parts: LoadParts;
  readonly #acts: readonly (readonly [weight: number, act: () => Promise<void>])[];
  #ownMeal = '';
  #sharedMeal = '';
  #asked = 0;

  constructor(parts: LoadParts) {
    this.#parts = parts;
    this.feeder = parts.feeder;
    this.#acts = [
      [2, () => this.#feed()],
      [4, () => this.#editOwn()],
      [3, () => this.#editShared()],
      [2, () => this.#addMeal()],
      [2, () => this.#removeMeal()],
      [2, () => this.#command()],
      [4, () => this.#wish()],
      [2, () => this.#lookAtCommand()],
    ];
  }

  /** Caps out of the way, and two meals that are never due while the load runs. */
  async prepare(): Promise<void> {
    const limits = { feedingGramsMax: 150, hourGramsMax: 250, dayGramsMax: 500 };
    const gaps = { scheduleGapMinutes: 0, manualGapSeconds: 0 };
    await this.#must('/settings', 'PATCH', { ...limits, ...gaps });
    const meal = { time: '00:00', portionGrams: 10, weekdays: EVERY_DAY, enabled: false };
    this.#ownMeal = (await this.#must<Meal>('/meals', 'POST', { ...meal, name: 'own' })).id;
    this.#sharedMeal = (await this.#must<Meal>('/meals', 'POST', { ...meal, name: 'shared' })).id;
    this.promises.portions = [10];
  }

  get ownMeal(): string {
    return this.#ownMeal;
  }

  /** One thing that somebody does. */
  async act(): Promise<void> {
    const total = this.#acts.reduce((sum, [weight]) => sum + weight, 0);
    let left = this.#parts.random() * total;
    for (const [weight, act] of this.#acts) {
      left -= weight;
      if (left < 0) return act();
    }
  }

  /** Somebody presses "try now" on the page. */
  async hurry(): Promise<void> {
    await this.#local('/cloud/hurry', 'POST');
  }

  /** What waits for the cloud; undefined while the feeder does not answer. */
  async queue(): Promise<CloudQueue | undefined> {
    return (await this.#local<CloudQueue>('/cloud/queue', 'GET')).data;
  }

  async #feed(): Promise<void> {
    const requestId = `load-${newId()}`;
    const { status } = await this.#local('/feedings', 'POST', { requestId, portionGrams: 1 });
    if (status >= 200 && status < 300) this.promises.feedings.add(requestId);
  }

  async #editOwn(): Promise<void> {
    const portionGrams = this.#grams();
    const change = { portionGrams };
    const { status } = await this.#local(`/meals/${this.#ownMeal}`, 'PATCH', change);
    if (status === 200) this.promises.portions = [portionGrams];
    else if (status === 0) this.promises.portions.push(portionGrams);
  }

  async #editShared(): Promise<void> {
    const change = { portionGrams: this.#grams() };
    await this.#local(`/meals/${this.#sharedMeal}`, 'PATCH', change);
  }

  async #addMeal(): Promise<void> {
    const meal = { time: '00:00', portionGrams: 5, weekdays: EVERY_DAY, enabled: false };
    const { data } = await this.#local<Meal>('/meals', 'POST', { ...meal, name: 'extra' });
    if (data !== undefined) this.promises.meals.add(data.id);
  }

  /** First one whose addition got no answer: a plan holds only so many. Some stay to the end. */
  async #removeMeal(): Promise<void> {
    const { meals } = this.promises;
    const { data } = await this.#local<{ items: Meal[] }>('/meals', 'GET');
    const extra = (data?.items ?? []).filter(({ name }) => name === 'extra');
    const id = extra.find((meal) => !meals.has(meal.id))?.id;
    const known = meals.size > KEPT_MEALS ? [...meals][0] : undefined;
    const gone = id ?? known;
    if (gone === undefined) return;
    meals.delete(gone);
    await this.#local(`/meals/${gone}`, 'DELETE');
  }

  async #command(): Promise<void> {
    const id = newId();
    const body = { id, order: { op: 'feed', mg: 1_000 }, ttl_ms: COMMAND_TTL_MS };
    const said = await this.#member(`/commands`, { body });
    if (said?.status === 200) this.promises.commands.add(id);
  }

  async #lookAtCommand(): Promise<void> {
    const all = [...this.promises.commands];
    const id = all[Math.floor(this.#parts.random() * all.length)];
    if (id === undefined) return;
    const said = await this.#member(`/commands/${id}`, {});
    if (said?.status !== 200) return;
    const state = String(said.body['state']);
    const before = this.promises.shown.get(id);
    if (before !== undefined && before !== state) {
      this.promises.wentBack.push(`${id}: ${before}, then ${state}`);
    }
    if (FINAL.has(state)) this.promises.shown.set(id, state);
  }

  /** A wish for the meal that people at the feeder edit, too, from what the cloud knows of it. */
  async #wish(): Promise<void> {
    const docs = await this.#member('/docs', {});
    if (docs?.status !== 200) return;
    const known = (docs.body['docs'] as SyncDoc[]).find(({ id }) => id === this.#sharedMeal);
    if (known === undefined) return;
    const mid = newId();
    const groups = { portion: { portionGrams: this.#grams() } };
    const body = { mid, op: 'patch', base: known.grevs, groups };
    const path = `/docs/meal/${this.#sharedMeal}`;
    const said = await this.#member(path, { method: 'PATCH', body });
    if (said?.status === 200) this.promises.wishes.add(mid);
  }

  #grams(): number {
    return 1 + Math.floor(this.#parts.random() * GRAMS_MAX);
  }

  async #local<T>(path: string, method: string, body?: unknown) {
    const answer = await feederAsks<T>(this.feeder.server.url, path, method, body);
    this.#count(`feeder ${answer.status}`);
    return answer;
  }

  async #must<T>(path: string, method: string, body: unknown): Promise<T> {
    const { status, data } = await this.#local<T>(path, method, body);
    if (data === undefined) throw new Error(`${method} ${path}: ${status}`);
    return data;
  }

  /** A request of some member to some node; undefined: no answer came. */
  async #member(path: string, request: Parameters<typeof ask>[2]): Promise<Said | undefined> {
    this.#asked += 1;
    const { feeder, nodes } = this.#parts;
    const node = nodes[this.#asked % nodes.length] ?? '';
    const token = feeder.tokens[this.#asked % feeder.tokens.length] ?? '';
    try {
      const said = await ask(node, `/v1/devices/${feeder.device}${path}`, { ...request, token });
      this.#count(`cloud ${said.status}`);
      return said;
    } catch {
      this.#count('cloud 0');
      return undefined;
    }
  }

  #count(what: string): void {
    this.answers[what] = (this.answers[what] ?? 0) + 1;
  }
}
