import {
  FeederError,
  type Grams,
  type Milliseconds,
  type ScaleCalibration,
} from '@cat-feeder/shared';
import type { FeedStation, HopperLevel } from '../dispensing/feed-station.ts';
import type { StationClock } from '../platform/clock.ts';
import type { Single } from '../platform/collection.ts';
import {
  CALIBRATION_HELD_MS,
  type CalibrationVerdict,
  span,
  tare,
} from '../weighing/calibration.ts';
import { factoryCalibration } from '../weighing/load-cell.ts';
import { calibrationRefusal, notStable } from './calibration-refusal.ts';

/** The stored calibration of the cell under the hopper: null until it was first tared. */
export interface StoredHopperCalibration {
  readonly rev: number;
  readonly calibration: ScaleCalibration | null;
}

export interface HopperScaleParts {
  readonly station: Pick<FeedStation, 'weighHopper' | 'setHopperCalibration'>;
  readonly calibration: Single<StoredHopperCalibration>;
  readonly time: StationClock;
  /** By the cell's datasheet; null without a cell. */
  readonly nominalCountsPerGram: number | null;
  /** Throws while the dispenser or the bowl is in use. */
  readonly demandIdle: () => void;
}

type StillHopper = Extract<HopperLevel, { kind: 'stable' }>;
const WEIGH_TIMEOUT_MS: Milliseconds = 15_000;

/**
 * Tare and span of the cell under the hopper, by the same rules as the bowl's. Its own weight is
 * not known before the first tare; the span is the datasheet's until a known mass was put in.
 * Nothing of feeding hangs on it, and a refused calibration changes nothing.
 */
export class HopperScale {
  readonly #parts: HopperScaleParts;

  constructor(parts: HopperScaleParts) {
    this.#parts = parts;
  }

  /** Null: never tared. */
  calibration(): ScaleCalibration | null {
    return this.#parts.calibration.get().calibration;
  }

  /** Takes the present load as zero: the empty hopper must stand still. */
  async tare({ confirm }: { confirm: boolean }): Promise<ScaleCalibration> {
    const nominal = this.#nominalCountsPerGram();
    const level = await this.#stillLevel();
    const { rev, calibration } = this.#parts.calibration.get();
    const present = calibration ?? factoryCalibration(nominal);
    const { wallMs } = this.#parts.time.now();
    return this.#store(tare(present, held(level), { nowMs: wallMs, confirm }), level, rev);
  }

  /** Sets counts per gram from a known mass that is alone in the tared hopper. */
  async span(request: { knownGrams: Grams; confirm: boolean }): Promise<ScaleCalibration> {
    this.#nominalCountsPerGram();
    const level = await this.#stillLevel();
    const { rev, calibration } = this.#parts.calibration.get();
    if (calibration === null) {
      throw new FeederError('ERR_CALIBRATION_REFUSED', {
        hint: 'Empty the hopper, tare it, then put the known mass in.',
        details: [{ path: 'zeroCounts', message: 'the empty hopper was never tared' }],
      });
    }
    const nowMs = this.#parts.time.now().wallMs;
    return this.#store(span(calibration, held(level), { ...request, nowMs }), level, rev);
  }

  #nominalCountsPerGram(): number {
    const { nominalCountsPerGram } = this.#parts;
    if (nominalCountsPerGram !== null) return nominalCountsPerGram;
    throw noCell();
  }

  async #stillLevel(): Promise<StillHopper> {
    this.#parts.demandIdle();
    const level = await this.#parts.station.weighHopper(WEIGH_TIMEOUT_MS);
    if (level.kind === 'stable') return level;
    if (level.kind === 'unstable') throw notStable('hopper');
    if (level.kind === 'not_fitted') throw noCell();
    throw new FeederError('ERR_SCALE_SILENT', {
      message: 'The cell under the hopper gives no readings that can be believed.',
    });
  }

  #store(verdict: CalibrationVerdict, level: StillHopper, rev: number): ScaleCalibration {
    if (verdict.kind === 'refused') throw calibrationRefusal(verdict, 'hopper');
    // The level was judged by how well its mean is known; what is kept is one reading's noise.
    const noiseGrams = Math.min(50, level.noiseGrams);
    const calibration = { ...verdict.calibration, noiseGrams };
    this.#parts.calibration.change({ calibration }, rev);
    this.#parts.station.setHopperCalibration(calibration);
    return calibration;
  }
}

/** The station calls a level stable once it has stood still this long. */
const held = (level: StillHopper) => ({ ...level, heldMs: CALIBRATION_HELD_MS });

function noCell(): FeederError {
  return new FeederError('ERR_BUSINESS_RULE', {
    message: 'This feeder has no cell under its hopper.',
    hint: 'The food in the hopper cannot be weighed here; everything else works without it.',
  });
}
