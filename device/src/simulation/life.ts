import type { EpochMs, FeedRequest, Milliseconds, ScaleCalibration } from '@cat-feeder/shared';
import Database from 'better-sqlite3';
import { FeederWorld } from '../hardware/simulated/feeder-world.ts';
import { parseProfile } from '../hardware/simulated/load-profile.ts';
import { SeededRandom } from '../platform/random.ts';
import { VirtualClock } from '../platform/virtual-clock.ts';
import type { EmergencyJournal } from '../storage/emergency-journal.ts';
import { PowerCut } from '../storage/transactor.ts';
import { ArmedCut, type CutPoint, type HowToEnd } from './armed-cut.ts';
import { Boot, type CutPoints, type Sabotage } from './boot.ts';
import { DeviceTime } from './device-time.ts';
import { EventPump } from './event-pump.ts';
import type { FaultKind } from './fault-kinds.ts';
import { localDate } from './independent-calendar.ts';
import { LedgerReader } from './ledger-reader.ts';
import type { SentRequest } from './observed.ts';
import { PlanTruth } from './plan-truth.ts';
import { Recorder } from './recorder.ts';
import { type ClockCharacter, logUniform, type Scenario } from './scenario.ts';
import { SimulatedDisk } from './simulated-disk.ts';
import { BrokenParts, PresentSituation } from './situation.ts';

/** The program was built before every run. */
const BUILT_AT_MS: EpochMs = 1_767_225_600_000;
/** systemd starts a daemon that ended again after this long. */
const RESTART_MS: Milliseconds = 2000;
/** A daemon that ends at each start is started ever more rarely, up to this factor. */
const BACK_OFF_MAX = 64;
/** SIGTERM is followed by SIGKILL after this long. */
const STOP_LIMIT_MS: Milliseconds = 5000;
/** The longest that the power is off. */
const DARK_MS_MAX: Milliseconds = 12 * 3_600_000;

/** One feeder's life: its world, its disk and its power, through all starts of the daemon. */
export class Life {
  readonly scenario: Scenario;
  readonly clock = new VirtualClock();
  readonly random: SeededRandom;
  readonly time: DeviceTime;
  readonly world: FeederWorld;
  readonly disk: SimulatedDisk;
  readonly broken = new BrokenParts(this.clock);
  readonly db = new Database(':memory:');
  readonly reader = new LedgerReader(this.db);
  readonly emergency: EmergencyJournal;
  readonly plan: PlanTruth;
  readonly situation: PresentSituation;
  readonly recorder: Recorder;
  readonly pump: EventPump;
  readonly #sabotage: Sabotage;
  readonly #calibration: ScaleCalibration;
  readonly #armed = new ArmedCut();
  readonly #points: CutPoints = this.#cutPoints();
  readonly #orderWaits: (() => void)[] = [];
  #boot: Boot | null = null;
  #boots = 0;
  #poweredAtMs: Milliseconds = 0;
  #hadTime = false;
  #isLedgerLonger = true;
  #failedStarts = 0;
  /** The control loop has the main thread's permission to move the motor. */
  mayMove = true;
  isEnding = false;

  constructor(options: {
    scenario: Scenario;
    sabotage: Sabotage;
    print: ((line: string) => void) | null;
  }) {
    const { scenario } = options;
    const { clock } = this;
    this.scenario = scenario;
    this.#sabotage = options.sabotage;
    this.random = new SeededRandom(`life ${scenario.seed}`);
    const random = this.random.fork('clock');
    this.time = new DeviceTime({ clock, startMs: scenario.startMs, random });
    const profile = parseProfile(scenario.profile);
    this.world = new FeederWorld({ profile, clock, seed: scenario.seed });
    const calibratedAtMs = scenario.startMs;
    this.#calibration = {
      ...this.world.trueCalibration(),
      taredAtMs: calibratedAtMs,
      spannedAtMs: calibratedAtMs,
    };
    this.disk = new SimulatedDisk(clock, this.random.fork('disk'));
    this.emergency = this.disk.emergencyFile(() => {
      if (this.#boot?.clock.isDead !== false) throw new PowerCut();
    });
    this.plan = new PlanTruth(scenario.startMs);
    const { time, world, disk, broken } = this;
    this.situation = new PresentSituation({ clock, time, world, disk, broken });
    this.recorder = new Recorder({
      seed: scenario.seed,
      situation: this.situation,
      print: options.print,
      opinion: () => this.#opinion(),
    });
    this.pump = new EventPump(clock, (error) =>
      this.recorder.fail('I0', `a request threw ${String(error)}`),
    );
  }

