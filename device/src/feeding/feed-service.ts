import {
  FeederError,
  type Feeding,
  type FeedRequest,
  type Grams,
  type KibbleModel,
  ownRequestId,
  PORTION_GRAMS_MIN,
} from '@cat-feeder/shared';
import type { DispenseOutcome } from '../dispensing/feed-station.ts';
import type { StationTime } from '../platform/clock.ts';
import type {
  ExtraOrder,
  FeedAnswer,
  MealFeeder,
  OccurrenceOrder,
} from '../scheduling/schedule-store.ts';
import { explainOutcome, explainRefusal } from './explain.ts';
import { MAINTENANCE_SHARE, OPEN_LOOP_ERROR, overshootOf } from './fault-effects.ts';
import { endedFeeding, firstAnswer, refusalError } from './feed-answers.ts';
import type { FeedContext } from './feed-checks.ts';
import {
  askedCommand,
  type BeginAnswer,
  type CalibrationPortion,
  calibrationCommand,
  extraCommand,
  type FeedCommand,
  occurrenceCommand,
  type Refusal,
} from './feed-command.ts';
import type { FeedServiceParts } from './feed-parts.ts';
import type { FinishRecord } from './feeding-journal.ts';
import { endingInterlocks } from './interlocks.ts';
import { isScaleDead, maintenancePortion } from './maintenance-portion.ts';
import { outcomeVerdict } from './outcome-verdict.ts';
import { ProgressNotes } from './progress-notes.ts';

/**
 * The one way to the dispenser. Every cause comes through here: it is checked, claimed durably,
 * and only then served; the outcome is written before anybody is told.
 */
export class FeedService implements MealFeeder {
  readonly #parts: FeedServiceParts;
  #running: { feeding: Feeding; ended: Promise<Feeding> } | null = null;
  #isStopping = false;
  #stops = 0;
  /** True until the feedings that a crash left open are closed. */
  #isRecovering = true;

