import {
  DAY_MS,
  type EpochMs,
  type FeedRequest,
  HOUR_MS,
  type Meal,
  MINUTE_MS,
  type SettingsPatch,
} from '@cat-feeder/shared';
import type { SeededRandom } from '../platform/random.ts';
import { localDate, offsetMs } from './independent-calendar.ts';
import type { Life } from './life.ts';
import type { SentRequest } from './observed.ts';
import { dueUnder } from './plan-truth.ts';
import { logUniform, pick, timeOfMinute } from './scenario.ts';

/** Requests remembered for being sent again. */
const REMEMBERED_MAX = 50;
const otherZones = ['UTC', 'Europe/Lisbon', 'Asia/Tokyo', 'America/Denver', 'Pacific/Kiritimati'];

/** People and programs at the feeder's door. Every request goes through the real HTTP handlers. */
export class RequestActor {
  readonly #life: Life;
  readonly #random: SeededRandom;
  readonly #claimOf: (requestId: string) => string | undefined;
  #sent: FeedRequest[] = [];
  #count = 0;

  constructor(parts: {
    life: Life;
    random: SeededRandom;
    claimOf: (requestId: string) => string | undefined;
  }) {
    this.#life = parts.life;
    this.#random = parts.random;
    this.#claimOf = parts.claimOf;
  }

  /** Name, plan and food, as an owner enters them on the first day. */
  async setUp(): Promise<void> {
    const { scenario } = this.#life;
    await this.#edit('PATCH', '/api/v1/settings', scenario.settings);
    await this.#edit('POST', '/api/v1/kibbles', { name: 'Kibble', kcalPer100g: 380 });
    for (const meal of scenario.meals) await this.#edit('POST', '/api/v1/meals', meal);
  }

  async feed(): Promise<void> {
    await this.#feed(this.#wish(), 'fresh');
  }

