import {
  type ClockQuality,
  type Grams,
  type Meal,
  type MealInput,
  MINUTE_MS,
  type Milliseconds,
  type Overlay,
  type Plan,
  type Settings,
} from '@cat-feeder/shared';
import type { StationClock, StationTime } from '../../src/platform/clock.ts';
import { silentLogger } from '../../src/platform/logger.ts';
import { VirtualClock } from '../../src/platform/virtual-clock.ts';
import { PlanBook } from '../../src/scheduling/plan-book.ts';
import type {
  AlarmClock,
  ExtraOrder,
  FeedAnswer,
  MealFeeder,
  OccurrenceOrder,
} from '../../src/scheduling/schedule-store.ts';
import { type ScheduleAlert, Scheduler } from '../../src/scheduling/scheduler.ts';
import { MemoryCollection, MemorySettings, numberedIds } from './memory-documents.ts';
import { MemoryScheduleStore } from './memory-schedule-store.ts';

/** A station clock that a test may turn at will; its age goes on over restarts. */
export class BenchTime implements StationClock {
  readonly clock: VirtualClock;
  quality: ClockQuality = 'synchronized';
  bootId = 'boot-1';
  ageOffsetMs = 0;
  #boots = 1;

  constructor(clock: VirtualClock) {
    this.clock = clock;
  }

  now(): StationTime {
    return {
      wallMs: this.clock.wallMs(),
      monoMs: this.clock.monoMs(),
      ageMs: this.clock.monoMs() + this.ageOffsetMs,
      bootId: this.bootId,
      quality: this.quality,
    };
  }

  /** Time without power passes: the wall clock goes on, lived time does not. */
  off(ms: Milliseconds): void {
    this.clock.advance(ms);
    this.ageOffsetMs -= ms;
    this.#boots += 1;
    this.bootId = `boot-${this.#boots}`;
  }
}

export interface Served {
  readonly key: string;
  readonly portionGrams: Grams;
  readonly verdict: string;
  readonly atMs: number;
}

/** The feeding rules as far as the schedule knows them. Serves at once, or says why not. */
export class BenchFeeder implements MealFeeder {
  readonly served: Served[] = [];
  readonly asked: string[] = [];
  /** Occurrences asked for although they had been served: must stay empty. */
  readonly repeats: string[] = [];
  /** Answers in place of serving; null serves. */
  refuse: (order: OccurrenceOrder | ExtraOrder) => Extract<FeedAnswer, { kind: 'refused' }> | null =
    () => null;
  /** How much of a portion arrives. */
  lowShare = 1;
  /** Resolved feedings wait for this; null: they end at once. */
  hold: Promise<void> | null = null;
  readonly #store: MemoryScheduleStore;
  readonly #time: StationClock;

  constructor(store: MemoryScheduleStore, time: StationClock) {
    this.#store = store;
    this.#time = time;
  }

  feedOccurrence(order: OccurrenceOrder): Promise<FeedAnswer> {
    return this.#feed(order.occurrence.key, order, () =>
      this.#store.play({ ...this.#dose(order), cause: 'schedule', order }),
    );
  }

  feedExtra(order: ExtraOrder): Promise<FeedAnswer> {
    return this.#feed(order.requestId, order, () =>
      this.#store.play({ ...this.#dose(order), cause: order.cause, order: null }),
    );
  }

  async #feed(
    key: string,
    order: OccurrenceOrder | ExtraOrder,
    write: () => void,
  ): Promise<FeedAnswer> {
    this.asked.push(key);
    const refusal = this.refuse(order);
    if (refusal !== null) return refusal;
    if (this.served.some((served) => served.key === key)) {
      if ('occurrence' in order) this.repeats.push(key);
      return { kind: 'ended', servedLowGrams: 0 };
    }
    const verdict = 'verdict' in order ? order.verdict : order.cause;
    const { portionGrams } = order;
    if ('occurrence' in order) this.#store.claim(order);
    this.served.push({ key, portionGrams, verdict, atMs: this.#time.now().wallMs });
    if (this.hold !== null) await this.hold;
    write();
    return { kind: 'ended', servedLowGrams: portionGrams * this.lowShare };
  }

  #dose({ portionGrams }: { portionGrams: Grams }) {
    const time = this.#time.now();
    return { portionGrams, servedLowGrams: portionGrams * this.lowShare, time };
  }
}

/** The alarm clock on virtual time; `isBroken` makes it never ring. */
export class BenchAlarm implements AlarmClock {
  isBroken = false;
  readonly #clock: VirtualClock;
  #cancel: () => void = () => undefined;

  constructor(clock: VirtualClock) {
    this.#clock = clock;
  }

