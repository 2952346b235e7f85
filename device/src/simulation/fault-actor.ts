import { DAY_MS, HOUR_MS, MINUTE_MS, type Milliseconds } from '@cat-feeder/shared';
import type { SeededRandom } from '../platform/random.ts';
import type { FaultKind } from './fault-kinds.ts';
import type { Life } from './life.ts';
import { dueUnder } from './plan-truth.ts';
import type { RequestActor } from './request-actor.ts';
import { logUniform, pick } from './scenario.ts';
import type { DiskState } from './simulated-disk.ts';

/** Share of the faults that wait for a feeding to fall into. */
const AIMED_SHARE = 0.6;
/** So many wait for the same feeding; more would hide each other, so they strike at once. */
const AIMED_MAX = 3;
/** How far into a feeding they fall. */
const AIM_MS: Milliseconds = 20_000;

/** These make sense at any time, so they wait for nothing. */
const unaimed: ReadonlySet<FaultKind> = new Set<FaultKind>([
  'request_duplicate',
  'request_reused',
  'request_expired',
  'request_reordered',
  'clock_lost',
  'refill',
  'kibble_change',
  'hopper_empty',
]);
/** These make sense in a feeding only. */
const alwaysAimed: ReadonlySet<FaultKind> = new Set<FaultKind>([
  'cancel',
  'weigh_meanwhile',
  'permission_lost',
]);

/** Draws when which fault comes, and makes it come. */
export class FaultActor {
  readonly #life: Life;
  readonly #requests: RequestActor;
  readonly #random: SeededRandom;
  readonly #untilMs: Milliseconds;
  readonly #currentFeeding: () => string | null;
  /** Faults that wait for the next feeding. */
  #waiting = 0;

  constructor(parts: {
    life: Life;
    requests: RequestActor;
    random: SeededRandom;
    /** No fault comes later. */
    untilMs: Milliseconds;
    currentFeeding: () => string | null;
  }) {
    this.#life = parts.life;
    this.#requests = parts.requests;
    this.#random = parts.random;
    this.#untilMs = parts.untilMs;
    this.#currentFeeding = parts.currentFeeding;
  }

