import { FeederError, type Milliseconds, type ScaleCalibration } from '@cat-feeder/shared';
import type Database from 'better-sqlite3';
import { composeDevice, type Device } from '../app/compose-device.ts';
import type { DeviceParts } from '../app/device-parts.ts';
import type {
  BoardTraits,
  ControlBoard,
  FeedDrive,
  MotorSlice,
} from '../dispensing/control-board.ts';
import type {
  DispenseOrder,
  DispenseOutcome,
  DispenseProgress,
  FeedStation,
} from '../dispensing/feed-station.ts';
import type { FeederWorld } from '../hardware/simulated/feeder-world.ts';
import { SimulatedBoard } from '../hardware/simulated/simulated-board.ts';
import { InlineStation } from '../hardware/station/inline-station.ts';
import type { Cancel, TimeSource } from '../platform/clock.ts';
import { silentLogger } from '../platform/logger.ts';
import type { SeededRandom } from '../platform/random.ts';
import type { VirtualClock } from '../platform/virtual-clock.ts';
import type { EmergencyJournal } from '../storage/emergency-journal.ts';
import { openStore } from '../storage/store.ts';
import { PowerCut } from '../storage/transactor.ts';
import type { Sample } from '../weighing/sample.ts';
import { BootClock, type DeviceWall } from './boot-clock.ts';
import { SimulatedAlarm } from './simulated-alarm.ts';

/** Where the world may strike. Each may throw a `PowerCut`; then the boot is dead already. */
export interface CutPoints {
  beforeTimer(name: string): void;
  beforeCommit(name: string): void;
  afterCommit(name: string): void;
  onOrder(order: DispenseOrder): void;
  onSlice(feedingId: string | null, slice: MotorSlice): void;
  onProgress(progress: DispenseProgress): void;
  onOutcome(outcome: DispenseOutcome): void;
}

/** A safety rule switched off: what replaces or wraps the product's part. See mutants.ts. */
export interface Sabotage {
  readonly rules?: NonNullable<DeviceParts['rules']>;
  /** Drives the motor itself and returns null, or passes on a slice. */
  readonly slice?: (slice: MotorSlice, world: FeederWorld) => MotorSlice | null;
  readonly station?: (station: FeedStation) => FeedStation;
  readonly timeSource?: (source: TimeSource) => TimeSource;
  readonly permission?: (permission: () => boolean) => () => boolean;
  readonly order?: (order: DispenseOrder) => DispenseOrder;
  readonly builtAtMs?: number;
  /** Before and after the store has opened the database at a start. */
  readonly beforeOpen?: (db: Database.Database) => unknown;
  readonly database?: (db: Database.Database) => Database.Database;
  readonly afterOpen?: (db: Database.Database) => unknown;
  readonly beforeCommit?: (name: string) => void;
  /** After everything is composed. */
  readonly device?: (device: Device) => void;
}

export interface BootOptions {
  readonly number: number;
  readonly clock: VirtualClock;
  readonly world: FeederWorld;
  readonly wall: DeviceWall;
  readonly poweredAtMs: Milliseconds;
  readonly timeSource: TimeSource;
  readonly db: Database.Database;
  /** As an owner left it who calibrated the scale with care. */
  readonly calibration: ScaleCalibration;
  /** The second place for claims; it outlives the daemon as the database does. */
  readonly emergency: EmergencyJournal;
  readonly random: SeededRandom;
  readonly builtAtMs: number;
  readonly isAlarmDeaf: boolean;
  readonly mayMove: () => boolean;
  /** Something goes on by itself that a real scale, which is read all the time, would see. */
  readonly isRestless: () => boolean;
  readonly points: CutPoints;
  /** What a timer threw, or what the daemon calls fatal, while it was alive. */
  readonly onThrow: (error: unknown) => void;
  /** Something happened after which promises may go on. */
  readonly onStir: () => void;
  readonly sabotage: Sabotage;
}

/** At rest the scale is looked at this rarely, to make idle days cheap. */
const SLOW_BATCH_MS: Milliseconds = 900_000;
const SLOW_SAMPLES = 1;
/** Each time it is looked at for so long at its real rate, so that a level can stand still. */
const GLANCE_MS: Milliseconds = 4000;
/** The rate of a real board, while something goes on. */
const REAL_BATCH_MS: Milliseconds = 1000;
/** Attention after motion and after a start. */
const ATTENTION_MS: Milliseconds = 20_000;
const PORT = 8480;
const idleTimers: ReadonlySet<string> = new Set([
  'scale batch',
  'scale conversion',
  'sensor watch',
  'clock memory',
]);