  /** The daemon that runs now; null while it is off. */
  get boot(): Boot | null {
    return this.#boot;
  }

  get boots(): number {
    return this.#boots;
  }

  /** Nothing at all vouches for the time: a clock before the program, and no record of a later one. */
  isTimeUnproven(): boolean {
    return this.time.wallMs() < BUILT_AT_MS && !this.#hadTime;
  }

  /** Something was injected; it counts. */
  struck(fault: FaultKind, note = ''): void {
    this.recorder.emit({ kind: 'fault', fault, note });
    this.#boot?.attend();
  }

  /** Calls back when the next feeding begins. */
  atNextOrder(then: () => void): void {
    this.#orderWaits.push(then);
  }

  /** The power is there, now or again. */
  powerOn(): void {
    this.#poweredAtMs = this.clock.monoMs();
    this.#start();
  }

  /** A time server answers after a while, and the clock is right. */
  syncLater(meanMs = this.scenario.clock.syncMeanMs): void {
    this.clock.after('time server', this.random.exponential(meanMs), () => {
      this.time.synchronize();
      this.recorder.tell('a time server answered');
    });
  }

  /** The program ends at a drawn place that it will pass. */
  armCut(how: HowToEnd): void {
    this.#armed.arm(how, this.random);
  }

  /** The program ends now, without a word. */
  die(how: HowToEnd, dark: { ms?: Milliseconds; clock?: ClockCharacter['afterPowerCut'] } = {}) {
    const boot = this.#boot;
    if (boot === null) return;
    this.#bury();
    if (how === 'power_cut') this.world.powerCut();
    this.struck(how, `(boot ${boot.number})`);
    this.recorder.emit({ kind: 'death', how });
    if (how === 'kill') {
      this.#startLater(RESTART_MS);
      return;
    }
    const darkMs = dark.ms ?? logUniform(this.random, 1000, DARK_MS_MAX);
    this.clock.after('power', darkMs, () => {
      this.time.wake(dark.clock ?? this.scenario.clock.afterPowerCut, darkMs);
      if (this.time.origin() === 'none') this.syncLater();
      this.powerOn();
    });
  }

