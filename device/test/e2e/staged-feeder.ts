import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type Alert,
  type BowlReading,
  type CalibrationJob,
  type ClockQuality,
  type Component,
  type Dose,
  defaultSettings,
  type Fault,
  FeederError,
  type Feeding,
  type FeedingStage,
  type HopperState,
  type Kibble,
  type Meal,
  makeUlid,
  type Occurrence,
  type Overlay,
  type OverlayInput,
  type Pet,
  type ReaderView,
  type Settings,
} from '@cat-feeder/shared';
import { type Listening, listen } from '../../src/api/listen.ts';
import { createApi } from '../../src/api/server.ts';
import type { ActiveFault } from '../../src/feeding/fault-effects.ts';
import { LiveEvents } from '../../src/platform/live-events.ts';
import { silentLogger } from '../../src/platform/logger.ts';
import { SystemClock } from '../../src/platform/system-clock.ts';
import { localDateOf } from '../../src/scheduling/local-time.ts';
import { plannedOn } from '../../src/scheduling/occurrences.ts';
import { FakeCamera, FakeClips } from '../contracts/fake-camera.ts';
import type { FakeCloud } from '../contracts/fake-cloud.ts';
import { MemoryCollection } from './memory-collection.ts';
import { stagedDeps } from './staged-deps.ts';

/** A Sunday afternoon in Berlin: breakfast and lunch are over, dinner is to come. */
const STAGE_TIME_MS = Date.UTC(2026, 10, 22, 13, 20, 0);
const READING_EVERY_MS = 200;
/** A staged portion falls in this many steps of one reading each. */
const POUR_STEPS = 12;

const readingOf = (grams: number, state: BowlReading['state']): BowlReading => ({
  grams,
  sigmaGrams: state === 'stable' ? 0.15 : 0.6,
  state,
  ageMs: 40,
});

/**
 * The real API with a feeder behind it that follows the script of a test: it can be given any
 * fault, clock or silence at once. What feeding truly does is tested on the real daemon.
 */
export class StagedFeeder {
  readonly clock = new SystemClock();
  readonly live = new LiveEvents({ epoch: 'stage', logger: silentLogger });
  readonly pets = new MemoryCollection<Pet>(this.newId(), () => this.changed('pets'));
  readonly kibbles = new MemoryCollection<Kibble>(this.newId(), () => this.changed('kibbles'));
  readonly meals = new MemoryCollection<Meal>(this.newId(), () => this.changed('meals'));
  overlays: Overlay[] = [];
  settings: Settings = { ...defaultSettings, rev: 1, name: 'Kitchen', zone: 'Europe/Berlin' };
  readonly clipDir = mkdtempSync(join(tmpdir(), 'feeder-clips-'));
  hasCamera = true;
  readonly camera = new FakeCamera();
  /** Null: no cloud is configured. */
  cloud: FakeCloud | null = null;
  readonly clips = new FakeClips(this.live, () => this.clipDir);
  feedings: Feeding[] = [];
  verdicts = new Map<string, Partial<Occurrence>>();
  traces = new Map<string, [number, number][]>();
  faults: ActiveFault[] = [];
  alerts: Alert[] = [];
  components: Component[] = [
    { name: 'storage', state: 'ok', why: '' },
    { name: 'control loop', state: 'ok', why: '' },
    { name: 'schedule', state: 'ok', why: '' },
  ];
  clockQuality: ClockQuality = 'synchronized';
  storage = { ok: true, why: 'Every write of the last day reached the disk.' };
  bowl = readingOf(3.2, 'stable');
  hopperGrams: number | null = 1240;
  hopperState: HopperState = 'weighed';
  /** Without one, as most feeders are. */
  reader: ReaderView | null = null;
  simulated = true;
  running: Feeding | null = null;
  calibration: CalibrationJob | null = null;
  /** How many times the motor was begun: the page must never make it two for one press. */
  motorStarts = 0;
  stops = 0;
  readonly startMonoMs = this.clock.monoMs();
  #timer: NodeJS.Timeout | undefined;
  #pour: { steps: number; from: number } = { steps: 0, from: 0 };
  #listening: Listening | undefined;

  newId(): () => string {
    return () => makeUlid(this.wallMs(), (n) => crypto.getRandomValues(new Uint8Array(n)));
  }

  wallMs(): number {
    return Math.round(STAGE_TIME_MS + this.clock.monoMs() - this.startMonoMs);
  }

  changed(what: 'pets' | 'kibbles' | 'meals' | 'overlays' | 'settings'): void {
    this.live.publish('changed', { what, id: null });
  }

  /** Binds the API and lets the scale speak. Returns the page's address. */
  async open(uiDir: string, port = 0): Promise<string> {
    const makeApi = (bound: () => number) => createApi(stagedDeps(this), { port: bound, uiDir });
    const { clock } = this;
    this.#listening = await listen(makeApi, { host: '127.0.0.1', port, clock, log: silentLogger });
    this.#timer = setInterval(() => this.#step(), READING_EVERY_MS);
    return this.#listening.url;
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    await this.#listening?.close();
    rmSync(this.clipDir, { recursive: true, force: true });
  }