/** One start of the daemon, whole, on a board that gets its power from the simulation. */
export class Boot {
  readonly number: number;
  readonly clock: BootClock;
  readonly device: Device;
  readonly station: FeedStation;
  readonly #options: BootOptions;
  readonly #board: SimulatedBoard;
  readonly #fetch: (request: Request) => Response | Promise<Response>;
  readonly #stopSignal = new AbortController();
  #feedingId: string | null = null;
  #evaluations = 0;
  #attentiveUntilMs: Milliseconds = 0;
  #isSlow = false;
  #cancelGlance: Cancel = () => {};
  #cancelPace: Cancel = () => {};

  /** Throws what opening the store throws. */
  constructor(options: BootOptions) {
    this.#options = options;
    this.number = options.number;
    const { world, sabotage } = options;
    this.clock = new BootClock({
      world: options.clock,
      wall: options.wall,
      poweredAtMs: options.poweredAtMs,
      beforeTimer: (name) => options.points.beforeTimer(name),
      onThrow: (error) => this.#threw(error),
      afterTimer: (name) => {
        if (!this.#wasIdle(name)) options.onStir();
      },
    });
    this.#board = new SimulatedBoard({ world, clock: this.clock });
    const permission = () => options.mayMove();
    const inline = new InlineStation({
      board: this.#guardedBoard(),
      clock: this.clock,
      calibration: options.calibration,
      permission: sabotage.permission?.(permission) ?? permission,
    });
    this.station = this.#guardedStation(sabotage.station?.(inline) ?? inline);
    this.device = this.#compose(this.station, world.traits);
    sabotage.device?.(this.device);
    const { app } = this.device.createApi(() => PORT);
    this.#fetch = (request) => app.fetch(request);
    this.attend();
  }

  /** Starts the daemon; what it throws while alive goes to `onThrow`. */
  start(): void {
    this.device.runtime
      .start(this.#stopSignal.signal)
      .catch((error: unknown) => this.#threw(error));
  }

  /** One request at its door; undefined when the daemon dies over it. */
  async ask(request: { method: string; path: string; body?: unknown }) {
    const { method, path, body } = request;
    const response = await this.#fetch(
      new Request(`http://127.0.0.1:${PORT}${path}`, {
        method,
        ...(body === undefined
          ? {}
          : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
      }),
    );
    const text = await response.text();
    if (this.clock.isDead) return undefined;
    return { status: response.status, body: text === '' ? null : (JSON.parse(text) as unknown) };
  }

  /** An orderly end. */
  async stop(): Promise<void> {
    this.#stopSignal.abort(new FeederError('ERR_UNAVAILABLE'));
    await this.device.runtime.stop();
  }

  /** The program is gone; whatever of it still runs has no effect any more. */
  die(): void {
    this.clock.die();
  }

  /** Looks at the scale at its real rate for a while. */
  attend(forMs: Milliseconds = ATTENTION_MS): void {
    const nowMs = this.#options.clock.monoMs();
    this.#attentiveUntilMs = Math.max(this.#attentiveUntilMs, nowMs + forMs);
    if (this.#isSlow || this.#attentiveUntilMs === nowMs + forMs) this.#pace();
  }

  #pace(): void {
    if (this.clock.isDead) return;
    const { clock } = this.#options;
    const leftMs = this.#attentiveUntilMs - clock.monoMs();
    if (leftMs > 0 || this.#options.isRestless()) {
      if (this.#isSlow) this.#board.paceRest(REAL_BATCH_MS, null);
      this.#isSlow = false;
      this.#cancelPace();
      const againMs = leftMs > 0 ? leftMs : ATTENTION_MS;
      this.#cancelPace = clock.after('attention', againMs, () => this.#pace());
    } else if (!this.#isSlow) {
      this.#isSlow = true;
      this.#board.paceRest(SLOW_BATCH_MS, SLOW_SAMPLES);
      this.#cancelGlance();
      this.#cancelGlance = clock.after('glance', SLOW_BATCH_MS, () => {
        if (this.#isSlow) this.attend(GLANCE_MS);
      });
    }
  }

  /**
   * After these timers no promise can go on, unless something was committed or commanded, which
   * stirs by itself; a look of the schedule that found it quiet evaluates nothing.
   */
  #wasIdle(timer: string): boolean {
    if (timer !== 'schedule tick') return idleTimers.has(timer);
    const { evaluations } = this.device.scheduler.counters();
    const isSame = evaluations === this.#evaluations;
    this.#evaluations = evaluations;
    return isSame;
  }

  #threw(error: unknown): void {
    if (this.clock.isDead || error instanceof PowerCut) return;
    this.#options.onThrow(error);
  }

  #compose(station: FeedStation, traits: BoardTraits): Device {
    const options = this.#options;
    const { sabotage, random, points } = options;
    const bytes = random.fork('ids');
    return composeDevice({
      clock: this.clock,
      timeSource: sabotage.timeSource?.(options.timeSource) ?? options.timeSource,
      alarm: (stationWallMs) =>
        new SimulatedAlarm({ clock: this.clock, stationWallMs, isDeaf: options.isAlarmDeaf }),
      bootId: Buffer.from(random.bytes(8)).toString('hex'),
      randomBytes: (length) => bytes.bytes(length),
      logger: silentLogger,
      openStore: (time) => {
        if (options.number > 1) sabotage.beforeOpen?.(options.db);
        const store = openStore({
          at: sabotage.database?.(options.db) ?? options.db,
          time,
          random: (length) => bytes.bytes(length),
          hooks: {
            // What a dead program finds in its successor's database is no conflict: it is not there.
            beforeWrite: () => this.#refuseDead(),
            beforeCommit: (name) => {
              this.#refuseDead();
              points.beforeCommit(name);
              sabotage.beforeCommit?.(name);
            },
            afterCommit: (name) => points.afterCommit(name),
          },
          defaultCalibration: options.calibration,
          emergency: options.emergency,
        });
        sabotage.afterOpen?.(options.db);
        return store;
      },
      station,
      traits,
      identity: {
        version: '0.0.0-simulated',
        builtAtMs: sabotage.builtAtMs ?? options.builtAtMs,
        board: 'simulated',
        simulated: true,
      },
      uiDir: null,
      onFatal: (error) => this.#threw(error),
      ...(sabotage.rules === undefined ? {} : { rules: sabotage.rules }),
    });
  }