  /** SIGTERM: the daemon ends in good order, or is killed when it takes too long. */
  async stopDaemon(): Promise<void> {
    const boot = this.#boot;
    if (boot === null) return;
    const end = () => {
      if (this.#boot !== boot) return;
      this.#bury();
      this.recorder.emit({ kind: 'death', how: 'stop' });
      this.#startLater(RESTART_MS);
    };
    this.clock.after('stop limit', STOP_LIMIT_MS, end);
    await boot.stop();
    end();
  }

  /** Sends a request now and returns the answer's body; undefined while nobody listens. */
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
    if (answer === undefined || this.#passes('answer')) return undefined;
    this.recorder.emit({ kind: 'answer', request: sent, ...answer });
    this.pump.stir();
    return answer.body;
  }

  /** Lives on to an instant, or to the first violation. */
  async runUntil(untilMs: Milliseconds): Promise<void> {
    await this.pump.runUntil(untilMs, () => {
      this.afterStep();
      return this.recorder.violations.length === 0;
    });
  }

  /** Reads the rest of the ledger, whatever was committed. */
  readRest(): void {
    this.#isLedgerLonger = true;
    this.afterStep();
  }

  /** Reads what was committed and shows it to the checkers. */
  readonly afterStep = (): void => {
    if (!this.#isLedgerLonger || this.db.inTransaction) return;
    this.#isLedgerLonger = false;
    const { entries, fault } = this.reader.readOn();
    for (const entry of entries) {
      if (entry.name === 'doc.changed') {
        this.plan.change(entry.body, this.time.trueWallMs(), this.time.isClose());
      }
      this.recorder.emit({ kind: 'entry', entry });
    }
    if (fault !== null) this.recorder.fail('I6', `ledger entry ${fault.seq}: ${fault.why}`);
  };

  /** A promise of the daemon failed and nobody listened: the end of a real daemon. */
  readonly unheard = (error: unknown): void => {
    if (!this.isEnding && !(error instanceof PowerCut)) this.#ended(error);
  };

  #start(): void {
    if (this.#boot !== null || this.isEnding) return;
    this.#boots += 1;
    this.recorder.emit({ kind: 'boot', number: this.#boots });
    // A killed program leaves its board behind; the new one finds the pins free.
    this.world.powerCut();
    this.situation.bootedAtMs = this.clock.monoMs();
    this.mayMove = true;
    try {
      const boot = this.#newBoot();
      this.#boot = boot;
      this.situation.isUp = true;
      boot.start();
    } catch (error) {
      this.#bury();
      if (!(error instanceof PowerCut)) this.#ended(error);
    }
    this.pump.stir();
  }

  #newBoot(): Boot {
    const { clock, world, time, db, emergency, random, scenario } = this;
    return new Boot({
      number: this.#boots,
      clock,
      world,
      wall: time,
      timeSource: time,
      poweredAtMs: this.#poweredAtMs,
      db,
      emergency,
      calibration: this.#calibration,
      random,
      builtAtMs: BUILT_AT_MS,
      isAlarmDeaf: scenario.isAlarmDeaf,
      mayMove: () => this.mayMove,
      isRestless: () => world.model.leak !== null || world.model.shaft.isShorted,
      points: this.#points,
      onThrow: (error) => this.#ended(error),
      onStir: () => this.pump.stir(),
      sabotage: this.#sabotage,
    });
  }

  #startLater(delayMs: Milliseconds): void {
    this.clock.after('restart', delayMs, () => this.#start());
  }

  #bury(): void {
    this.#armed.disarm();
    this.#boot?.die();
    this.#boot = null;
    this.situation.isUp = false;
  }

  #cutPoints(): CutPoints {
    const strike = (at: CutPoint) => {
      if (this.#passes(at)) throw new PowerCut();
    };
    return {
      beforeTimer: (name) => {
        if (!name.startsWith('scale')) strike('timer');
      },
      beforeCommit: () => {
        strike('before_commit');
        this.disk.refuse();
      },
      afterCommit: (name) => {
        if (name === 'state.clock') this.#hadTime ||= this.time.wallMs() >= BUILT_AT_MS;
        else {
          this.#isLedgerLonger = true;
          this.pump.stir();
        }
        strike('after_commit');
      },
      onOrder: (order) => {
        this.afterStep();
        this.recorder.emit({ kind: 'order', order });
        for (const then of this.#orderWaits.splice(0)) then();
      },
      onSlice: (feedingId, { maxMs, direction }) => {
        this.recorder.emit({ kind: 'slice', feedingId, maxMs, direction });
        strike('slice');
      },
      onProgress: () => strike('progress'),
      onOutcome: (outcome) => {
        this.recorder.emit({ kind: 'outcome', outcome });
        strike('outcome');
      },
    };
  }

  /** True when the program has ended here. */
  #passes(at: CutPoint): boolean {
    const how = this.#boot === null ? null : this.#armed.pass(at);
    if (how === null) return false;
    this.die(how);
    return true;
  }

  /** The daemon ended by itself: that is an error of the product unless its disk made it so. */
  #ended(error: unknown): void {
    const why = error instanceof Error ? (error.stack ?? error.message) : String(error);
    this.recorder.tell(`the daemon ended: ${why.slice(0, 600)}`);
    if (this.disk.state === 'ok') {
      this.recorder.fail('I0', `the daemon ended: ${why.slice(0, 300)}`);
    }
    const wasUp = this.#boot !== null;
    this.#bury();
    if (wasUp) this.recorder.emit({ kind: 'death', how: 'kill' });
    this.#failedStarts += 1;
    this.#startLater(RESTART_MS * Math.min(BACK_OFF_MAX, 2 ** this.#failedStarts));
  }

  /** What the daemon itself thinks, for the person who reads a failure; no checker uses it. */
  #opinion(): string {
    const boot = this.#boot;
    if (boot === null) return 'the daemon is off';
    const { bowl, fault } = boot.station.health();
    const date = localDate(this.plan.now.settings.zone, this.time.wallMs());
    const open = boot.device.scheduler
      .occurrencesOn(date, date)
      .filter(({ state }) => state === 'due')
      .map(({ key, why }) => `${key}: ${why}`);
    return `the daemon thinks: bowl ${bowl.grams?.toFixed(1)} g ${bowl.state}, fault ${fault}; due: ${open.join('; ') || 'nothing'}`;
  }
}