  start(): void {
    for (const [kind, perDay] of this.#life.scenario.perDay) this.#plan(kind, DAY_MS / perDay);
  }

  #plan(kind: FaultKind, meanMs: Milliseconds): void {
    const { clock } = this.#life;
    clock.after(`fault ${kind}`, this.#random.exponential(meanMs), () => {
      if (clock.monoMs() > this.#untilMs) return;
      const mayAim = !unaimed.has(kind) && this.#waiting < AIMED_MAX;
      const isAimed = alwaysAimed.has(kind) || (mayAim && this.#random.chance(AIMED_SHARE));
      if (isAimed) this.#aim(kind);
      else this.#strike(kind);
      this.#plan(kind, meanMs);
    });
  }

  #aim(kind: FaultKind): void {
    this.#waiting += 1;
    this.#life.atNextOrder(() => {
      this.#waiting -= 1;
      const delayMs = this.#random.chance(0.1) ? 0 : this.#random.next() * AIM_MS;
      this.#life.clock.after(`aimed ${kind}`, delayMs, () => this.#strike(kind));
    });
  }

  #strike(kind: FaultKind): void {
    if (this.#life.isEnding) return;
    const strike: Record<FaultKind, () => void> = this.#strikes;
    strike[kind]();
  }

  readonly #strikes: Record<FaultKind, () => void> = {
    power_cut: () => this.#end('power_cut'),
    kill: () => this.#end('kill'),
    restart: () => {
      if (this.#life.boot === null) return;
      this.#life.struck('restart');
      this.#life.pump.settle(this.#life.stopDaemon());
    },
    hang: () => this.#hang(),
    permission_lost: () => this.#losePermission(),
    clock_step: () => this.#stepClock('clock_step', [1000, HOUR_MS, DAY_MS, 400 * DAY_MS]),
    clock_false: () => this.#stepClock('clock_false', [10 * MINUTE_MS, DAY_MS, 800 * DAY_MS]),
    clock_lost: () => {
      if (this.#life.boot === null) return;
      this.#life.struck('clock_lost');
      const ms = logUniform(this.#random, 1000, HOUR_MS);
      this.#life.die('power_cut', { ms, clock: 'none' });
    },
    disk_full: () => this.#spoilDisk('disk_full', 'full'),
    disk_readonly: () => this.#spoilDisk('disk_readonly', 'readonly'),
    disk_error: () => this.#spoilDisk('disk_error', 'error'),
    request_duplicate: () => this.#ask('request_duplicate', () => this.#requests.duplicate()),
    request_reused: () => this.#ask('request_reused', () => this.#requests.reused()),
    request_expired: () => this.#ask('request_expired', () => this.#requests.expired()),
    request_reordered: () => this.#ask('request_reordered', () => this.#requests.reordered()),
    request_pair: () => this.#ask('request_pair', () => this.#requests.pair()),
    request_invalid: () => this.#ask('request_invalid', () => this.#requests.invalid()),
    cancel: () => {
      const feedingId = this.#currentFeeding();
      if (feedingId !== null) this.#ask('cancel', () => this.#requests.cancel(feedingId));
    },
    emergency_stop: () => this.#ask('emergency_stop', () => this.#requests.emergencyStop()),
    weigh_meanwhile: () => {
      if (this.#currentFeeding() !== null)
        this.#ask('weigh_meanwhile', () => this.#requests.tare());
    },
    plan_edit: () => this.#editSoon(),
    zone_change: () => this.#ask('zone_change', () => this.#requests.changeZone()),
    overlay: () => this.#ask('overlay', () => this.#requests.addOverlay()),
    jam: () => this.#break('jam', { by: (on) => this.#life.world.jam(on) }),
    bridge: () => this.#break('bridge', { by: (on) => this.#life.world.bridge(on) }),
    chute_block: () => this.#break('chute_block', { by: (on) => this.#life.world.blockChute(on) }),
    hopper_empty: () => {
      this.#life.struck('hopper_empty');
      this.#life.world.emptyHopper(20 * this.#random.next());
    },
    refill: () => {
      this.#life.struck('refill');
      this.#life.world.refill(logUniform(this.#random, 50, 1500));
    },
    kibble_change: () => this.#changeKibble(),
    scale_silent: () =>
      this.#breakFor('scale_silent', (on) => this.#life.world.disconnectScale(on)),
    scale_stuck: () => this.#breakFor('scale_stuck', (on) => this.#life.world.stickScale(on)),
    scale_saturated: () =>
      this.#breakFor('scale_saturated', (on) => this.#life.world.saturateScale(on)),
    bowl_removed: () =>
      this.#breakFor('bowl_removed', (on) => {
        if (on) this.#life.world.removeBowl();
        else this.#life.world.returnBowl(this.#random.chance(0.5));
      }),
    cat_eats: () => {
      this.#life.struck('cat_eats');
      this.#life.world.eatNow(logUniform(this.#random, 2, 40));
    },
    cat_leans: () => {
      this.#life.struck('cat_leans');
      const forMs = logUniform(this.#random, 300, 30_000);
      this.#life.world.leanCat(logUniform(this.#random, 20, 3000), forMs);
    },
    cat_sits: () => {
      this.#life.struck('cat_sits');
      this.#life.world.sitCat(logUniform(this.#random, 3000, 15 * MINUTE_MS));
    },
    driver_shorted: () => {
      const { world } = this.#life;
      this.#break('driver_shorted', {
        by: (on) => world.shortMotorDriver(on),
        forMs: logUniform(this.#random, 2000, 2 * MINUTE_MS),
      });
    },
    motor_dead: () => this.#break('motor_dead', { by: (on) => this.#life.world.breakMotor(on) }),
    flap_leak: () => {
      const gramsPerSecond = logUniform(this.#random, 0.6, 4);
      const closesOnReverse = this.#random.chance(0.5);
      this.#break('flap_leak', {
        by: (on) => this.#life.world.leakFlap(on ? { gramsPerSecond, closesOnReverse } : null),
        forMs: logUniform(this.#random, MINUTE_MS, 30 * MINUTE_MS),
      });
    },
    index_lost: () => this.#break('index_lost', { by: (on) => this.#life.world.loseIndex(on) }),
    undervoltage: () => this.#breakFor('undervoltage', (on) => this.#life.world.undervoltage(on)),
    motor_unreachable: () =>
      this.#breakFor('motor_unreachable', (on) => this.#life.world.unplugDriver(on)),
  };

  /** Half of the ends come at once, half at a drawn place in the program. */
  #end(how: 'power_cut' | 'kill'): void {
    if (this.#random.chance(0.4)) {
      this.#life.die(how);
      return;
    }
    this.#life.armCut(how);
  }

  #hang(): void {
    const { boot, clock, recorder } = this.#life;
    if (boot === null || boot.clock.isHanging) return;
    const forMs = logUniform(this.#random, 100, 15_000);
    this.#life.struck('hang', `for ${Math.round(forMs)} ms`);
    boot.clock.hang(forMs);
    recorder.emit({ kind: 'hang', what: 'program' });
    clock.after('hang over', forMs, () => {
      if (this.#life.boot === boot) recorder.emit({ kind: 'resumed' });
    });
  }

  #losePermission(): void {
    const { boot, clock, recorder } = this.#life;
    if (boot === null) return;
    this.#life.struck('permission_lost');
    this.#life.mayMove = false;
    recorder.emit({ kind: 'hang', what: 'permission' });
    clock.after('permission', logUniform(this.#random, 300, 20_000), () => {
      if (this.#life.boot !== boot) return;
      recorder.emit({ kind: 'resumed' });
      this.#life.mayMove = true;
    });
  }

  /** Forward or back by up to a scale; a time server puts it right again later. */
  #stepClock(kind: 'clock_step' | 'clock_false', scales: readonly Milliseconds[]): void {
    const { time } = this.#life;
    const scale = pick(this.#random, scales);
    const sign = this.#random.chance(0.5) ? 1 : -1;
    const stepMs = sign * Math.round(scale * (0.1 + 0.9 * this.#random.next()));
    this.#life.struck(kind, `${Math.round(stepMs / 1000)} s`);
    const origin = kind === 'clock_false' ? 'synchronized' : time.origin();
    time.set(time.errorMs() + stepMs, origin);
    this.#life.syncLater(logUniform(this.#random, MINUTE_MS, 12 * HOUR_MS));
  }

  #spoilDisk(kind: FaultKind, state: Exclude<DiskState, 'ok'>): void {
    if (this.#life.disk.state !== 'ok') return;
    this.#life.struck(kind);
    this.#life.disk.set(state);
    this.#life.clock.after('disk mended', logUniform(this.#random, 5000, 6 * HOUR_MS), () => {
      this.#life.disk.set('ok');
      this.#life.recorder.tell('the disk is well again');
    });
  }

  /** At once, or while the next meal is being served, or still owed. */
  #editSoon(): void {
    const edit = () => {
      if (!this.#life.isEnding) this.#ask('plan_edit', () => this.#requests.editPlan());
    };
    const now = this.#life.time.trueWallMs();
    const next = this.#random.chance(0.5)
      ? dueUnder(this.#life.plan.now, now, now + DAY_MS)[0]
      : undefined;
    if (next === undefined) edit();
    else {
      const afterMs = logUniform(this.#random, 1000, HOUR_MS);
      this.#life.clock.after('edit of a due meal', next.dueMs - now + afterMs, edit);
    }
  }

  #ask(kind: FaultKind, ask: () => Promise<unknown>): void {
    if (this.#life.boot === null || this.#life.boot.clock.isHanging) return;
    this.#life.struck(kind);
    this.#life.pump.settle(ask().then(() => undefined));
  }

  /** Broken until somebody comes to mend it. */
  #break(kind: FaultKind, how: { by: (isBroken: boolean) => void; forMs?: Milliseconds }): void {
    const forMs = how.forMs ?? this.#random.exponential(this.#life.scenario.careMeanMs);
    this.#life.struck(kind, `for ${Math.round(forMs / 1000)} s`);
    this.#life.broken.break(kind);
    how.by(true);
    this.#life.clock.after(`mend ${kind}`, forMs, () => {
      how.by(false);
      this.#life.broken.mend(kind);
      this.#life.boot?.attend();
      this.#life.recorder.tell(`${kind} is mended`);
    });
  }

  /** Comes and goes by itself. */
  #breakFor(kind: FaultKind, by: (isBroken: boolean) => void): void {
    this.#break(kind, { by, forMs: logUniform(this.#random, 3000, 4 * HOUR_MS) });
  }

  #changeKibble(): void {
    const flowFactor = 0.7 + 0.7 * this.#random.next();
    const pieceFactor = 0.6 + this.#random.next();
    this.#life.struck(
      'kibble_change',
      `x${flowFactor.toFixed(2)}, pieces x${pieceFactor.toFixed(2)}`,
    );
    this.#life.world.changeKibble({ flowFactor, pieceFactor });
    const { pieceGramsMean = 0.2, pieceSdFraction = 0.2 } =
      this.#life.scenario.profile.kibble ?? {};
    const grams = pieceGramsMean * pieceFactor * (1 + 2.5 * pieceSdFraction);
    const { situation } = this.#life;
    situation.pieceGramsMax = Math.max(situation.pieceGramsMax, grams);
  }
}
