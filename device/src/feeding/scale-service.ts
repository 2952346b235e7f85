import {
  type BowlReading,
  FeederError,
  type Grams,
  type Milliseconds,
  type ScaleCalibration,
} from '@cat-feeder/shared';
import type { FeedStation, WeighResult } from '../dispensing/feed-station.ts';
import type { StationClock } from '../platform/clock.ts';
import type { Single } from '../platform/collection.ts';

/** The stored calibration of the bowl's cell. */
export type StoredCalibration = ScaleCalibration & { readonly rev: number };

const WEIGH_TIMEOUT_MS: Milliseconds = 15_000;
/** A new span may differ by this share from the one before it, unless it is confirmed. */
const SPAN_CHANGE_MAX = 0.2;
/**
 * A new zero may differ by this from the one before, unless it is confirmed: more is food in the
 * bowl or a paw on it (FMEA-29). A bowl tared while food lies in it reads below zero once that is
 * eaten, and then nothing can be served any more.
 */
const ZERO_CHANGE_GRAMS_MAX: Grams = 10;

export interface ScaleServiceParts {
  readonly station: FeedStation;
  readonly calibration: Single<StoredCalibration>;
  readonly time: StationClock;
  readonly ratedGrams: Grams;
  readonly isBusy: () => boolean;
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
  async tare(request: { confirm: boolean }): Promise<StoredCalibration> {
    const present = this.calibration();
    const weight = await this.#weigh();
    const shiftGrams = Math.abs((weight.counts - present.zeroCounts) / present.countsPerGram);
    const isFar = shiftGrams > ZERO_CHANGE_GRAMS_MAX;
    if (present.taredAtMs !== null && isFar && !request.confirm) {
      throw new FeederError('ERR_CALIBRATION_REFUSED', {
        hint: 'Empty the bowl and try again. If it is empty, confirm the new zero.',
        details: [
          { path: 'shiftGrams', message: `${Math.round(shiftGrams)} g from the zero before` },
        ],
      });
    }
    return this.#store({
      ...present,
      zeroCounts: weight.counts,
      noiseGrams: weight.sigmaGrams,
      taredAtMs: this.#parts.time.now().wallMs,
    });
  }

  /** Sets counts per gram from a known mass that lies in the tared bowl. */
  async span(request: { knownGrams: Grams; confirm: boolean }): Promise<StoredCalibration> {
    const present = this.calibration();
    if (request.knownGrams > this.#parts.ratedGrams) {
      throw new FeederError('ERR_CALIBRATION_REFUSED', {
        details: [
          { path: 'knownGrams', message: `the cell is rated for ${this.#parts.ratedGrams} g` },
        ],
      });
    }
    const weight = await this.#weigh();
    const countsPerGram = (weight.counts - present.zeroCounts) / request.knownGrams;
    const change = Math.abs(countsPerGram / present.countsPerGram - 1);
    const isPlausible = Math.abs(countsPerGram) >= 1 && countsPerGram * present.countsPerGram > 0;
    if (!isPlausible || (change > SPAN_CHANGE_MAX && !request.confirm)) {
      const percent = Math.round(change * 100);
      throw new FeederError('ERR_CALIBRATION_REFUSED', {
        hint: 'Lay the known mass into the empty, tared bowl. If the cell was replaced, confirm the change.',
        details: [
          { path: 'countsPerGram', message: `differs by ${percent} % from the present span` },
        ],
      });
    }
    return this.#store({ ...present, countsPerGram, spannedAtMs: this.#parts.time.now().wallMs });
  }

  async #weigh(): Promise<Extract<WeighResult, { kind: 'stable' }>> {
    if (this.#parts.isBusy()) throw new FeederError('ERR_BUSY');
    const weight = await this.#parts.station.weigh(WEIGH_TIMEOUT_MS);
    if (this.#parts.isBusy()) throw new FeederError('ERR_BUSY');
    if (weight.kind === 'stable') return weight;
    throw new FeederError(weight.kind === 'unstable' ? 'ERR_NOT_STABLE' : 'ERR_SCALE_SILENT');
  }

  #store(calibration: StoredCalibration): StoredCalibration {
    const { rev, ...values } = calibration;
    const stored = this.#parts.calibration.change(values, rev);
    this.#parts.station.setCalibration(stored);
    return stored;
  }
}
