import {
  type CalibrationJob,
  FeederError,
  type Feeding,
  type Grams,
  type Kibble,
  type KibbleModel,
  ownRequestId,
} from '@cat-feeder/shared';

import type { StationClock } from '../platform/clock.ts';
import type { Collection } from '../platform/collection.ts';
import type { Logger } from '../platform/logger.ts';
import type { CalibrationPortion } from './feed-command.ts';

export interface KibbleCalibrationParts {
  readonly kibbles: Collection<Kibble>;
  readonly activeKibbleId: () => string | null;
  /** Serves one booked and capped portion, and learns from it like from any other. */
  readonly feed: (portion: CalibrationPortion) => Promise<Feeding>;
  /** Throws while the dispenser or the bowl is in use. */
  readonly demandIdle: () => void;
  readonly newId: (wallMs: number) => string;
  readonly time: StationClock;
  readonly logger: Logger;
  readonly onChange: (job: CalibrationJob) => void;
}

/**
 * Guided calibration: serves a few small portions and learns from them as if nothing were known
 * of the kibble. What was known stays until the first of them has taught something better. They
 * are feedings like all others, so the caps hold and the ledger has them.
 */
export class KibbleCalibration {
  readonly #parts: KibbleCalibrationParts;
  #job: CalibrationJob | null = null;

  constructor(parts: KibbleCalibrationParts) {
    this.#parts = parts;
  }

  /** The job that runs or ran last; null before the first. */
  status(): CalibrationJob | null {
    return this.#job;
  }

  /**
   * Starts the job and returns it at once. `ERR_NOT_FOUND` for an unknown kibble, `ERR_CONFLICT`
   * when it is not the one in the hopper, `ERR_BUSY` while another job or a feeding runs,
   * `ERR_UNAVAILABLE` while an interrupted one is being closed.
   */
  start(kibbleId: string, wish: { rounds: number; portionGrams: Grams }): CalibrationJob {
    if (this.#job?.state === 'running') throw new FeederError('ERR_BUSY');
    const kibble = this.#parts.kibbles.get(kibbleId);
    if (kibble === undefined) throw new FeederError('ERR_NOT_FOUND');
    if (this.#parts.activeKibbleId() !== kibbleId) {
      throw new FeederError('ERR_CONFLICT', {
        message: 'Only the kibble in the hopper can be calibrated.',
        hint: 'Make it the active kibble in the settings first.',
      });
    }
    this.#parts.demandIdle();
    const startedAtMs = this.#parts.time.now().wallMs;
    const job: CalibrationJob = {
      ...wish,
      kibbleId,
      state: 'running',
      servedGrams: [],
      model: null,
      startedAtMs,
      endedAtMs: null,
      why: 'Serving small portions to learn how this kibble flows.',
    };
    this.#show(job);
    void this.#serveRounds(job, kibble.model);
    return job;
  }

  async #serveRounds(job: CalibrationJob, before: KibbleModel | null): Promise<void> {
    const jobId = this.#parts.newId(job.startedAtMs);
    const servedGrams: number[] = [];
    try {
      for (let round = 1; round <= job.rounds; round++) {
        const feeding = await this.#parts.feed({
          requestId: ownRequestId('calibration', `${jobId}:${round}`),
          portionGrams: job.portionGrams,
          isAnew: !this.#hasLearned(job, before),
        });
        servedGrams.push(feeding.dose?.likelyGrams ?? 0);
        this.#show({ ...job, servedGrams: [...servedGrams] });
        if (feeding.result !== 'served') {
          this.#end(job, servedGrams, 'failed', feeding.why);
          return;
        }
      }
      this.#served(job, servedGrams, before);
    } catch (error) {
      if (!(error instanceof FeederError)) throw error;
      this.#end(job, servedGrams, 'failed', error.message);
    }
  }

  /** Whether the kibble's model is another one than before the job. */
  #hasLearned(job: CalibrationJob, before: KibbleModel | null): boolean {
    const model = this.#parts.kibbles.get(job.kibbleId)?.model ?? null;
    if (model === null || before === null) return model !== before;
    return model.gramsPerTurn !== before.gramsPerTurn || model.samples !== before.samples;
  }

  #served(job: CalibrationJob, servedGrams: number[], before: KibbleModel | null): void {
    if (!this.#hasLearned(job, before)) {
      this.#end(
        job,
        servedGrams,
        'failed',
        'The portions were served, but nothing could be learned from them.',
      );
      return;
    }
    this.#parts.kibbles.change(job.kibbleId, { calibratedAtMs: this.#parts.time.now().wallMs });
    this.#end(job, servedGrams, 'done', 'Calibrated by measured portions.');
  }

  #end(job: CalibrationJob, servedGrams: number[], state: 'done' | 'failed', why: string): void {
    const model = this.#parts.kibbles.get(job.kibbleId)?.model ?? null;
    const endedAtMs = this.#parts.time.now().wallMs;
    this.#show({ ...job, servedGrams, state, model, endedAtMs, why });
    this.#parts.logger.info({ kibbleId: job.kibbleId, state, servedGrams }, why);
  }

  #show(job: CalibrationJob): void {
    this.#job = job;
    this.#parts.onChange(job);
  }
}
