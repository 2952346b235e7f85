import {
  defaultSettings,
  FeederError,
  type Feeding,
  type FeedRequest,
  type Kibble,
  type LedgerPage,
  type Meal,
  type Overlay,
  type PartTest,
  type Pet,
  type Plan,
  type ReaderView,
  type ScaleCalibration,
  type Settings,
} from '@cat-feeder/shared';
import type { ApiDeps } from '../../src/api/deps.ts';
import { type Api, createApi } from '../../src/api/server.ts';
import type { ActiveFault } from '../../src/feeding/fault-effects.ts';
import type { Entity } from '../../src/platform/collection.ts';
import { LiveEvents } from '../../src/platform/live-events.ts';
import { type Logger, silentLogger } from '../../src/platform/logger.ts';
import { VirtualClock } from '../../src/platform/virtual-clock.ts';
import { calmHealth } from '../support/calm-health.ts';
import { onePiece } from '../support/one-piece.ts';
import { FakeCamera, FakeClips } from './fake-camera.ts';
import { FakeCloud } from './fake-cloud.ts';
import {
  FakeCollection,
  fakeId,
  plannedOccurrence,
  START_MS,
  sampleFeeding,
} from './fake-parts.ts';
import { testDir } from './store-fixture.ts';

export const FAKE_PORT = 8480;
export const FAKE_URL = `http://127.0.0.1:${FAKE_PORT}`;

/** A whole feeder in memory behind the real API: what it is told to do can be counted. */
export class FakeFeeder {
  readonly clock = new VirtualClock({ wallMs: START_MS, monoMs: 1_000 });
  readonly live: LiveEvents;
  readonly lines: { level: string; fields: object; sentence: string }[] = [];
  /** Every time the motor would have begun to turn. */
  motorStarts = 0;
  /** Every durable write of whatever kind. */
  writes = 0;
  stops = 0;
  running: Feeding | null = null;
  readonly feedings: Feeding[] = [];
  readonly faults: ActiveFault[] = [];
  settings: Settings = { ...defaultSettings, name: 'Test feeder' };
  reader: ReaderView | null = null;
  readonly camera = new FakeCamera();
  readonly cloud = new FakeCloud();
  readonly clips: FakeClips;
  storageOk = true;
  components: ReturnType<ApiDeps['components']> = [{ name: 'scheduler', state: 'ok', why: 'runs' }];
  /** Thrown by the next call of `feed`. */
  refuseWith: Error | null = null;
  calibration: ScaleCalibration = {
    zeroCounts: 12_000,
    countsPerGram: 420,
    noiseGrams: 0.05,
    taredAtMs: START_MS,
    spannedAtMs: START_MS,
  };
  readonly plans = this.#collection<Plan>();
  readonly meals = this.#collection<Meal>();
  readonly overlays = this.#collection<Overlay>();
  readonly pets = this.#collection<Pet>();
  readonly kibbles = this.#collection<Kibble>();
  partTests: PartTest[] = [{ part: 'clock', ok: true, found: 'The clock is rtc.', fix: null }];
  readonly deps: ApiDeps;
  readonly api: Api;

  constructor(options: { uiDir?: string | null; overrides?: Partial<ApiDeps> } = {}) {
    const log = this.#log();
    this.live = new LiveEvents({ epoch: 'boot7', logger: silentLogger });
    this.clips = new FakeClips(this.live, testDir);
    this.deps = { ...this.#parts(log), ...options.overrides };
    this.api = createApi(this.deps, { port: () => FAKE_PORT, uiDir: options.uiDir ?? null });
  }

  /** A request as a program on this machine sends it. */
  request(method: string, path: string, body?: unknown, headers: Record<string, string> = {}) {
    const type = body === undefined ? {} : { 'content-type': 'application/json' };
    const host = { host: `127.0.0.1:${FAKE_PORT}` };
    const init: RequestInit = { method, headers: { ...host, ...type, ...headers } };
    if (body !== undefined) init.body = typeof body === 'string' ? body : JSON.stringify(body);
    return this.api.app.request(`${FAKE_URL}${path}`, init);
  }

  #collection<T extends Entity>(): FakeCollection<T> {
    return new FakeCollection<T>(() => {
      if (!this.storageOk) throw new FeederError('ERR_STORAGE');
      this.writes += 1;
    });
  }

