import { spawnSync } from 'node:child_process';
import { chmodSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { WorldState } from '../../src/hardware/simulated/world-state.ts';
import { readWorld } from '../../src/hardware/station/world-file.ts';
import { SeededRandom } from '../../src/platform/random.ts';
import { leftAlone, profile, SEED } from '../crash/simulated-food.ts';
import { type FeedingView, judgeWish, resultOf, type Verdict, wrongsOf } from '../crash/verdict.ts';
import type { Boot, GuestMachine } from './guest-machine.ts';

/** So many portions fit into the caps of an hour; then another feeder with an empty bowl takes over. */
const WISHES_PER_SERIES = 14;
const PORTION_GRAMS = { min: 3, max: 14 };
/** About as long as a feeding takes. */
const CUT_WITHIN_MS = 8_000;
/** So long the motor starts and stops in a feeding. */
const MOTOR_WORKS_MS = 4_000;
/** Most of the cuts come while the motor is at work, the others at any instant of a feeding. */
const CUT_AT_MOTOR_SHARE = 0.7;
/** So many cuts for one that found a feeding under way. */
const CUTS_PER_FEEDING_MAX = 2;
/** Share of boots whose power fails again before the feeder is ready. */
const CUT_AT_START_SHARE = 0.2;
const START_MS = { min: 1_500, max: 9_000 };
const BOOT_LIMIT_MS = 240_000;
const WORLD_BYTES = 2048;
const TURNS_EPSILON = 1e-6;

type Wish = readonly [id: string, grams: number];

/** What was written before the cut, and is still so. */
interface Holds {
  readonly ledger: boolean;
  readonly limits: boolean;
}

/** What one boot told. */
interface Told {
  readonly ready?: object;
  readonly wish?: { readonly world: WorldState };
  readonly motor?: object;
  readonly answered?: { readonly feeding?: FeedingView };
  readonly recovered?: { readonly feeding?: FeedingView; readonly world: WorldState };
  readonly again?: {
    readonly feeding?: FeedingView;
    readonly world: WorldState;
    readonly holds: Holds;
  };
}

/** A wish whose power was cut, and the food as it was before and at that instant. */
interface CutWish {
  readonly wish: Wish;
  readonly before: WorldState;
  readonly atCut: WorldState;
  readonly answered: FeedingView | undefined;
}

export interface PowerCutParts {
  readonly machine: GuestMachine;
  readonly exchange: string;
  /** With the feeder installed and prepared by after-trial.sh; kept as it is. */
  readonly disk: string;
  readonly seed: number;
  readonly count: (isPassed: boolean, name: string) => void;
  readonly say: (line: string) => void;
}

/**
 * Cuts the machine's power in the middle of feedings. The food is the world's and stays: its file
 * lies on the host, and the simulated motor plays its last slice to the end, which is the worst case.
 */
export class PowerCuts {
  readonly #parts: PowerCutParts;
  readonly #random: SeededRandom;
  readonly #totals = {
    cuts: 0,
    inFeedings: 0,
    cutsWithMotorOn: 0,
    cutsAtStart: 0,
    boots: 0,
    answersBefore: 0,
    verdicts: 0,
  };
  readonly #results: Record<string, number> = {};

  constructor(parts: PowerCutParts) {
    this.#parts = parts;
    this.#random = new SeededRandom(parts.seed);
    writeFileSync(join(parts.exchange, 'profile.json'), JSON.stringify(profile));
    writeFileSync(join(parts.exchange, 'seed'), String(SEED));
    this.#newFood();
  }

  async run(cuts: number): Promise<object> {
    this.#parts.say(`seed ${this.#parts.seed}`);
    // One more than needed, for a series that breaks off.
    const seriesMax = Math.ceil((CUTS_PER_FEEDING_MAX * cuts) / WISHES_PER_SERIES) + 1;
    for (let series = 1; series <= seriesMax && this.#totals.inFeedings < cuts; series++) {
      await this.#series(series, cuts);
    }
    const { cuts: made, cutsAtStart, inFeedings, verdicts } = this.#totals;
    const isWhole = inFeedings >= cuts && verdicts === made - cutsAtStart;
    const found = `${made} power cuts, ${inFeedings} in the middle of a feeding`;
    this.#parts.count(isWhole, `${found}; ${verdicts} wishes judged`);
    return { ...this.#totals, results: this.#results, seed: this.#parts.seed };
  }

  async #series(series: number, cuts: number): Promise<void> {
    const { disk, exchange } = this.#parts;
    const copy = join(exchange, 'series-disk');
    rmSync(copy, { force: true });
    // The disk is a sparse file; a plain copy would fill its holes.
    spawnSync('cp', ['--sparse=always', '--preserve=timestamps', disk, copy]);
    this.#newFood();
    let last: CutWish | null = null;
    for (let wish = 0; wish <= WISHES_PER_SERIES; wish++) {
      const isLast = wish === WISHES_PER_SERIES || this.#totals.inFeedings >= cuts;
      if (last !== null && !isLast && this.#random.chance(CUT_AT_START_SHARE)) {
        last = await this.#cutAtStart(copy, last);
      }
      const next: Wish | null = isLast ? null : [`series${series}-${wish}`, this.#portion()];
      last = await this.#round(copy, { prepare: wish === 0, last, next });
      if (last === null) return;
    }
  }

  /** One boot: judges the wish before, makes the next one and cuts its power. */
  async #round(
    disk: string,
    { prepare, last, next }: { prepare: boolean; last: CutWish | null; next: Wish | null },
  ): Promise<CutWish | null> {
    const told: { -readonly [Key in keyof Told]: Told[Key] } = {};
    const orders = JSON.stringify({ prepare, before: last?.wish ?? null, next });
    const job = `node device/test/kernel/cut-boot.ts '${orders}'`;
    const isAtMotor = this.#random.chance(CUT_AT_MOTOR_SHARE);
    const cutAfterMs = this.#random.next() * (isAtMotor ? MOTOR_WORKS_MS : CUT_WITHIN_MS);
    let timer: NodeJS.Timeout | undefined;
    const boot: Boot = this.#boot(disk, job, (line) => {
      const event = eventOf(line);
      if (event === undefined) {
        this.#parts.say(line);
        return;
      }
      Object.assign(told, { [event.event]: event });
      if (event.event !== (isAtMotor ? 'motor' : 'wish')) return;
      timer = setTimeout(() => void boot.cut(), cutAfterMs);
    });
    const ending = await boot.ended();
    clearTimeout(timer);
    if (last !== null) this.#judge(last, told);
    if (next === null) return null;
    const atCut = this.#world();
    if (!ending.wasCut || told.wish === undefined || atCut === undefined) {
      this.#parts.count(
        false,
        `${next[0]}: no wish was made (${ending.status})\n${ending.lastWords}`,
      );
      return null;
    }
    this.#totals.cuts += 1;
    if (atCut.motor.leftMs > 0) this.#totals.cutsWithMotorOn += 1;
    if (told.answered !== undefined) this.#totals.answersBefore += 1;
    const answered = told.answered?.feeding;
    return { wish: next, before: told.wish.world, atCut, answered };
  }

  /** The power fails again while the machine starts; nothing may move the motor in between. */
  async #cutAtStart(disk: string, last: CutWish): Promise<CutWish> {
    const boot = this.#boot(disk, 'sleep 60', () => {});
    const afterMs = START_MS.min + this.#random.next() * (START_MS.max - START_MS.min);
    const timer = setTimeout(() => void boot.cut(), afterMs);
    const ending = await boot.ended();
    clearTimeout(timer);
    if (ending.wasCut) {
      this.#totals.cuts += 1;
      this.#totals.cutsAtStart += 1;
    }
    const atCut = this.#world();
    if (atCut === undefined) return last;
    if (atCut.forwardTurns > leftAlone(last.atCut).forwardTurns + TURNS_EPSILON) {
      this.#parts.count(false, `${last.wish[0]}: the motor moved while the machine was starting`);
    }
    return { ...last, atCut };
  }

  #judge({ wish, before, atCut, answered }: CutWish, { recovered, again }: Told): void {
    const [name, grams] = wish;
    if (recovered === undefined || again === undefined) {
      this.#parts.count(false, `${name}: the feeder did not come back to tell`);
      return;
    }
    const alone = leftAlone(atCut);
    const movedLater = again.world.forwardTurns > alone.forwardTurns + TURNS_EPSILON;
    const verdict = judgeWish({
      name: `${name} ${grams} g`,
      feeding: again.feeding,
      fellGrams: again.world.landedGrams - before.landedGrams,
      doubled: alone.forwardTurns > before.forwardTurns && movedLater,
      // What was answered, and what made the motor turn, was on the disk before.
      lostAnswer:
        (answered !== undefined && recovered.feeding?.id !== answered.id) ||
        (atCut.forwardTurns > before.forwardTurns && recovered.feeding === undefined),
    });
    const result = resultOf(again.feeding);
    if (result === 'unknown_after_crash') this.#totals.inFeedings += 1;
    this.#results[result] = (this.#results[result] ?? 0) + 1;
    this.#countVerdict(verdict, again.holds);
  }

  #countVerdict(verdict: Verdict, holds: Holds): void {
    this.#totals.verdicts += 1;
    const wrongs = [
      ...wrongsOf(verdict),
      ...(holds.ledger ? [] : ['LEDGER']),
      ...(holds.limits ? [] : ['SETTINGS']),
    ];
    const words = wrongs.length === 0 ? '' : `  ${wrongs.join(' ')}`;
    this.#parts.count(
      wrongs.length === 0,
      `power cut ${this.#totals.cuts}: ${verdict.sentence}${words}`,
    );
  }

  #boot(disk: string, job: string, onLine: (line: string) => void): Boot {
    const { machine, exchange } = this.#parts;
    this.#totals.boots += 1;
    return machine.boot({ job, exchange, disk, isSystemd: true, limitMs: BOOT_LIMIT_MS, onLine });
  }

  #portion(): number {
    const { min, max } = PORTION_GRAMS;
    return Math.round(min + this.#random.next() * (max - min));
  }

  #world(): WorldState | undefined {
    return readWorld(join(this.#parts.exchange, 'world.json'));
  }

  /** An empty world, which the feeder's user in the machine may write. */
  #newFood(): void {
    const path = join(this.#parts.exchange, 'world.json');
    rmSync(path, { force: true });
    writeFileSync(path, Buffer.alloc(WORLD_BYTES));
    chmodSync(path, 0o666);
  }
}

function eventOf(line: string): ({ event: string } & Record<string, unknown>) | undefined {
  if (!line.startsWith('{"event":')) return undefined;
  return JSON.parse(line) as { event: string };
}