  ringAt(wallMs: number, ring: () => void): void {
    this.#cancel();
    if (this.isBroken) return;
    const delayMs = Math.max(0, Math.min(60 * MINUTE_MS, wallMs - this.#clock.wallMs()));
    this.#cancel = this.#clock.after('alarm', delayMs, () => {
      if (this.#clock.wallMs() >= wallMs) ring();
      else this.ringAt(wallMs, ring);
    });
  }

  clear(): void {
    this.#cancel();
  }
}

/** A meal as tests write it: breakfast, every day, 20 g, unless they say otherwise. */
export function mealInput(time: Meal['time'], patch: Partial<MealInput> = {}): MealInput {
  return {
    name: 'Meal',
    time,
    weekdays: [1, 2, 3, 4, 5, 6, 7],
    portionGrams: 20,
    petId: null,
    missedPolicy: 'catch_up_one',
    enabled: true,
    ...patch,
  };
}

const STEP_MS: Milliseconds = 30_000;

/** A whole schedule without a feeder: store, clock and dispenser are the test's own. */
export class ScheduleBench {
  readonly clock: VirtualClock;
  readonly time: BenchTime;
  readonly store: MemoryScheduleStore;
  readonly feeder: BenchFeeder;
  readonly alarm: BenchAlarm;
  readonly alerts: ScheduleAlert[] = [];
  readonly settings: MemorySettings;
  readonly book: PlanBook;
  scheduler: Scheduler;

  constructor(options: { at: string; settings?: Partial<Settings> }) {
    this.clock = new VirtualClock({ wallMs: Date.parse(options.at) });
    this.time = new BenchTime(this.clock);
    const ids = numberedIds();
    const plans = new MemoryCollection<Plan>(ids);
    const meals = new MemoryCollection<Meal>(ids);
    const overlays = new MemoryCollection<Overlay>(ids);
    this.settings = new MemorySettings({ zone: 'Europe/Berlin', ...options.settings });
    const documents = { plans, meals, overlays, settings: this.settings };
    this.store = new MemoryScheduleStore(documents, () => this.time.now());
    this.feeder = new BenchFeeder(this.store, this.time);
    this.alarm = new BenchAlarm(this.clock);
    this.scheduler = this.#newScheduler();
    this.book = new PlanBook({
      ...documents,
      time: this.time,
      schedule: {
        beforeEdit: (after) => this.scheduler.beforeEdit(after),
        planChanged: () => this.scheduler.planChanged(),
        next: () => this.scheduler.next(),
      },
      hasPet: (id) => id.startsWith('pet'),
      hasKibble: (id) => id.startsWith('kibble'),
    });
  }

  /** Starts the daemon, or starts it again. */
  async on(): Promise<void> {
    await this.scheduler.stop();
    this.scheduler = this.#newScheduler();
    this.scheduler.start();
    await flush();
  }

  /** The power fails for so long; then the daemon is back. */
  async powerCut(ms: Milliseconds): Promise<void> {
    await this.off(ms);
    await this.on();
  }

  /** The daemon ends and the power is off for so long. */
  async off(ms: Milliseconds): Promise<void> {
    await this.scheduler.stop();
    this.time.off(ms);
  }

  /** Time passes, half a minute at a time, with everything that it sets off. */
  async pass(ms: Milliseconds): Promise<void> {
    for (let leftMs = ms; leftMs > 0; leftMs -= STEP_MS) {
      const asked = this.feeder.asked.length;
      this.clock.advance(Math.min(STEP_MS, leftMs));
      if (this.feeder.asked.length !== asked) await flush();
    }
  }

  /** Time passes until a UTC instant. */
  passUntil(instant: string): Promise<void> {
    return this.pass(Date.parse(instant) - this.clock.wallMs());
  }

  /** `verdict/rule` by key's date, in order of due time. */
  verdicts(): string[] {
    return [...this.store.rows.values()]
      .sort((a, b) => a.dueAtMs - b.dueAtMs)
      .map((row) => `${row.localDate} ${row.localTime} ${row.verdict}/${row.rule}`);
  }

  #newScheduler(): Scheduler {
    const { clock, time, store, feeder, alarm } = this;
    return new Scheduler({
      clock,
      time,
      store,
      feeder,
      alarm,
      logger: silentLogger,
      onAlert: (alert) => this.alerts.push(alert),
    });
  }
}

/** Lets promises that are ready run: more rounds than any chain in here is long. */
export async function flush(): Promise<void> {
  for (let i = 0; i < 12; i++) await Promise.resolve();
}

/** A bench that runs, with a meal at each of these times. Berlin in winter is one hour ahead of UTC. */
export async function benchWith(times: string[], at = '2026-11-20T04:00:00Z') {
  const bench = new ScheduleBench({ at });
  await bench.on();
  const meals = times.map((time) => bench.book.addMeal(mealInput(time)));
  return { bench, meals };
}

/** What was served, by the dates of its occurrences. */
export function servedKeys(bench: ScheduleBench): string[] {
  return bench.feeder.served.map(({ key }) => key.slice(-10));
}
