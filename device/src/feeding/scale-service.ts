import {
  type BowlReading,
  FeederError,
  type Grams,
  type Milliseconds,
  type ScaleCalibration,
} from '@cat-feeder/shared';
import type { FeedStation } from '../dispensing/feed-station.ts';
import type { StationClock } from '../platform/clock.ts';
import type { Single } from '../platform/collection.ts';
import {
  CALIBRATION_HELD_MS,
  type CalibrationVerdict,
  span,
  tare,
} from '../weighing/calibration.ts';
import type { StillLevel } from '../weighing/load-cell.ts';
import { calibrationRefusal, notStable } from './calibration-refusal.ts';

/** The stored calibration of the bowl's cell. */
export type StoredCalibration = ScaleCalibration & { readonly rev: number };

const WEIGH_TIMEOUT_MS: Milliseconds = 15_000;
export interface ScaleServiceParts {
  readonly station: FeedStation;
  readonly calibration: Single<StoredCalibration>;
  readonly time: StationClock;
  readonly ratedGrams: Grams;
  /** Throws while the dispenser or the bowl is in use. */
  readonly demandIdle: () => void;
}

/** Tare and span of the bowl's cell. A refused calibration changes nothing. */
export class ScaleService {
  readonly #parts: ScaleServiceParts;

  constructor(parts: ScaleServiceParts) {
    this.#parts = parts;
  }

  reading(): BowlReading {
    return this.#parts.station.health().bowl;
  }

  calibration(): StoredCalibration {
    return this.#parts.calibration.get();
  }

  /** Takes the present load as zero: the empty bowl must stand still on the cell. */
  async tare({ confirm }: { confirm: boolean }): Promise<StoredCalibration> {
    const level = await this.#stillLevel();
    const { wallMs } = this.#parts.time.now();
    const { rev, ...present } = this.calibration();
    return this.#store(tare(present, level, { nowMs: wallMs, confirm }), rev);
  }

  /** Sets counts per gram from a known mass that lies in the tared bowl. */
  async span(request: { knownGrams: Grams; confirm: boolean }): Promise<StoredCalibration> {
    const { ratedGrams, time } = this.#parts;
    if (request.knownGrams > ratedGrams) {
      throw new FeederError('ERR_CALIBRATION_REFUSED', {
        details: [{ path: 'knownGrams', message: `the cell is rated for ${ratedGrams} g` }],
      });
    }
    const level = await this.#stillLevel();
    const { wallMs } = time.now();
    const { rev, ...present } = this.calibration();
    return this.#store(span(present, level, { ...request, nowMs: wallMs }), rev);
  }

  async #stillLevel(): Promise<StillLevel> {
    this.#parts.demandIdle();
    const weight = await this.#parts.station.weigh(WEIGH_TIMEOUT_MS);
    this.#parts.demandIdle();
    // The station calls a level stable once it has stood still this long.
    if (weight.kind === 'stable') return { ...weight, heldMs: CALIBRATION_HELD_MS };
    if (weight.kind === 'unstable') throw notStable('bowl');
    throw new FeederError('ERR_SCALE_SILENT');
  }

  #store(verdict: CalibrationVerdict, rev: number): StoredCalibration {
    if (verdict.kind === 'refused') throw calibrationRefusal(verdict, 'bowl');
    const stored = this.#parts.calibration.change(verdict.calibration, rev);
    this.#parts.station.setCalibration(stored);
    return stored;
  }
}