  /** Two at the same moment. */
  async pair(): Promise<void> {
    await Promise.all([this.#feed(this.#wish(), 'fresh'), this.#feed(this.#wish(), 'fresh')]);
  }

  /** One that was claimed before, word for word. */
  async duplicate(): Promise<boolean> {
    const request = this.#claimed();
    if (request === undefined) return false;
    await this.#feed(request, 'duplicate');
    return true;
  }

  /** The id of one that was claimed before, with another portion. */
  async reused(): Promise<boolean> {
    const request = this.#claimed();
    if (request === undefined) return false;
    await this.#feed({ ...request, portionGrams: request.portionGrams + 1 }, 'reused');
    return true;
  }

  /** One whose time was over before it arrived, by the clock that its sender goes by. */
  async expired(): Promise<boolean> {
    const lateMs = Math.round(logUniform(this.#random, 1000, DAY_MS));
    const wish = this.#wish();
    const expiresAtMs = this.#senderNow(wish) - lateMs;
    if (expiresAtMs < 0) return false;
    await this.#feed({ ...wish, expiresAtMs }, isFar(wish) ? 'far' : 'expired');
    return true;
  }

  /** A wish that is held up on the way and arrives after a later one, in time or too late. */
  async reordered(): Promise<boolean> {
    const wish = this.#wish();
    const expiresAtMs = this.#senderNow(wish) + MINUTE_MS;
    if (expiresAtMs < 0) return false;
    const late = { ...wish, expiresAtMs };
    await this.feed();
    const delayMs = logUniform(this.#random, 1000, 10 * MINUTE_MS);
    this.#life.clock.after('late request', delayMs, () => {
      const isOver = this.#deviceNow() > expiresAtMs;
      const nature = isFar(wish) ? 'far' : isOver ? 'expired' : 'fresh';
      this.#life.pump.settle(this.#feed(late, nature));
    });
    return true;
  }

  /** Programs afar go by the true time, people at the page by the clock that it shows. */
  #senderNow(wish: FeedRequest): EpochMs {
    return isFar(wish) ? Math.floor(this.#life.time.trueWallMs()) : this.#deviceNow();
  }

  /** Values that no schema takes. */
  async invalid(): Promise<void> {
    const wish = this.#wish();
    const broken: Partial<FeedRequest>[] = [
      { portionGrams: -5 },
      { portionGrams: 151 },
      { portionGrams: 1e9 },
      { portionGrams: Number.NaN },
      { requestId: '' },
      { requestId: 'a b' },
      { cause: 'schedule' as 'person' },
      { expiresAtMs: 12.5 },
    ];
    await this.#feed({ ...wish, ...pick(this.#random, broken) }, 'invalid');
  }

  async cancel(feedingId: string): Promise<void> {
    await this.#send('POST', `/api/v1/feedings/${feedingId}/cancel`);
  }

  async emergencyStop(): Promise<void> {
    await this.#send('POST', '/api/v1/stop');
  }

  /** In the middle of a feeding, or of an empty bowl: a person does not tare food away. */
  async tare(): Promise<void> {
    await this.#send('POST', '/api/v1/scale/tare');
  }

  async look(): Promise<void> {
    await this.#send('GET', pick(this.#random, lookPaths));
  }

  /** The faults that the page shows; a disk that refuses keeps some of them out of the ledger. */
  async faults(): Promise<string[]> {
    const label = 'GET /api/v1/faults';
    const request = { label, method: 'GET', path: '/api/v1/faults', nature: 'other' } as const;
    const body = (await this.#life.send(request)) as { data?: { items?: { fault: string }[] } };
    return (body?.data?.items ?? []).map(({ fault }) => fault);
  }

  async clearFault(fault: string): Promise<void> {
    await this.#send('POST', `/api/v1/faults/${fault}/clear`);
  }

  async changeZone(): Promise<void> {
    const zone = pick(this.#random, [...otherZones, this.#life.scenario.zone]);
    await this.#edit('PATCH', '/api/v1/settings', { zone });
  }

  /** Some change of the plan or of the caps, with a liking for meals that are due just now. */
  async editPlan(): Promise<void> {
    const { settings, meals } = this.#life.plan.now;
    const all = [...meals.values()].filter((meal) => meal.planId === settings.activePlanId);
    const meal = this.#someMeal(all);
    const dice = this.#random.next();
    if (meal === null || (dice < 0.2 && all.length < 8)) await this.#addMeal();
    else if (dice < 0.35 && all.length > 1) await this.#edit('DELETE', `/api/v1/meals/${meal.id}`);
    else if (dice < 0.8)
      await this.#edit('PATCH', `/api/v1/meals/${meal.id}`, this.#mealPatch(meal));
    else await this.#edit('PATCH', '/api/v1/settings', this.#settingsPatch());
  }

  /** Any meal, or one that came due within the last two hours: its feeding may still be owed. */
  #someMeal(all: readonly Meal[]): Meal | null {
    if (all.length === 0) return null;
    const now = this.#life.time.trueWallMs();
    const due = dueUnder(this.#life.plan.now, now - 2 * HOUR_MS, now).map(({ meal }) => meal);
    return pick(this.#random, due.length > 0 && this.#random.chance(0.5) ? due : all);
  }

  async addOverlay(): Promise<void> {
    const { meals, settings, overlays } = this.#life.plan.now;
    const { zone } = settings;
    const now = this.#deviceNow();
    if (overlays.size > 30 || now < 946_684_800_000) return;
    const dice = this.#random.next();
    if (dice < 0.2) await this.#edit('POST', '/api/v1/plan/skip-next');
    else if (dice < 0.45 && meals.size > 0) {
      const mealId = pick(this.#random, [...meals.keys()]);
      const date = localDate(zone, now + this.#random.next() * 2 * DAY_MS);
      await this.#edit('POST', '/api/v1/overlays', { kind: 'skip', mealId, date });
    } else if (dice < 0.7) {
      const untilMs = Math.round(now + logUniform(this.#random, 10 * MINUTE_MS, DAY_MS));
      await this.#edit('POST', '/api/v1/overlays', { kind: 'pause', untilMs });
    } else if (dice < 0.85 && overlays.size > 0) {
      await this.#edit('DELETE', `/api/v1/overlays/${pick(this.#random, [...overlays.keys()])}`);
    } else {
      const fromDate = localDate(zone, now);
      const toDate = localDate(zone, now + this.#random.next() * 3 * DAY_MS);
      const portionFactor = Math.round((0.5 + 0.7 * this.#random.next()) * 100) / 100;
      await this.#edit('POST', '/api/v1/overlays', {
        kind: 'vacation',
        fromDate,
        toDate,
        portionFactor,
      });
    }
  }

  async #addMeal(): Promise<void> {
    await this.#edit('POST', '/api/v1/meals', {
      name: `Extra ${this.#count++}`,
      time: this.#timeNearNow(),
      portionGrams: Math.round(logUniform(this.#random, 2, 15) * 10) / 10,
      missedPolicy: pick(this.#random, ['catch_up_one', 'skip', 'ask']),
    });
  }

  #mealPatch(meal: Meal): object {
    const dice = this.#random.next();
    if (dice < 0.4) return { time: this.#timeNearNow() };
    if (dice < 0.6) {
      const factor = 0.7 + 0.6 * this.#random.next();
      const grams = Math.round(meal.portionGrams * factor * 10) / 10;
      return { portionGrams: Math.min(150, Math.max(1, grams)) };
    }
    if (dice < 0.8) return { enabled: !meal.enabled };
    return { weekdays: this.#random.chance(0.5) ? [1, 2, 3, 4, 5, 6, 7] : [2, 4, 6] };
  }

  #settingsPatch(): SettingsPatch {
    const patches: SettingsPatch[] = [
      { scheduleGapMinutes: pick(this.#random, [0, 15, 60]) },
      { graceMinutes: pick(this.#random, [30, 120, 240]) },
      { starveLimitHours: pick(this.#random, [6, 10, 14]) },
      { dayGramsMax: Math.round(logUniform(this.#random, 60, 400)) },
      { quietHours: this.#random.chance(0.5) ? { from: '22:00', to: '06:00' } : null },
    ];
    return pick(this.#random, patches);
  }

  /** A local time within a few hours of the present. */
  #timeNearNow(): string {
    const { zone } = this.#life.plan.now.settings;
    const now = this.#deviceNow();
    const spread = this.#random.chance(0.4) ? 5 : 300;
    const local: number =
      now + offsetMs(zone, now) + (2 * this.#random.next() - 1) * spread * MINUTE_MS;
    const minute = Math.floor(local / MINUTE_MS) % 1440;
    return timeOfMinute((minute + 1440) % 1440);
  }

  #wish(): FeedRequest {
    const requestId = `sim-${this.#count++}`;
    const portionGrams = Math.round(logUniform(this.#random, 1, 40) * 10) / 10;
    const cause = pick(this.#random, ['person', 'person', 'automation', 'button'] as const);
    return { requestId, portionGrams, cause, petId: null };
  }

  #claimed(): FeedRequest | undefined {
    const known = this.#sent.filter((request) => this.#claimOf(request.requestId) !== undefined);
    return known.length === 0 ? undefined : pick(this.#random, known);
  }

  #deviceNow(): EpochMs {
    return Math.floor(this.#life.time.wallMs());
  }

  async #feed(feed: FeedRequest, nature: SentRequest['nature']): Promise<void> {
    if (nature === 'fresh') this.#sent = [...this.#sent.slice(1 - REMEMBERED_MAX), feed];
    const label = `feed ${feed.requestId} ${feed.portionGrams} g (${nature})`;
    await this.#life.send({ label, method: 'POST', path: '/api/v1/feedings', feed, nature });
  }

  async #edit(method: string, path: string, body?: unknown): Promise<void> {
    await this.#send(method, path, body);
  }

  async #send(method: string, path: string, body?: unknown): Promise<void> {
    const text = body === undefined ? '' : ` ${JSON.stringify(body)}`;
    const label = `${method} ${path}${text}`;
    await this.#life.send({ label, method, path, nature: 'other' }, body);
  }
}

function isFar({ cause }: FeedRequest): boolean {
  return cause !== 'person';
}

const lookPaths = [
  '/api/v1/status',
  '/api/v1/preview?days=7',
  '/api/v1/occurrences',
  '/api/v1/feedings',
  '/api/v1/ledger?limit=50',
  '/api/v1/health/ready',
];