  #refuseDead(): void {
    if (this.clock.isDead) throw new PowerCut();
  }

  #guardedBoard(): ControlBoard {
    const board = this.#board;
    const { points, sabotage, world } = this.#options;
    const drive: FeedDrive = {
      run: (slice) => {
        if (this.clock.isDead) return;
        points.onSlice(this.#feedingId, slice);
        const passed = sabotage.slice === undefined ? slice : sabotage.slice(slice, world);
        if (passed !== null) board.drive.run(passed);
      },
      stop: () => {
        if (!this.clock.isDead) board.drive.stop();
      },
    };
    return {
      traits: board.traits,
      drive,
      setMode: (mode) => {
        if (this.clock.isDead) return;
        board.setMode(mode);
        this.#options.onStir();
        if (mode === 'rest') this.attend();
      },
      onSamples: (listener) =>
        board.onSamples((batch: readonly Sample[]) => {
          if (!this.clock.isDead) listener(batch);
        }),
      close: () => {
        if (!this.clock.isDead) board.close();
      },
    };
  }

  #guardedStation(station: FeedStation): FeedStation {
    const { points, sabotage } = this.#options;
    return {
      dispense: async (order, onProgress) => {
        this.#refuseDead();
        points.onOrder(order);
        this.#feedingId = order.feedingId;
        const passed = sabotage.order?.(order) ?? order;
        const outcome = await station.dispense(passed, (progress) => {
          points.onProgress(progress);
          onProgress(progress);
          this.#options.onStir();
        });
        this.#refuseDead();
        this.#feedingId = null;
        points.onOutcome(outcome);
        return outcome;
      },
      cancel: (fault) => {
        if (!this.clock.isDead) station.cancel(fault);
      },
      weigh: (timeoutMs) => {
        this.attend(timeoutMs);
        return station.weigh(timeoutMs);
      },
      weighHopper: (timeoutMs) => {
        this.attend(timeoutMs);
        return station.weighHopper(timeoutMs);
      },
      onReading: (listener) => station.onReading(listener),
      onFault: (listener) =>
        station.onFault((fault) => {
          if (!this.clock.isDead) listener(fault);
        }),
      setCalibration: (calibration) => station.setCalibration(calibration),
      setHopperCalibration: (calibration) => station.setHopperCalibration(calibration),
      // The scale is looked at rarely here; that is no sign of a dead loop.
      health: () => ({ ...station.health(), loopAgeMs: 0 }),
      close: () => station.close(),
    };
  }
}
