import {
  type EpochMs,
  FeederError,
  type FeedRequest,
  type Grams,
  type Milliseconds,
  type ScaleCalibration,
} from '@cat-feeder/shared';
import Database from 'better-sqlite3';
import { FeederWorld } from '../hardware/simulated/feeder-world.ts';
import { parseProfile } from '../hardware/simulated/load-profile.ts';
import { SeededRandom } from '../platform/random.ts';
import { VirtualClock } from '../platform/virtual-clock.ts';
import { type EmergencyJournal, MemoryEmergencyJournal } from '../storage/emergency-journal.ts';
import { PowerCut } from '../storage/transactor.ts';
import { Boot, type CutPoints, type Sabotage } from './boot.ts';
import { DeviceTime } from './device-time.ts';
import type { FaultKind } from './fault-kinds.ts';
import { localDate } from './independent-calendar.ts';
import { LedgerReader } from './ledger-reader.ts';
import type { SentRequest, Situation } from './observed.ts';
import { PlanTruth } from './plan-truth.ts';
import { Recorder } from './recorder.ts';
import { logUniform, pick, type Scenario } from './scenario.ts';

/** When an armed end of the program strikes. */
export type CutPoint =
  | 'before_commit'
  | 'after_commit'
  | 'slice'
  | 'progress'
  | 'timer'
  | 'outcome'
  | 'answer';

export type DiskState = 'ok' | 'full' | 'readonly' | 'error';

const sqliteCodes = {
  full: 'SQLITE_FULL',
  readonly: 'SQLITE_READONLY',
  error: 'SQLITE_IOERR_WRITE',
} as const;

/** The program was built before every run. */
const BUILT_AT_MS: EpochMs = 1_767_225_600_000;
/** systemd starts a daemon that ended again after this long. */
const RESTART_MS: Milliseconds = 2000;
/** Turns of the event loop that a request may need while time stands still. */
const ANSWER_TURNS_MAX = 50;
/** Samples that may pass before promises are given a turn; every other event gives them one. */
const SAMPLES_PER_TURN = 16;
const HOPPER_LOW_GRAMS: Grams = 60;

/** One feeder's life: its world, its disk and its power, through all starts of the daemon. */
export class Life {
  readonly scenario: Scenario;
  readonly clock = new VirtualClock();
  readonly time: DeviceTime;
  readonly world: FeederWorld;
  readonly db: Database.Database;
  readonly reader: LedgerReader;
  /** A file beside the database, whose blocks were taken when the disk had room. */
  readonly emergency: EmergencyJournal;
  readonly plan: PlanTruth;
  readonly recorder: Recorder;
  readonly situation: Situation;
  readonly random: SeededRandom;
  readonly #sabotage: Sabotage;
  readonly #calibration: ScaleCalibration;
  readonly #points: CutPoints;
  readonly #orderWaits: (() => void)[] = [];
  readonly #unsound = new Set<string>();
  #boot: Boot | null = null;
  #boots = 0;
  #bootedAtMs: Milliseconds = 0;
  #poweredAtMs: Milliseconds = 0;
  #disk: DiskState = 'ok';
  #diskSinceMs: Milliseconds = 0;
  #soundSinceMs: Milliseconds = 0;
  #arm: { how: 'power_cut' | 'kill'; at: CutPoint; left: number } | null = null;
  #settling: Promise<void>[] = [];
  #hadTime = false;
  #isLedgerLonger = true;
  /** Promises may go on: perhaps after a timer, surely after a commit, a command or an answer. */
  #stir: 'none' | 'perhaps' | 'surely' = 'none';
  #sinceTurn = 0;
  #mayMove = true;
  #restartFailures = 0;
  isEnding = false;
  pieceGramsMax: Grams;

