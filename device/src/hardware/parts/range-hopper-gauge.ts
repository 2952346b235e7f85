import type { HopperGauge, HopperLevel } from '../../dispensing/hopper-gauge.ts';
import type { Clock } from '../../platform/clock.ts';
import {
  checkOf,
  healthy,
  type PartCheck,
  type PartHealth,
  reasonOf,
} from '../../platform/part.ts';
import type { I2cBus } from '../io/i2c-bus.ts';
import { type RangeShot, Vl53l0x } from './vl53l0x.ts';

/** The two points an installer sets: what the sensor in the lid sees of an empty and of a full hopper. */
export interface HopperSpan {
  /** 30 to 1200, and at least 30 more than the other. */
  readonly emptyMm: number;
  readonly fullMm: number;
}

/** Shots of one look; their median is the level. */
const SHOTS = 5;
const SHOTS_NEEDED = 3;
/** Shots of a good look differ by less than this from their median. */
const SPREAD_MM = 12;
/** Further outside the two points than this share of the span is no level of food. */
const OUTSIDE_MAX = 0.15;
/** An echo this strong is as clear as it gets. */
const CLEAR_MCPS = 4;
const LOW_FRACTION = 0.2;
const EMPTY_FRACTION = 0.05;
const CONFIDENCE_FOR_EMPTY = 0.5;

const fix = 'Check plug and cable of the range sensor in the lid, wipe its window, then calibrate.';

/** The level in the hopper by a VL53L0X in its lid. */
export class RangeHopperGauge implements HopperGauge {
  readonly #chip: Vl53l0x;
  readonly #clock: Clock;
  readonly #span: HopperSpan;
  #hasBegun = false;
  #isClosed = false;
  #looking: Promise<HopperLevel | null> | null = null;
  #health: PartHealth = healthy;

  /** The bus is shared and stays the caller's. */
  constructor(parts: { readonly bus: I2cBus; readonly clock: Clock; readonly span: HopperSpan }) {
    this.#chip = new Vl53l0x(parts);
    this.#clock = parts.clock;
    this.#span = parts.span;
  }

  look(): Promise<HopperLevel | null> {
    if (this.#isClosed) return Promise.resolve(null);
    // Looks that overlap are one look: the chip has one result register.
    this.#looking ??= this.#lookOnce().finally(() => {
      this.#looking = null;
    });
    return this.#looking;
  }

  async selfTest(): Promise<PartCheck> {
    const level = await this.look();
    const found =
      level === null
        ? 'no level'
        : `${Math.round(level.fraction * 100)} % full, confidence ${level.confidence.toFixed(2)}`;
    return checkOf(this.#health, found, fix);
  }

  health(): PartHealth {
    return this.#health;
  }

  close(): void {
    this.#isClosed = true;
  }

  async #lookOnce(): Promise<HopperLevel | null> {
    try {
      if (!this.#hasBegun) await this.#chip.begin();
      this.#hasBegun = true;
      const shots: RangeShot[] = [];
      while (shots.length < SHOTS) shots.push(await this.#chip.shoot());
      return this.#judge(shots);
    } catch (error) {
      // The chip may have lost its power: it is begun anew at the next look.
      this.#hasBegun = false;
      const reason = reasonOf(error);
      this.#health = { state: 'silent', why: `The hopper's range sensor gives nothing: ${reason}` };
      return null;
    }
  }

  #judge(shots: readonly RangeShot[]): HopperLevel | null {
    const valid = shots.filter(({ isValid }) => isValid);
    if (valid.length < SHOTS_NEEDED) {
      const why = 'The range sensor in the hopper sees no clear echo; its window may be dusty.';
      this.#health = { state: 'implausible', why };
      return null;
    }
    const millimetres = median(valid.map((shot) => shot.millimetres));
    const { emptyMm, fullMm } = this.#span;
    const raw = (emptyMm - millimetres) / (emptyMm - fullMm);
    if (raw < -OUTSIDE_MAX || raw > 1 + OUTSIDE_MAX) {
      const why = `The range sensor sees ${millimetres} mm, outside the hopper (${fullMm} to ${emptyMm} mm).`;
      this.#health = { state: 'implausible', why };
      return null;
    }
    this.#health = healthy;
    const fraction = Math.min(1, Math.max(0, raw));
    const confidence = confidenceOf(valid, millimetres);
    return {
      fraction,
      confidence,
      isLow: fraction < LOW_FRACTION,
      isEmpty: fraction < EMPTY_FRACTION && confidence >= CONFIDENCE_FOR_EMPTY,
      atMs: this.#clock.monoMs(),
    };
  }
}

/** Few shots that agree, or a weak echo, are worth less. */
function confidenceOf(valid: readonly RangeShot[], millimetres: number): number {
  const agreeing = valid.filter((shot) => Math.abs(shot.millimetres - millimetres) <= SPREAD_MM);
  const clarity = Math.min(1, median(valid.map(({ signalMcps }) => signalMcps)) / CLEAR_MCPS);
  return (agreeing.length / SHOTS) * clarity;
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN;
}