  /** The event stream stays open, but nothing more is said. */
  fallSilent(): void {
    clearInterval(this.#timer);
  }

  tellReader(reader: ReaderView): void {
    this.reader = reader;
    this.live.publish('presence', reader);
  }

  raise(fault: Fault, why: string): void {
    this.faults = [{ fault, feedingId: null, sinceMs: this.wallMs() - 240_000, why }];
  }

  addMeal(name: string, time: string, portionGrams: number, petId: string | null = null): Meal {
    return this.meals.add({
      planId: 'plan',
      name,
      time,
      weekdays: [1, 2, 3, 4, 5, 6, 7],
      portionGrams,
      petId,
      missedPolicy: 'catch_up_one',
      enabled: true,
      effectiveFromMs: 0,
    });
  }

  today(): Occurrence[] {
    return plannedOn(this.planView(), localDateOf(this.settings.zone, this.wallMs())).map(
      ({ occurrence }) => ({ ...occurrence, ...this.verdicts.get(occurrence.key) }),
    );
  }

  planView() {
    const settings = { ...this.settings, activePlanId: 'plan' };
    const plans = [{ id: 'plan', rev: 1, name: 'Every day' }];
    return { settings, plans, meals: this.meals.list(), overlays: this.overlays };
  }

  feed(portionGrams: number, requestId: string, cause: Feeding['cause'] = 'person'): Feeding {
    if (this.running !== null) throw new FeederError('ERR_BUSY');
    this.motorStarts += 1;
    const feeding: Feeding = {
      id: this.newId()(),
      requestId,
      cause,
      occurrenceKey: null,
      petId: null,
      kibbleId: null,
      portionGrams,
      state: 'running',
      stage: 'baseline',
      result: null,
      fault: null,
      refusal: null,
      dose: null,
      bowlBeforeGrams: this.bowl.grams,
      bowlAfterGrams: null,
      turns: 0,
      attempts: 0,
      motorMs: 0,
      startedAtMs: this.wallMs(),
      endedAtMs: null,
      clockQuality: this.clockQuality,
      why: `${portionGrams} g were asked for by hand; every cap leaves room.`,
    };
    this.running = feeding;
    this.feedings.unshift(feeding);
    this.traces.set(feeding.id, []);
    this.#pour = { steps: -4, from: this.bowl.grams ?? 0 };
    this.live.publish('feeding', feeding);
    return feeding;
  }

  end(result: 'served' | 'cancelled'): Feeding {
    if (this.running === null) throw new FeederError('ERR_NOT_FOUND');
    const likelyGrams = Math.max(0, (this.bowl.grams ?? 0) - this.#pour.from);
    const dose: Dose = {
      lowGrams: Math.max(0, likelyGrams - 0.3),
      likelyGrams,
      highGrams: likelyGrams + 0.3,
      method: 'measured',
    };
    const ended: Feeding = {
      ...this.running,
      state: 'done',
      stage: 'done',
      result,
      dose,
      bowlAfterGrams: this.bowl.grams,
      endedAtMs: this.wallMs(),
    };
    this.feedings = this.feedings.map((one) => (one.id === ended.id ? ended : one));
    this.running = null;
    this.bowl = { ...this.bowl, state: 'stable', sigmaGrams: 0.15 };
    this.live.publish('feeding', ended);
    return ended;
  }

  /** One fifth of a second on the stage. */
  #step(): void {
    const wobble = Math.sin(this.clock.monoMs() / 700) * 0.04;
    const { bowl, hopperGrams, hopperState, running } = this;
    if (running !== null) this.#pourOn(running);
    const grams = this.bowl.grams === null ? null : this.bowl.grams + wobble;
    this.live.publish('reading', { bowl: { ...bowl, grams }, hopperGrams, hopperState });
  }

  #pourOn(running: Feeding): void {
    this.#pour.steps += 1;
    const { steps, from } = this.#pour;
    const share = Math.max(0, Math.min(1, steps / POUR_STEPS));
    const servedGrams = running.portionGrams * share;
    this.bowl = readingOf(from + servedGrams, steps < POUR_STEPS ? 'moving' : 'stable');
    this.traces.get(running.id)?.push([this.wallMs() - running.startedAtMs, from + servedGrams]);
    const stage: FeedingStage =
      steps <= 0 ? 'baseline' : share < 0.8 ? 'coarse' : share < 1 ? 'fine' : 'settling';
    const progress = { feedingId: running.id, stage, servedGrams, turns: share * 9 };
    const rest = { motorMs: share * 6000, attempts: 0, bowlBeforeGrams: from };
    this.live.publish('progress', { ...progress, ...rest });
    if (steps > POUR_STEPS + 5) this.end('served');
  }

  addOverlay(input: OverlayInput): Overlay {
    const overlay = { ...input, id: this.newId()(), rev: 1, createdAtMs: this.wallMs() };
    this.overlays.push(overlay);
    this.changed('overlays');
    return overlay;
  }

  servedToday(petId: string | null): number {
    return this.feedings
      .filter((one) => one.dose !== null && (petId === null || one.petId === petId))
      .reduce((sum, one) => sum + (one.dose?.likelyGrams ?? 0), 0);
  }
}