  #log(): Logger {
    const keep = (level: string) => (fields: object, sentence: string) => {
      this.lines.push({ level, fields, sentence });
    };
    return { debug: keep('debug'), info: keep('info'), warn: keep('warn'), error: keep('error') };
  }

  #parts(log: Logger): ApiDeps {
    const today = { localDate: '2026-11-22', plannedGrams: 40, servedGrams: 12.1 };
    return {
      identity: { version: '0.0.0-test', board: 'fake', simulated: true, startedMonoMs: 0 },
      clock: this.clock,
      time: { now: () => this.#now() },
      log,
      live: this.live,
      station: {
        health: () => ({ ...calmHealth, motorOn: this.running !== null }),
      },
      feeding: this.#feedDoor(),
      journal: {
        find: (id) => this.feedings.find((feeding) => feeding.id === id),
        findByRequestId: (id) => this.feedings.find((feeding) => feeding.requestId === id),
        trace: () => [[0, 3.2] as const, [500, 8.1] as const],
        list: ({ limit, before, state, petId }) => this.#page({ limit, before, state, petId }),
      },
      faults: {
        active: () => this.faults,
        clear: (fault) => {
          const at = this.faults.findIndex((active) => active.fault === fault);
          if (at < 0) throw new FeederError('ERR_NOT_FOUND');
          this.faults.splice(at, 1);
          this.writes += 1;
        },
      },
      today: () => ({ ...today, lowGrams: 11.8, highGrams: 12.5, remainingCapGrams: 187.5 }),
      plans: this.#planBook(),
      schedule: this.#schedule(),
      pets: {
        list: () => this.pets.list(),
        get: (id) => this.pets.get(id),
        add: (input) => this.pets.add(input),
        change: (id, patch, rev) => this.pets.change(id, patch, rev),
        remove: (id) => this.pets.remove(id),
        today: () => ({
          localDate: today.localDate,
          servedGrams: 12,
          rationGrams: 55,
          remainingGrams: 43,
          servedKcal: null,
          needKcal: 250,
        }),
      },
      kibbles: this.kibbles,
      kibbleCalibration: this.#kibbleCalibration(),
      scale: {
        reading: () => ({ grams: 3.2, sigmaGrams: 0.1, state: 'stable', ageMs: 12 }),
        calibration: () => this.calibration,
        tare: async () => {
          this.writes += 1;
          return this.calibration;
        },
        span: async () => {
          this.writes += 1;
          return this.calibration;
        },
      },
      hopper: {
        calibration: () => null,
        tare: async () => {
          this.writes += 1;
          return this.calibration;
        },
        span: async () => {
          this.writes += 1;
          return this.calibration;
        },
        daysLeft: () => null,
      },
      settings: {
        get: () => this.settings,
        change: (patch, expectedRev) => {
          if (expectedRev !== undefined && expectedRev !== this.settings.rev) {
            throw new FeederError('ERR_CONFLICT');
          }
          this.writes += 1;
          this.settings = { ...this.settings, ...patch, rev: this.settings.rev + 1 };
          return this.settings;
        },
      },
      ledger: {
        page: ({ afterSeq, limit }): LedgerPage => ({
          items: Array.from({ length: Math.min(limit, Math.max(0, 150 - afterSeq)) }, (_, i) => ({
            seq: afterSeq + 1 + i,
            wallMs: START_MS,
            kind: 'daemon.stopped',
            kindNumber: 2,
            version: 1,
            body: { reason: 'test' },
            hash: 'ab'.repeat(32),
          })),
          lastSeq: 150,
          nextAfterSeq: afterSeq + limit < 150 ? afterSeq + limit : null,
        }),
        verify: () => ({
          ...{ ok: true, entries: 150, lastSeq: 150, brokenSeq: null, why: 'All fit.' },
          key: null,
        }),
        file: () => onePiece('{"catFeederLedger":1}\n'),
      },
      alerts: () => [],
      components: () => this.components,
      reader: () => this.reader,
      camera: this.camera,
      clips: this.clips,
      selfTest: async () => this.partTests,
      cloud: this.cloud,
      storage: () => ({ ok: this.storageOk, why: this.storageOk ? 'writes' : 'read-only' }),
      diskFreeBytes: () => 5_000_000_000,
      onAudience: () => {},
    };
  }

  #now() {
    return {
      wallMs: this.clock.wallMs(),
      monoMs: this.clock.monoMs(),
      ageMs: this.clock.monoMs(),
      bootId: 'boot-7',
      quality: 'synchronized' as const,
    };
  }

  #feedDoor(): ApiDeps['feeding'] {
    return {
      running: () => this.running,
      feed: async (request) => this.#feed(request),
      cancel: async (id) => {
        const feeding = this.feedings.find((known) => known.id === id);
        if (feeding === undefined) throw new FeederError('ERR_NOT_FOUND');
        if (this.running?.id === id) this.#end('cancelled');
        return this.feedings.find((known) => known.id === id) ?? feeding;
      },
      stopAll: async () => {
        this.stops += 1;
        if (this.running !== null) this.#end('cancelled');
      },
    };
  }

  #feed(request: FeedRequest): { feeding: Feeding; created: boolean } {
    const known = this.feedings.find(({ requestId }) => requestId === request.requestId);
    if (known !== undefined) {
      if (known.portionGrams === request.portionGrams) return { feeding: known, created: false };
      throw new FeederError('ERR_REQUEST_ID_REUSED');
    }
    if (this.refuseWith !== null) throw this.refuseWith;
    if (this.running !== null) throw new FeederError('ERR_BUSY');
    const feeding = sampleFeeding({ ...request, id: fakeId(), startedAtMs: this.clock.wallMs() });
    this.writes += 1;
    this.motorStarts += 1;
    this.feedings.push(feeding);
    this.running = feeding;
    this.live.publish('feeding', feeding);
    return { feeding, created: true };
  }

  /** Ends the running feeding. */
  #end(result: 'served' | 'cancelled'): void {
    const running = this.running;
    if (running === null) return;
    const grams = result === 'served' ? running.portionGrams : 1;
    const ended: Feeding = {
      ...running,
      state: 'done',
      stage: 'done',
      result,
      dose: { lowGrams: grams, likelyGrams: grams, highGrams: grams, method: 'measured' },
      endedAtMs: this.clock.wallMs(),
      why: `It was ${result}.`,
    };
    this.feedings.splice(this.feedings.indexOf(running), 1, ended);
    this.running = null;
    this.live.publish('feeding', ended);
  }

  /** Lets the running feeding serve its portion. */
  finish(): void {
    this.#end('served');
  }

  #page(query: {
    limit: number;
    before: string | undefined;
    state: string | undefined;
    petId: string | undefined;
  }) {
    const newest = [...this.feedings]
      .reverse()
      .filter(
        (feeding) =>
          (query.state === undefined || feeding.state === query.state) &&
          (query.petId === undefined || feeding.petId === query.petId),
      );
    const from =
      query.before === undefined ? 0 : newest.findIndex(({ id }) => id === query.before) + 1;
    const items = newest.slice(from, from + query.limit);
    const isMore = from + query.limit < newest.length;
    return { items, total: newest.length, nextCursor: isMore ? (items.at(-1)?.id ?? null) : null };
  }

  #planBook(): ApiDeps['plans'] {
    const activePlanId = () => this.settings.activePlanId;
    const addMeal: ApiDeps['plans']['addMeal'] = ({ planId, ...input }) => {
      const target = planId ?? activePlanId() ?? this.plans.add({ name: 'Plan' }).id;
      if (this.plans.get(target) === undefined) throw new FeederError('ERR_NOT_FOUND');
      return this.meals.add({ ...input, planId: target, effectiveFromMs: this.clock.wallMs() });
    };
    return {
      plans: () => this.plans.list(),
      meals: () => this.meals.list(),
      overlays: () => this.overlays.list(),
      addPlan: (input) => this.plans.add(input),
      changePlan: (id, patch, rev) => this.plans.change(id, patch, rev),
      removePlan: (id) => this.plans.remove(id),
      activatePlan: (id) => {
        if (this.plans.get(id) === undefined) throw new FeederError('ERR_NOT_FOUND');
        this.settings = { ...this.settings, activePlanId: id };
        this.writes += 1;
      },
      addMeal,
      changeMeal: (id, patch, rev) => this.meals.change(id, patch, rev),
      removeMeal: (id) => this.meals.remove(id),
      addOverlay: (input) =>
        this.overlays.add({ ...input, createdAtMs: this.clock.wallMs() } as Omit<
          Overlay,
          'id' | 'rev'
        >),
      removeOverlay: (id) => this.overlays.remove(id),
      skipNext: () => {
        const meal = this.meals.list()[0];
        if (meal === undefined) throw new FeederError('ERR_BUSINESS_RULE');
        const skip = { kind: 'skip' as const, mealId: meal.id, date: '2026-11-23' };
        return this.overlays.add({ ...skip, createdAtMs: this.clock.wallMs() } as never);
      },
    };
  }

  #schedule(): ApiDeps['schedule'] {
    const all = (date: string) => this.meals.list().map((meal) => plannedOccurrence(meal, date));
    return {
      next: () => all('2026-11-23')[0] ?? null,
      localDate: () => '2026-11-22',
      occurrences: (from) => all(from),
      occurrence: (key) => all(key.slice(-10)).find((occurrence) => occurrence.key === key),
      preview: (days) => ({
        zone: 'UTC',
        totalGrams: 0,
        runsOut: null,
        days: Array.from({ length: days }, (_, i) => ({
          date: `2026-11-${String((i % 30) + 1).padStart(2, '0')}`,
          weekday: 1,
          clockForwardMinutes: 0,
          overlay: null,
          dayGrams: 12,
          dayKcal: null,
          hopperGrams: null,
          meals: all('2026-11-23').map((occurrence) => ({
            ...occurrence,
            kcal: null,
            effect: 'none' as const,
            shift: null,
          })),
        })),
      }),
    };
  }

  #kibbleCalibration(): ApiDeps['kibbleCalibration'] {
    let job: ReturnType<ApiDeps['kibbleCalibration']['status']> = null;
    return {
      status: () => job,
      start: (kibbleId, wish) => {
        if (this.kibbles.get(kibbleId) === undefined) throw new FeederError('ERR_NOT_FOUND');
        this.motorStarts += 1;
        this.writes += 1;
        job = {
          ...wish,
          kibbleId,
          state: 'running',
          servedGrams: [],
          model: null,
          startedAtMs: this.clock.wallMs(),
          endedAtMs: null,
          why: 'Serving.',
        };
        return job;
      },
    };
  }
}