  constructor(parts: FeedServiceParts) {
    this.#parts = parts;
    parts.interlocks.onChange(() => this.#endInterlocked());
  }

  /** Opens the door for commands, after recovery. */
  openDoor(): void {
    this.#isRecovering = false;
  }

  running(): Feeding | null {
    return this.#running?.feeding ?? null;
  }

  /** How often everything was stopped: what was asked for before a stop does not begin after it. */
  stops(): number {
    return this.#stops;
  }

  isStopping(): boolean {
    return this.#isStopping;
  }

  isBusy(): boolean {
    return this.#running !== null || this.#isRecovering;
  }

  /** For everything else that wants dispenser or scale: throws `ERR_BUSY` or `ERR_UNAVAILABLE`. */
  demandIdle(): void {
    if (this.#running !== null) throw new FeederError('ERR_BUSY');
    if (!this.#isRecovering) return;
    throw new FeederError('ERR_UNAVAILABLE', { message: explainRefusal('recovering', {}) });
  }

  /**
   * A feeding asked for by a person or a program. The claim is durable when this returns.
   * Throws the coded error of the rule that refused; the refusal is in the ledger. Who waited
   * since the wish came says how often everything had been stopped by then.
   */
  feed(request: FeedRequest, stopsBefore = this.#stops): { feeding: Feeding; created: boolean } {
    const now = this.#parts.time.now();
    const known = this.#parts.journal.findByRequestId(request.requestId);
    if (known === undefined) this.#refusePetUnknown(request);
    const answer = this.begin(askedCommand(request, stopsBefore));
    if (answer.kind === 'begun') return { feeding: answer.feeding, created: true };
    if (answer.kind === 'known') {
      return { feeding: firstAnswer(answer.feeding, request), created: false };
    }
    const feedingId = this.#recordRefusal(request, answer.refusal, now);
    throw refusalError(answer.refusal, feedingId);
  }

  async feedOccurrence(order: OccurrenceOrder): Promise<FeedAnswer> {
    const answer = this.begin(occurrenceCommand(order));
    if (answer.kind === 'refused' && answer.refusal.rule === 'storage') {
      await this.#serveFromMemory(order);
    }
    return this.#answer(answer);
  }

  /** The disk takes no claim: the occurrence stays open, but what is owed may be served from memory. */
  async #serveFromMemory(order: OccurrenceOrder): Promise<void> {
    const { bootId, ageMs } = this.#parts.time.now();
    if (!this.#parts.memoryOnly.isDue(ageMs)) return;
    await this.feedExtra({
      requestId: ownRequestId('memory', `${bootId}:${Math.round(ageMs)}`),
      cause: 'starvation',
      portionGrams: Math.max(PORTION_GRAMS_MIN, order.portionGrams * MAINTENANCE_SHARE),
      why: 'The disk refuses writes; a maintenance portion was served from memory.',
    });
  }

  async feedExtra(order: ExtraOrder): Promise<FeedAnswer> {
    const answer = this.begin(extraCommand(order));
    return this.#answer(answer);
  }

  /** A calibration portion; resolves with the finished feeding. Throws like `feed`. */
  async feedForCalibration(portion: CalibrationPortion): Promise<Feeding> {
    const answer = this.begin(calibrationCommand(portion));
    if (answer.kind === 'refused') throw refusalError(answer.refusal, null);
    return answer.kind === 'known' ? answer.feeding : answer.ended;
  }

  /** Stops a running feeding; resolves when what fell is written. Ending twice is no error. */
  async cancel(feedingId: string): Promise<Feeding> {
    const running = this.#running;
    if (running !== null && running.feeding.id === feedingId) {
      this.#parts.station.cancel();
      return running.ended;
    }
    const feeding = this.#parts.journal.find(feedingId);
    if (feeding === undefined) throw new FeederError('ERR_NOT_FOUND');
    return feeding;
  }

  /** The emergency stop: the motor is off when this returns; the promise waits for the record. */
  async stopAll(): Promise<void> {
    this.#stops += 1;
    this.#parts.station.cancel();
    await this.#running?.ended;
  }

  /** The lid was opened, the bowl taken, the mains failed: what fell is weighed, the rest stays. */
  #endInterlocked(): void {
    if (this.#running === null) return;
    const held = this.#parts.interlocks.active().find((one) => endingInterlocks.has(one));
    if (held !== undefined) this.#parts.station.cancel(held);
  }

  /** No new feeding begins; a running one is stopped and its record written. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    await this.stopAll();
    this.#parts.unwritten.flush();
  }

  /** Checks, claims and starts. Everything up to the claim is synchronous: nothing can slip in between. */
  begin(command: FeedCommand): BeginAnswer {
    const { journal, time, unwritten, check } = this.#parts;
    const known = journal.findByRequestId(command.requestId);
    if (known !== undefined) return { kind: 'known', feeding: known };
    if (unwritten.flush()) {
      this.#parts.memoryOnly.forgetWritten((id) => journal.find(id) !== undefined);
    }
    const now = time.now();
    const openLoop = isScaleDead(this.#parts.station.health());
    const wish = openLoop ? maintenancePortion(command) : command;
    const refusal = check(wish, this.#context(command, now));
    if (refusal !== null) return { kind: 'refused', refusal };
    const model = this.#model(command);
    const overshootGrams = overshootOf(model);
    const reservedGrams = openLoop
      ? wish.portionGrams * (1 + OPEN_LOOP_ERROR) + overshootGrams
      : wish.portionGrams + overshootGrams;
    const feedingId = this.#parts.newId(now.wallMs);
    const claimed = this.#claim(feedingId, wish, reservedGrams, now);
    if (claimed !== null) return { kind: 'refused', refusal: claimed };
    const feeding = journal.find(feedingId) ?? this.#parts.memoryOnly.feeding(feedingId);
    const run = this.#run({
      feeding,
      command: wish,
      model,
      openLoop,
      gramsMax: reservedGrams,
      now,
    });
    run.catch((error: unknown) => this.#lost(feedingId, error));
    this.#running = { feeding, ended: run };
    this.#parts.onFeeding(feeding);
    return { kind: 'begun', feeding, ended: run };
  }

  /** The control loop is gone. At a stop that is no failure: the next start closes the feeding. */
  #lost(feedingId: string, error: unknown): void {
    if (!this.#isStopping) this.#parts.onFatal(error);
    else
      this.#parts.logger.warn({ feedingId, error }, 'A feeding is left open for the next start.');
  }

  /** Null when the claim is durable (or allowed from memory); else the refusal. */
  #claim(
    feedingId: string,
    wish: FeedCommand,
    reservedGrams: Grams,
    now: StationTime,
  ): Refusal | null {
    const record = {
      feedingId,
      requestId: wish.requestId,
      cause: wish.cause,
      occurrence: wish.occurrence,
      petId: wish.petId,
      kibbleId: this.#parts.kibble()?.id ?? null,
      portionGrams: wish.portionGrams,
      reservedGrams,
      time: now,
      why: wish.why,
    };
    try {
      this.#parts.journal.claim(record);
      this.#parts.memoryOnly.diskWorks();
      return null;
    } catch (error) {
      if (!(error instanceof FeederError) || error.code !== 'ERR_STORAGE') throw error;
      this.#parts.memoryOnly.diskRefused(now.ageMs);
      if (this.#parts.memoryOnly.admit(record)) return null;
      return { rule: 'storage', numbers: {}, remainingGrams: 0, why: error.message };
    }
  }

  async #run(job: {
    feeding: Feeding;
    command: FeedCommand;
    model: KibbleModel;
    openLoop: boolean;
    gramsMax: Grams;
    now: StationTime;
  }): Promise<Feeding> {
    const notes = new ProgressNotes(this.#parts.journal, (progress) => {
      if (this.#running?.feeding.id !== progress.feedingId) return;
      const feeding = { ...this.#running.feeding, stage: progress.stage, turns: progress.turns };
      this.#running = { ...this.#running, feeding };
      this.#parts.onProgress(progress);
    });
    try {
      const outcome = await this.#parts.station.dispense(
        {
          feedingId: job.feeding.id,
          portionGrams: job.command.portionGrams,
          gramsMax: job.gramsMax,
          model: job.model,
          openLoop: job.openLoop,
        },
        (progress) => notes.note(progress, this.#parts.time.now().monoMs),
      );
      return this.#finish(job, outcome);
    } finally {
      // Whoever heard of the end may have begun the next one already: that one is not over.
      if (this.#running?.feeding.id === job.feeding.id) this.#running = null;
    }
  }

  #finish(
    job: { feeding: Feeding; command: FeedCommand; model: KibbleModel },
    outcome: DispenseOutcome,
  ): Feeding {
    const { feeding, command } = job;
    const { learn, unwritten, faults, journal } = this.#parts;
    const portionGrams = command.portionGrams;
    const model = learn(job.model, outcome);
    const { result, fault, dose } = outcome;
    const record: FinishRecord = {
      feedingId: feeding.id,
      result,
      fault,
      dose,
      bowlBeforeGrams: outcome.bowlBeforeGrams,
      bowlAfterGrams: outcome.bowlAfterGrams,
      turns: outcome.turns,
      attempts: outcome.attempts,
      motorMs: Math.round(outcome.motorMs),
      trace: outcome.trace,
      verdict:
        command.verdict === null
          ? null
          : outcomeVerdict({
              result,
              fault,
              dose,
              portionGrams,
              intended: { verdict: command.verdict, rule: command.rule },
            }),
      time: this.#parts.time.now(),
      why: explainOutcome({ result, fault, portionGrams, dose }),
      learned: model === null ? null : { kibbleId: feeding.kibbleId, model },
    };
    const isOnDisk = unwritten.write(record, this.#parts.memoryOnly.claimOf(feeding.id));
    const { time, why } = record;
    faults.afterFeeding({ feedingId: feeding.id, result, fault, atMs: time.wallMs, why });
    const ended =
      (isOnDisk ? journal.find(feeding.id) : undefined) ?? endedFeeding(feeding, record);
    // Before anybody is told: who hears of the end may want the dispenser at once.
    this.#running = null;
    this.#parts.onFeeding(ended);
    return ended;
  }

  async #answer(answer: BeginAnswer): Promise<FeedAnswer> {
    if (answer.kind === 'refused') {
      const { rule, remainingGrams, why } = answer.refusal;
      return { kind: 'refused', rule, remainingGrams, why };
    }
    const feeding = answer.kind === 'begun' ? await answer.ended : answer.feeding;
    return { kind: 'ended', servedLowGrams: feeding.dose?.lowGrams ?? 0 };
  }

  #model({ isAnew }: FeedCommand): KibbleModel {
    if (isAnew) return this.#parts.makersGuess;
    return this.#parts.kibble()?.model ?? this.#parts.guess();
  }

  #context(command: FeedCommand, now: StationTime): FeedContext {
    const { journal, memoryOnly, unwritten, settings, station, faults } = this.#parts;
    const { rationOf, localTime } = this.#parts;
    const isTimeKnown = now.quality !== 'unknown';
    return {
      settings: settings(),
      planDayGrams: this.#parts.planDayGrams(),
      rationGrams: command.petId === null ? null : (rationOf(command.petId) ?? null),
      doses: unwritten.dated([...journal.doses(now), ...memoryOnly.doses()]),
      now,
      localDateOf: (wallMs) => localTime(wallMs).date,
      overshootGrams: overshootOf(this.#model(command)),
      isBusy: this.#running !== null,
      isRecovering: this.#isRecovering,
      isStopping: this.#isStopping,
      isStopped: command.stopsBefore !== undefined && command.stopsBefore !== this.#stops,
      faults: faults.active(),
      interlocks: this.#parts.interlocks.active(),
      health: station.health(),
      startedAtAgeMs: memoryOnly.startedAtAgeMs,
      localMinute: isTimeKnown ? localTime(now.wallMs).minute : null,
    };
  }

  #refusePetUnknown(request: FeedRequest): void {
    if (request.petId === null || this.#parts.rationOf(request.petId) !== undefined) return;
    throw new FeederError('ERR_BUSINESS_RULE', {
      details: [{ path: 'petId', message: 'there is no pet with this id' }],
    });
  }

  /** The refusal in the ledger; null when even that could not be written. */
  #recordRefusal(request: FeedRequest, refusal: Refusal, now: StationTime): string | null {
    const feedingId = this.#parts.newId(now.wallMs);
    const { requestId, cause, petId, portionGrams } = request;
    const { rule, numbers, why } = refusal;
    const asked = { feedingId, requestId, cause, petId, portionGrams };
    try {
      this.#parts.journal.refuse({ ...asked, rule, numbers, time: now, why });
      return feedingId;
    } catch (error) {
      if (!(error instanceof FeederError)) throw error;
      this.#parts.logger.error({ code: error.code, rule }, 'A refusal could not be written.');
      return null;
    }
  }
}