  constructor(options: {
    scenario: Scenario;
    sabotage: Sabotage;
    print: ((line: string) => void) | null;
  }) {
    const { scenario } = options;
    this.scenario = scenario;
    this.#sabotage = options.sabotage;
    this.random = new SeededRandom(`life ${scenario.seed}`);
    this.time = new DeviceTime(this.clock, scenario.startMs);
    const profile = parseProfile(scenario.profile);
    this.world = new FeederWorld({ profile, clock: this.clock, seed: scenario.seed });
    const { startMs } = scenario;
    this.#calibration = {
      ...this.world.trueCalibration(),
      taredAtMs: startMs,
      spannedAtMs: startMs,
    };
    this.pieceGramsMax = heaviestPiece(profile.kibble);
    this.db = new Database(':memory:');
    this.reader = new LedgerReader(this.db);
    this.emergency = this.#emergencyFile();
    this.plan = new PlanTruth(scenario.startMs);
    this.situation = this.#situation();
    this.recorder = new Recorder({
      seed: scenario.seed,
      situation: this.situation,
      print: options.print,
      opinion: () => this.opinion(),
    });
    this.#points = this.#cutPoints();
  }

  /** The daemon that runs now; null while it is off. */
  get boot(): Boot | null {
    return this.#boot;
  }

  get boots(): number {
    return this.#boots;
  }

  /** Whether nothing at all vouches for the time: a clock before the program, and no record of a later one. */
  isTimeUnproven(): boolean {
    const wallMs = this.clock.monoMs() + this.time.offsetMs;
    return wallMs < BUILT_AT_MS && !this.#hadTime;
  }

  get isHardwareSound(): boolean {
    return this.#unsound.size === 0;
  }

  /** Whether the bowl's cell says nothing, or nothing true. */
  get isScaleBlind(): boolean {
    return [...this.#unsound].some((part) => part.startsWith('scale') || part === 'bowl_removed');
  }

  get disk(): DiskState {
    return this.#disk;
  }

  /** Something was injected; it counts. */
  struck(fault: FaultKind, note = ''): void {
    this.recorder.emit({ kind: 'fault', fault, note });
    this.#boot?.attend();
  }

  /** Calls back a while after the next feeding has begun. */
  atNextOrder(then: () => void): void {
    this.#orderWaits.push(then);
  }

  /** Part of the hardware is broken, or whole again. */
  breakPart(part: string): void {
    this.#unsound.add(part);
  }

  mendPart(part: string): void {
    if (this.#unsound.delete(part) && this.#unsound.size === 0) {
      this.#soundSinceMs = this.clock.monoMs();
    }
  }

  setDisk(state: DiskState): void {
    if ((state === 'ok') !== (this.#disk === 'ok')) this.#diskSinceMs = this.clock.monoMs();
    this.#disk = state;
  }

  setMayMove(mayMove: boolean): void {
    this.#mayMove = mayMove;
  }

  /** Reads the ledger anew at the next step, whatever was committed. */
  readAgain(): void {
    this.#isLedgerLonger = true;
  }

  /** The first start, or the next one after the power is back. */
  powerOn(): void {
    this.#poweredAtMs = this.clock.monoMs();
    this.startDaemon();
  }

  startDaemon(): void {
    if (this.#boot !== null || this.isEnding) return;
    this.#boots += 1;
    this.recorder.emit({ kind: 'boot', number: this.#boots });
    this.world.powerCut();
    this.#bootedAtMs = this.clock.monoMs();
    this.#mayMove = true;
    try {
      this.#boot = new Boot({
        number: this.#boots,
        clock: this.clock,
        world: this.world,
        wall: this.time,
        poweredAtMs: this.#poweredAtMs,
        timeSource: this.time,
        db: this.db,
        emergency: this.emergency,
        calibration: this.#calibration,
        random: this.random,
        builtAtMs: BUILT_AT_MS,
        isAlarmDeaf: this.scenario.isAlarmDeaf,
        mayMove: () => this.#mayMove,
        points: this.#points,
        onThrow: (error) => this.#ended(error),
        onStir: (isSure) => {
          if (isSure) this.#stir = 'surely';
          else if (this.#stir === 'none') this.#stir = 'perhaps';
        },
        sabotage: this.#sabotage,
      });
      this.#boot.start();
    } catch (error) {
      this.#boot = null;
      if (!(error instanceof PowerCut)) this.#startFailed(error);
    }
    this.#stir = 'surely';
  }

  /** Arms an end of the program at the n-th point of a kind from now on. */
  armCut(how: 'power_cut' | 'kill', at: CutPoint, count: number): void {
    this.#arm = { how, at, left: count };
  }

  /** The program ends now, without a word. */
  die(how: 'power_cut' | 'kill', offMs?: Milliseconds): void {
    const boot = this.#boot;
    if (boot === null) return;
    this.#arm = null;
    boot.die();
    this.#boot = null;
    if (how === 'power_cut') this.world.powerCut();
    this.struck(how, `(boot ${boot.number})`);
    this.recorder.emit({ kind: 'death', how });
    this.#restartAfter(how, offMs);
  }

  /** SIGTERM: the daemon ends in good order, or is killed when it takes too long. */
  async stopDaemon(): Promise<void> {
    const boot = this.#boot;
    if (boot === null) return;
    let isStopped = false;
    const end = () => {
      if (isStopped || this.#boot !== boot) return;
      isStopped = true;
      boot.die();
      this.#boot = null;
      this.recorder.emit({ kind: 'death', how: 'stop' });
      this.clock.after('restart', RESTART_MS, () => this.startDaemon());
    };
    this.clock.after('stop limit', 5000, end);
    await boot.stop();
    end();
  }

  /** Sends a request now; the answer is an event. Does nothing while nobody listens. */
  async send(
    request: Omit<SentRequest, 'feed'> & { feed?: FeedRequest },
    body?: unknown,
  ): Promise<unknown> {
    const boot = this.#boot;
    if (boot === null || boot.clock.isHanging) return undefined;
    const sent: SentRequest = { ...request, feed: request.feed ?? null };
    this.recorder.emit({ kind: 'sent', request: sent });
    const { method, path } = request;
    const answer = await boot.ask({ method, path, body: request.feed ?? body });
    if (answer === undefined || this.#cut('answer')) return undefined;
    this.recorder.emit({ kind: 'answer', request: sent, ...answer });
    this.#stir = 'surely';
    return answer.body;
  }

  /** What the daemon itself thinks, for the person who reads a failure; no checker uses it. */
  opinion(): string {
    const boot = this.#boot;
    if (boot === null) return 'the daemon is off';
    const { bowl, fault } = boot.station.health();
    const { zone } = this.plan.now.settings;
    const date = localDate(zone, this.clock.monoMs() + this.time.offsetMs);
    const open = boot.device.scheduler
      .occurrencesOn(date, date)
      .filter(({ state }) => state === 'due')
      .map(({ key, why }) => `${key}: ${why}`);
    return `the daemon thinks: bowl ${bowl.grams?.toFixed(1)} g ${bowl.state}, fault ${fault}; due: ${open.join('; ') || 'nothing'}`;
  }

  /** Lets promises go on until something is settled, with time standing still, before the next event. */
  settle(promise: Promise<void>): void {
    this.#settling.push(this.#wait(promise));
  }

  async #wait(promise: Promise<void>): Promise<void> {
    let isSettled = false;
    promise.then(
      () => {
        isSettled = true;
      },
      (error: unknown) => {
        isSettled = true;
        this.recorder.fail('I0', `a request threw ${String(error)}`);
      },
    );
    for (let i = 0; i < ANSWER_TURNS_MAX && !isSettled; i++) await turn();
  }

  /** Runs everything up to an instant. */
  async runUntil(untilMs: Milliseconds): Promise<void> {
    for (;;) {
      const nextMs = this.clock.nextDueMs();
      if (nextMs === undefined || nextMs > untilMs) break;
      this.clock.runNext();
      if (this.#settling.length > 0) {
        await Promise.all(this.#settling.splice(0));
        this.#stir = 'surely';
      }
      if (this.#stir === 'none' && ++this.#sinceTurn < SAMPLES_PER_TURN) continue;
      const isSure = this.#stir === 'surely';
      this.#stir = 'none';
      this.#sinceTurn = 0;
      if (isSure) await turn();
      else await breath();
      this.afterStep();
      if (this.recorder.violations.length > 0) return;
    }
    this.clock.runUntil(untilMs);
  }

  /** Reads what was committed and shows it to the checkers. */
  readonly afterStep = (): void => {
    if (!this.#isLedgerLonger || this.db.inTransaction) return;
    this.#isLedgerLonger = false;
    const { entries, fault } = this.reader.readOn();
    for (const entry of entries) {
      if (entry.name === 'doc.changed') {
        const isRight = Math.abs(this.time.errorMs()) <= 2000;
        this.plan.change(entry.body, this.time.trueWallMs(), isRight);
      }
      this.recorder.emit({ kind: 'entry', entry });
    }
    if (fault !== null) this.recorder.fail('I6', `ledger entry ${fault.seq}: ${fault.why}`);
  };

  #situation(): Situation {
    const life = this;
    return {
      get nowMs() {
        return life.clock.monoMs();
      },
      get trueWallMs() {
        return life.time.trueWallMs();
      },
      get wallErrorMs() {
        return life.time.errorMs();
      },
      get origin() {
        return life.time.origin();
      },
      get isUp() {
        return life.#boot !== null;
      },
      get bootedAtMs() {
        return life.#bootedAtMs;
      },
      get isDiskHealthy() {
        return life.#disk === 'ok';
      },
      get diskHealthySinceMs() {
        return life.#disk === 'ok' ? life.#diskSinceMs : Number.POSITIVE_INFINITY;
      },
      get clockRightSinceMs() {
        return life.time.rightSinceMs;
      },
      get hardwareSoundSinceMs() {
        const isLow = life.world.model.hopper.grams < HOPPER_LOW_GRAMS;
        return isLow || life.#unsound.size > 0 ? Number.POSITIVE_INFINITY : life.#soundSinceMs;
      },
      get pieceGramsMax() {
        return life.pieceGramsMax;
      },
    };
  }

  #cutPoints(): CutPoints {
    const strike = (at: CutPoint) => {
      if (this.#cut(at)) throw new PowerCut();
    };
    return {
      beforeTimer: (name) => {
        if (!name.startsWith('scale')) strike('timer');
      },
      beforeCommit: () => {
        strike('before_commit');
        this.#refuseWrite();
      },
      afterCommit: (name) => {
        this.#stir = 'surely';
        if (name === 'state.clock') this.#noteSavedTime();
        else this.#isLedgerLonger = true;
        strike('after_commit');
      },
      onOrder: (order) => {
        this.afterStep();
        this.recorder.emit({ kind: 'order', order });
        for (const then of this.#orderWaits.splice(0)) then();
      },
      onSlice: (feedingId, { maxMs }) => {
        this.recorder.emit({ kind: 'slice', feedingId, maxMs });
        strike('slice');
      },
      onProgress: () => strike('progress'),
      onOutcome: (outcome) => {
        this.recorder.emit({ kind: 'outcome', outcome });
        strike('outcome');
      },
    };
  }

  #noteSavedTime(): void {
    this.#hadTime ||= this.clock.monoMs() + this.time.offsetMs >= BUILT_AT_MS;
  }

  /** True when the program has ended here. */
  #cut(at: CutPoint): boolean {
    const arm = this.#arm;
    if (arm === null || arm.at !== at || this.#boot === null) return false;
    arm.left -= 1;
    if (arm.left > 0) return false;
    this.die(arm.how);
    return true;
  }

  #emergencyFile(): EmergencyJournal {
    const file = new MemoryEmergencyJournal();
    const refuse = () => {
      if (this.#boot?.clock.isDead !== false) throw new PowerCut();
      if (this.#disk === 'readonly' || this.#disk === 'error') throw new FeederError('ERR_STORAGE');
    };
    return {
      note: (noted) => {
        refuse();
        file.note(noted);
      },
      end: (feedingId, dose) => {
        refuse();
        file.end(feedingId, dose);
      },
      noted: () => file.noted(),
      close: () => {},
    };
  }

  #refuseWrite(): void {
    const disk = this.#disk;
    if (disk === 'ok' || (disk === 'error' && this.random.chance(0.5))) return;
    const code = sqliteCodes[disk];
    throw Object.assign(new Error(`the disk says ${code}`), { code });
  }

  #restartAfter(how: 'power_cut' | 'kill', offMs?: Milliseconds): void {
    if (how === 'kill') {
      this.clock.after('restart', RESTART_MS, () => this.startDaemon());
      return;
    }
    const darkMs = offMs ?? logUniform(this.random, 1000, 12 * 3_600_000);
    const { afterPowerCut } = this.scenario.clock;
    const wallBefore = this.time.errorMs();
    this.clock.after('power', darkMs, () => {
      this.#wakeClock(afterPowerCut, { wallBefore, darkMs });
      this.powerOn();
    });
  }

  /** What the wall clock shows after the power was off. */
  #wakeClock(
    how: 'rtc' | 'file' | 'none',
    dark: { wallBefore: Milliseconds; darkMs: Milliseconds },
  ): void {
    if (how === 'rtc') {
      this.time.set(dark.wallBefore, 'rtc');
      return;
    }
    const stale = dark.wallBefore - dark.darkMs - this.random.next() * 3_600_000;
    this.time.set(how === 'file' ? stale : -this.time.trueWallMs() + 5000, 'none');
    this.syncLater();
  }

  /** A time server answers after a while, and the clock is right. */
  syncLater(meanMs = this.scenario.clock.syncMeanMs): void {
    const bootPower = this.#poweredAtMs;
    this.clock.after('time server', this.random.exponential(meanMs), () => {
      if (this.#poweredAtMs < bootPower) return;
      this.time.set(Math.round(this.random.gaussian() * 20), 'synchronized');
      this.recorder.tell('a time server answered');
    });
  }

  #startFailed(error: unknown): void {
    this.#ended(error);
  }

  /** A promise of the daemon failed and nobody listened: the end of a real daemon. */
  readonly unheard = (error: unknown): void => {
    if (!(error instanceof PowerCut)) this.#ended(error);
  };

  /** The daemon ended by itself: that is an error of the product unless its disk made it so. */
  #ended(error: unknown): void {
    const why = error instanceof Error ? (error.stack ?? error.message) : String(error);
    this.recorder.tell(`the daemon ended: ${why.slice(0, 600)}`);
    if (this.#disk === 'ok') this.recorder.fail('I0', `the daemon ended: ${why.slice(0, 300)}`);
    const boot = this.#boot;
    boot?.die();
    this.#boot = null;
    if (boot !== null) this.recorder.emit({ kind: 'death', how: 'kill' });
    this.#restartFailures = Math.min(this.#restartFailures + 1, 6);
    const backOffMs = RESTART_MS * 2 ** this.#restartFailures;
    this.clock.after('restart', backOffMs, () => this.startDaemon());
  }

  /** Picks a place for an armed end: most lie in and around a feeding. */
  drawCutPoint(): { at: CutPoint; count: number } {
    const at = pick<CutPoint>(this.random, [
      'before_commit',
      'after_commit',
      'slice',
      'slice',
      'progress',
      'timer',
      'outcome',
      'answer',
    ]);
    const most = at === 'slice' ? 60 : at === 'timer' ? 40 : at === 'progress' ? 30 : 8;
    return { at, count: 1 + (this.random.uint32() % most) };
  }
}

function heaviestPiece(kibble: { pieceGramsMean: number; pieceSdFraction: number }): Grams {
  return kibble.pieceGramsMean * (1 + 2.5 * kibble.pieceSdFraction);
}

/** Lets every promise that can go on, go on. */
export function turn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}

/** Lets a few promises go on: enough to notice that there is more. A whole turn costs a system call. */
async function breath(): Promise<void> {
  for (let i = 0; i < 4; i++) await null;
}
