import type { Feeding, Occurrence, Status } from '@cat-feeder/shared';
import Database from 'better-sqlite3';
import type { Api } from '../../src/api/server.ts';
import { composeDevice, type Device } from '../../src/app/compose-device.ts';
import type { CameraDoors } from '../../src/app/device-parts.ts';
import type { DeviceIdentity } from '../../src/cloud/device-identity.ts';
import { FeederWorld } from '../../src/hardware/simulated/feeder-world.ts';
import { parseProfile } from '../../src/hardware/simulated/load-profile.ts';
import { SimulatedBoard } from '../../src/hardware/simulated/simulated-board.ts';
import { InlineStation } from '../../src/hardware/station/inline-station.ts';
import type { Clock } from '../../src/platform/clock.ts';
import { silentLogger } from '../../src/platform/logger.ts';
import { SeededRandom } from '../../src/platform/random.ts';
import { VirtualClock } from '../../src/platform/virtual-clock.ts';
import { BootClock } from '../../src/simulation/boot-clock.ts';
import { SimulatedAlarm } from '../../src/simulation/simulated-alarm.ts';
import { openStore } from '../../src/storage/store.ts';
import type { WriteHooks } from '../../src/storage/transactor.ts';
import { type SimulatedPanel, simulatedPanel } from '../support/simulated-panel.ts';

/** Monday, 15 June 2026, 06:00 UTC. */
export const MONDAY_SIX = Date.UTC(2026, 5, 15, 6);
const PORT = 8480;
/** A cat in a story comes when the story says so. */
const calm = { cat: { visitsPerDay: 0, arrivesWhileDispensingProbability: 0 } };

interface Answer {
  readonly status: number;
  readonly data: unknown;
  readonly error:
    | { code: string; message: string; details: { path: string; message: string }[] }
    | undefined;
}

/**
 * A whole feeder for one story: simulated board, virtual clock, database in memory, requests
 * without a socket. It can lose its power and start again on what was on its disk.
 */
export class VirtualFeeder {
  readonly clock: VirtualClock;
  readonly world: FeederWorld;
  readonly db = new Database(':memory:');
  /** What the operating system says of its clock. */
  origin: 'synchronized' | 'rtc' | 'none' = 'synchronized';
  readonly hooks: { -readonly [Name in keyof WriteHooks]: WriteHooks[Name] } = {};
  readonly fatal: unknown[] = [];
  device!: Device;
  /** What is wired around the dispenser; null: nothing. New with each start. */
  panel: SimulatedPanel | null = null;
  readonly #buttonGrams: number | null;
  readonly #camera: (clock: Clock) => CameraDoors | null;
  readonly #key: DeviceIdentity | null;
  #api!: Api;
  #boot!: BootClock;
  #boots = 0;
  #powerUps = 0;
  #poweredAtMs = 0;
  readonly #wall: { offsetMs: number };

  private constructor(options: {
    wallMs: number;
    profile: object;
    buttonGrams: number | null;
    camera: (clock: Clock) => CameraDoors | null;
    key: DeviceIdentity | null;
  }) {
    this.#key = options.key;
    this.#buttonGrams = options.buttonGrams;
    this.#camera = options.camera;
    this.clock = new VirtualClock({ wallMs: options.wallMs });
    this.#wall = { offsetMs: options.wallMs - this.clock.monoMs() };
    const profile = parseProfile({ ...calm, ...options.profile });
    this.world = new FeederWorld({ profile, clock: this.clock, seed: 7 });
  }

  /** Powered up, recovered, and with its door open. */
  static async start(
    options: {
      wallMs?: number;
      profile?: object;
      origin?: VirtualFeeder['origin'];
      /** Wires everything around the dispenser; a press of the button feeds so much. */
      buttonGrams?: number;
      /** A camera for each boot, on that boot's clock. */
      camera?: (clock: Clock) => CameraDoors;
      /** Its own key. */
      key?: DeviceIdentity;
    } = {},
  ) {
    const feeder = new VirtualFeeder({
      wallMs: options.wallMs ?? MONDAY_SIX,
      profile: options.profile ?? {},
      buttonGrams: options.buttonGrams ?? null,
      camera: options.camera ?? (() => null),
      key: options.key ?? null,
    });
    feeder.origin = options.origin ?? 'synchronized';
    await feeder.powerUp();
    return feeder;
  }

  /** Starts the daemon on the present disk; its scale speaks for the first time within a second. */
  async powerUp(passMs = 1000): Promise<void> {
    this.#powerUps += 1;
    this.#poweredAtMs = this.clock.monoMs();
    await this.#startDaemon();
    await this.pass(passMs);
  }

  /** Kills the daemon and starts it again; the machine keeps its power. */
  async killAndStart(): Promise<void> {
    this.cutPower();
    await this.#startDaemon();
    await this.pass(1000);
  }

  async #startDaemon(): Promise<void> {
    this.#boots += 1;
    const random = new SeededRandom(`boot ${this.#boots}`);
    this.#boot = new BootClock({
      world: this.clock,
      wall: this.#wall,
      poweredAtMs: this.#poweredAtMs,
      beforeTimer: () => {},
      afterTimer: () => {},
      onThrow: (error) => this.fatal.push(error),
    });
    const clock = this.#boot;
    const board = new SimulatedBoard({ world: this.world, clock });
    const calibration = this.world.trueCalibration();
    const camera = this.#camera(clock);
    this.panel = this.#buttonGrams === null ? null : simulatedPanel(clock, this.#buttonGrams);
    this.device = composeDevice({
      clock,
      timeSource: { origin: () => this.origin, powerUp: () => `power-up ${this.#powerUps}` },
      alarm: (stationWallMs) => new SimulatedAlarm({ clock, stationWallMs, isDeaf: false }),
      bootId: `boot-${this.#boots}`,
      randomBytes: (length) => random.bytes(length),
      logger: silentLogger,
      ...(this.#key === null ? {} : { key: this.#key }),
      openStore: (time) =>
        openStore({
          at: this.db,
          time,
          random: (length) => random.bytes(length),
          hooks: {
            beforeCommit: (name) => this.hooks.beforeCommit?.(name),
            afterCommit: (name) => this.hooks.afterCommit?.(name),
          },
          defaultCalibration: calibration,
        }),
      station: new InlineStation({ board, clock, calibration }),
      traits: board.traits,
      identity: {
        version: '1.0.0',
        builtAtMs: Date.UTC(2026, 0, 1),
        board: 'simulated',
        simulated: true,
      },
      ...(this.panel === null ? {} : { panel: this.panel }),
      ...(camera === null ? {} : { camera }),
      uiDir: null,
      onFatal: (error) => this.fatal.push(error),
    });
    this.#api = this.device.createApi(() => PORT);
    await this.until(this.device.runtime.start(new AbortController().signal));
  }

  /** Pulls the plug: nothing of this boot acts any more. */
  cutPower(): void {
    this.#boot.die();
    this.world.powerCut();
  }

  /** An orderly stop, as by a signal. */
  async stop(): Promise<void> {
    await this.until(this.device.runtime.stop());
  }

  /** Moves the wall clock without moving time. */
  stepWall(deltaMs: number): void {
    this.#wall.offsetMs += deltaMs;
  }

  /** Lets virtual time pass; promises go on in between. */
  async pass(ms: number): Promise<void> {
    const endMs = this.clock.monoMs() + ms;
    for (
      let due = this.clock.nextDueMs();
      due !== undefined && due <= endMs;
      due = this.clock.nextDueMs()
    ) {
      this.clock.runNext();
      await settled();
    }
    this.clock.runUntil(endMs);
    await settled();
  }

  /** Lets virtual time pass until a promise settles, at most ten minutes of it. */
  async until<T>(promise: Promise<T>): Promise<T> {
    const state = { isSettled: false };
    const mark = () => {
      state.isSettled = true;
    };
    promise.then(mark, mark);
    await settled();
    const endMs = this.clock.monoMs() + 600_000;
    while (!state.isSettled && this.clock.monoMs() < endMs) {
      if (!this.clock.runNext()) this.clock.advance(1000);
      await settled();
    }
    return promise;
  }

  async ask(method: string, path: string, body?: unknown): Promise<Answer> {
    const response = await this.fetch(method, path, body);
    const answer = (await response.json()) as { data?: unknown; error?: Answer['error'] };
    return { status: response.status, data: answer.data, error: answer.error };
  }

  /** The answer as it comes, for what is no JSON. */
  async fetch(method: string, path: string, body?: unknown): Promise<Response> {
    const request = new Request(`http://127.0.0.1:${PORT}/api/v1${path}`, {
      method,
      ...(body === undefined
        ? {}
        : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
    });
    return this.until(Promise.resolve(this.#api.app.fetch(request)));
  }

  async status(): Promise<Status> {
    return (await this.ask('GET', '/status')).data as Status;
  }

  async feed(portionGrams: number, requestId = `r${this.clock.monoMs()}`): Promise<Feeding> {
    const { data, error } = await this.ask('POST', '/feedings', { requestId, portionGrams });
    if (error !== undefined) throw new TypeError(`${error.code}: ${error.message}`);
    return data as Feeding;
  }

  async feeding(id: string): Promise<Feeding> {
    return (await this.ask('GET', `/feedings/${id}`)).data as Feeding;
  }

  /** Feeds and waits for the end. */
  async feedToEnd(portionGrams: number): Promise<Feeding> {
    const { id } = await this.feed(portionGrams);
    await this.passUntilIdle();
    return this.feeding(id);
  }

  async passUntilIdle(): Promise<void> {
    for (let second = 0; second < 600 && this.device.feeding.isBusy(); second++)
      await this.pass(1000);
  }

  /** Today's occurrences by meal name. */
  async occurrences(query = ''): Promise<Occurrence[]> {
    const { data } = await this.ask('GET', `/occurrences${query}`);
    return (data as { items: Occurrence[] }).items;
  }

  /** How often the ledger has an entry of a kind. */
  ledger(kind: string): { seq: number; body: Record<string, unknown> }[] {
    return this.device.store.log
      .page({ afterSeq: 0, limit: 500 })
      .entries.filter((entry) => entry.name === kind)
      .map(({ seq, body }) => ({ seq, body: body as Record<string, unknown> }));
  }

  /** True grams that have ever landed in the bowl. */
  landed(): number {
    return this.world.truth().landedGrams;
  }
}

/** Lets everything that promises have started go on. */
function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
