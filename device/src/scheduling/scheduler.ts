import {
  type EpochMs,
  FeederError,
  HOUR_MS,
  type Milliseconds,
  type Occurrence,
  PREVIEW_DAYS_MAX,
  parseOccurrenceKey,
  SECOND_MS,
} from '@cat-feeder/shared';
import type { Cancel, Clock, StationClock, StationTime } from '../platform/clock.ts';
import type { Logger } from '../platform/logger.ts';
import { type Agenda, assessSchedule } from './agenda.ts';
import { daysBetween } from './calendar.ts';
import { type Decision, dueWindow } from './due-occurrences.ts';
import { MealDesk } from './meal-desk.ts';
import { mergeOccurrences } from './occurrence-list.ts';
import { closingsForEdit, editWindow } from './plan-edits.ts';
import type { AlarmClock, MealFeeder, PlanView, ScheduleStore } from './schedule-store.ts';
import { unprovenGap } from './unproven-time.ts';

/** Something a person must hear of. Told once per subject and start of the daemon. */
export interface ScheduleAlert {
  readonly kind: 'dead_man' | 'ask_owner' | 'starvation' | 'elapsed_time';
  /** The occurrence's key or the request's id. */
  readonly subject: string;
  readonly why: string;
}

export interface SchedulerParts {
  readonly clock: Clock;
  readonly time: StationClock;
  readonly store: ScheduleStore;
  readonly feeder: MealFeeder;
  readonly alarm: AlarmClock;
  readonly logger: Logger;
  readonly onAlert?: (alert: ScheduleAlert) => void;
  /** After rows were written: pages and sync may look again. */
  readonly onChange?: () => void;
}

/** The schedule is looked at this often, whatever alarms do. */
export const TICK_MS: Milliseconds = 30 * SECOND_MS;
/** Wall and monotonic clock may differ by this between two looks. */
const STEP_MS: Milliseconds = 2 * SECOND_MS;
/** With nothing to write, progress is noted this rarely: it only bounds how far back a start looks. */
const NOTE_PROGRESS_EVERY_MS: Milliseconds = 12 * HOUR_MS;
const ALERTED_MAX = 256;
/** Writing verdicts makes none due: one more look finds everything. */
const ROUNDS_MAX = 3;
/** Feedings that one call of `evaluateNow` waits for; more is a loop. */
const FEEDINGS_AWAITED_MAX = 64;

/**
 * Carries out what the pure functions decide: on the alarm, on a tick, at start, after edits,
 * feedings and clock changes. Evaluations are synchronous, so there are never two at once; one
 * feeding at most runs beside them.
 */
export class Scheduler {
  readonly #parts: SchedulerParts;
  readonly #desk: MealDesk;
  readonly #alerted = new Set<string>();
  #isRunning = false;
  #isEvaluating = false;
  #isDirty = true;
  #cancelTick: Cancel | null = null;
  #unknownSinceMonoMs: Milliseconds | null = null;
  #agenda: Agenda | null = null;
  #alarmMs: EpochMs | null = null;
  #seen: StationTime | null = null;
  #failures = 0;
  #evaluations = 0;

  constructor(parts: SchedulerParts) {
    this.#parts = parts;
    this.#desk = new MealDesk(parts);
  }

  /** Evaluates at once, then on alarms and ticks until `stop` or the signal. */
  start(signal?: AbortSignal): void {
    if (this.#isRunning || signal?.aborted) return;
    this.#isRunning = true;
    signal?.addEventListener('abort', () => this.#halt(), { once: true });
    this.#isDirty = true;
    this.#armTick();
    this.#look();
  }

  /** Nothing new begins; resolves when a running feeding of the schedule has ended. */
  async stop(): Promise<void> {
    this.#halt();
    await this.#desk.settled();
  }

  /** Evaluates now and resolves when what it began has ended. Never rejects for storage. */
  async evaluateNow(): Promise<void> {
    this.#isDirty = true;
    this.#look();
    for (let i = 0; i < FEEDINGS_AWAITED_MAX && this.#desk.runningId !== null; i++) {
      await this.#desk.settled();
    }
  }

  /** The plan was edited. */
  planChanged(): void {
    this.#wake();
  }

  /** A feeding of any cause has ended: caps, gaps and hunger are different now. */
  feedingEnded(): void {
    this.#wake();
  }

  /** The wall clock was stepped, or is believed differently. */
  clockChanged(): void {
    this.#wake();
  }

  /**
   * Before any edit of the plan: decides what is due under its present form, and gives a verdict
   * to each occurrence that the edit would lose. Throws `ERR_STORAGE`; then nothing may be edited.
   */
  beforeEdit(after: PlanView): void {
    const { store, time } = this.#parts;
    this.#evaluate();
    this.#desk.interrupt();
    const now = time.now();
    if (now.quality === 'unknown') {
      store.fence(now);
      return;
    }
    this.#noteProgress(now, true);
    const before = store.view();
    const { fromDate, toDate } = editWindow({ before, after }, now);
    const decided = store.decided(fromDate, toDate);
    const closedThroughMs = store.closedThroughMs() ?? now.wallMs;
    const closings = closingsForEdit({ before, after, now, decided, closedThroughMs });
    for (const closing of closings) {
      store.close(closing);
      this.#desk.forget(closing.occurrence.key);
    }
  }

  /** The next occurrence that will be asked for; null for an empty plan or an unknown clock. */
  next(): Occurrence | null {
    const now = this.#parts.time.now();
    const known = this.#agenda?.next ?? null;
    if (!this.#isDirty && known !== null && known.dueAtMs > now.wallMs) return known;
    return this.#assess(now, this.#parts.store.closedThroughMs()).next;
  }

  /** Planned and decided occurrences of local dates from..to, at most 400 days, by due time. */
  occurrencesOn(fromDate: string, toDate: string): Occurrence[] {
    const { store, time } = this.#parts;
    const days = daysBetween(fromDate, toDate) + 1;
    if (!(days >= 1 && days <= PREVIEW_DAYS_MAX)) {
      throw new FeederError('ERR_BUSINESS_RULE', {
        details: [{ path: 'to', message: `must be up to ${PREVIEW_DAYS_MAX} days after 'from'` }],
      });
    }
    return mergeOccurrences({
      view: store.view(),
      fromDate,
      toDate,
      now: time.now(),
      decided: store.decided(fromDate, toDate),
      closedThroughMs: store.closedThroughMs(),
      feedingKey: this.#desk.runningId,
      refused: this.#desk.refused,
    });
  }

  /** Why an occurrence is as it is, as a sentence; undefined when there is no such occurrence. */
  why(key: string): string | undefined {
    const row = this.#parts.store.occurrence(key);
    if (row !== undefined) return row.why;
    const { localDate } = parseOccurrenceKey(key);
    return this.occurrencesOn(localDate, localDate).find((found) => found.key === key)?.why;
  }

  /** Evaluations done, and those that storage made fail. */
  counters(): { readonly evaluations: number; readonly failures: number } {
    return { evaluations: this.#evaluations, failures: this.#failures };
  }

  #halt(): void {
    this.#isRunning = false;
    this.#cancelTick?.();
    this.#cancelTick = null;
    this.#parts.alarm.clear();
    this.#alarmMs = null;
  }

  #armTick(): void {
    this.#cancelTick = this.#parts.clock.after('schedule tick', TICK_MS, () => {
      this.#armTick();
      this.#look();
    });
  }

  #wake(): void {
    this.#isDirty = true;
    if (this.#isRunning) this.#look();
  }

  /** The edge of the loop: a storage error is counted and tried again at the next tick. */
  #look(): void {
    if (this.#isEvaluating || (!this.#isDirty && this.#isQuiet())) return;
    try {
      this.#evaluate();
    } catch (error) {
      if (!(error instanceof FeederError) || error.code !== 'ERR_STORAGE') throw error;
      this.#failures += 1;
      this.#parts.logger.error(
        { code: error.code, failures: this.#failures },
        'The schedule could not be written; it is tried again at the next tick.',
      );
    }
  }

  /** Whether nothing can have become due since the last evaluation; decided in microseconds. */
  #isQuiet(): boolean {
    const now = this.#parts.time.now();
    const seen = this.#seen;
    const agenda = this.#agenda;
    if (seen === null || agenda === null || now.quality !== seen.quality) return false;
    const stepMs = now.wallMs - seen.wallMs - (now.monoMs - seen.monoMs);
    if (Math.abs(stepMs) > STEP_MS) return false;
    return now.wallMs < agenda.quietUntilWallMs && now.ageMs < agenda.quietUntilAgeMs;
  }

  /** Throws `ERR_STORAGE` after serving what can be served; the loop stays dirty then. */
  #evaluate(): void {
    this.#isEvaluating = true;
    this.#isDirty = true;
    try {
      const now = this.#parts.time.now();
      if (now.quality !== 'unknown') this.#unknownSinceMonoMs = null;
      else this.#unknownSinceMonoMs ??= now.monoMs;
      this.#seen = now;
      // Verdicts change who is hungry, so what was written is looked at once more.
      let isChanged = true;
      for (let i = 0; i < ROUNDS_MAX && isChanged; i++) isChanged = this.#round(now);
      this.#isDirty = isChanged;
    } finally {
      this.#isEvaluating = false;
    }
  }

  /** Looks, writes, and begins what is wished; true when something was written. */
  #round(now: StationTime): boolean {
    this.#evaluations += 1;
    const agenda = this.#assess(now, this.#closedThrough(now));
    this.#agenda = agenda;
    let isChanged = false;
    try {
      isChanged = this.#record(agenda, now);
      return isChanged;
    } finally {
      if (agenda.wish !== null && this.#isRunning && !isChanged) {
        this.#desk.begin(agenda.wish, () => this.#wake());
      }
      this.#armAlarm(agenda.quietUntilWallMs);
    }
  }

  #assess(now: StationTime, closedThroughMs: EpochMs | null): Agenda {
    const { store } = this.#parts;
    const view = store.view();
    const food = this.#desk.foodSince(store.food());
    const { fromDate, toDate } = dueWindow(view, now, closedThroughMs ?? now.wallMs);
    const elapsed = food.lastElapsed === null ? [] : [food.lastElapsed];
    return assessSchedule({
      view,
      now,
      closedThroughMs,
      decided: now.quality === 'unknown' ? new Map() : store.decided(fromDate, toDate),
      food,
      refused: this.#desk.refused,
      answered: this.#desk.answered,
      elapsedFeedings: [...elapsed, ...this.#desk.elapsedFeedings],
      feedingKey: this.#desk.runningId,
      unknownForMs: now.monoMs - (this.#unknownSinceMonoMs ?? now.monoMs),
    });
  }

  /** The first instant with a known clock is where the schedule begins, or begins again. */
  #closedThrough(now: StationTime): EpochMs | null {
    const { store } = this.#parts;
    const closedThroughMs = store.closedThroughMs();
    const fencedFromMs = store.fencedFromMs();
    const isSure = closedThroughMs !== null && fencedFromMs === null;
    if (isSure || now.quality === 'unknown') return closedThroughMs;
    const view = store.view();
    const { fromDate, toDate } = dueWindow(view, now, fencedFromMs ?? now.wallMs);
    const decided = store.decided(fromDate, toDate);
    const gap = unprovenGap({ view, now, decided, closedThroughMs, fencedFromMs });
    if (gap !== null) store.closeGap({ ...gap, time: now });
    const beginMs = closedThroughMs ?? now.wallMs;
    store.setClosedThroughMs(beginMs);
    return beginMs;
  }

  /** True when a verdict was written or voided. */
  #record(agenda: Agenda, now: StationTime): boolean {
    let isChanged = false;
    if (now.quality !== 'unknown') this.#lookBack(agenda, now);
    for (const decision of agenda.decisions) {
      if (this.#carryOut(decision, now)) isChanged = true;
    }
    // What was reopened is pending, and only the next look sees it.
    const isReopened = agenda.decisions.some(({ kind }) => kind === 'reopen');
    if (now.quality !== 'unknown' && !isReopened) this.#noteProgress(now, isChanged);
    this.#tellAlerts(agenda);
    if (isChanged) this.#parts.onChange?.();
    return isChanged;
  }

  /** True when something was written. */
  #carryOut(decision: Decision, time: StationTime): boolean {
    const { store } = this.#parts;
    switch (decision.kind) {
      case 'close': {
        const { occurrence, rule, why } = decision.closing;
        store.close(decision.closing);
        this.#desk.forget(occurrence.key);
        if (decision.asksOwner) this.#tell({ kind: 'ask_owner', subject: occurrence.key, why });
        this.#parts.logger.info({ key: occurrence.key, rule }, why);
        return true;
      }
      case 'reopen':
        // What was due before a restore that lost entries is looked for no more.
        if (decision.dueAtMs <= (store.closedThroughMs() ?? time.wallMs)) return false;
        store.reopen(decision.key, decision.why, time);
        return true;
      case 'gap':
        store.closeGap({ ...decision, time });
        store.setClosedThroughMs(decision.toMs);
        return true;
      case 'feed':
      case 'hold':
        return false;
    }
  }

  /**
   * A clock that ran ahead has noted too much as decided. It is taken back before a verdict is void,
   * so that nothing is lost when the power or the disk fails in between.
   */
  #lookBack({ decisions }: Agenda, now: StationTime): void {
    const { store } = this.#parts;
    let backToMs = now.wallMs;
    for (const decision of decisions) {
      if (decision.kind === 'reopen') backToMs = Math.min(backToMs, decision.dueAtMs - 1);
    }
    if ((store.closedThroughMs() ?? backToMs) > backToMs) store.setClosedThroughMs(backToMs);
  }

  /** Everything due is decided up to here. Written when it matters, not at every look. */
  #noteProgress(now: StationTime, isForced: boolean): void {
    const { store } = this.#parts;
    const pendingFromMs = this.#agenda?.pendingFromMs ?? null;
    const reachedMs = pendingFromMs === null ? now.wallMs : Math.min(now.wallMs, pendingFromMs - 1);
    const notedMs = store.closedThroughMs() ?? reachedMs;
    const isDue = reachedMs - notedMs >= (isForced ? 1 : NOTE_PROGRESS_EVERY_MS);
    if (isDue) store.setClosedThroughMs(reachedMs);
  }

  #tellAlerts(agenda: Agenda): void {
    for (const { occurrence, why } of agenda.overdue) {
      this.#tell({ kind: 'dead_man', subject: occurrence.key, why });
    }
    if (agenda.wish?.kind === 'extra') {
      const { cause, requestId, why } = agenda.wish.order;
      this.#tell({ kind: cause, subject: requestId, why });
    }
  }

  #tell(alert: ScheduleAlert): void {
    const id = `${alert.kind} ${alert.subject}`;
    if (this.#alerted.has(id)) return;
    this.#parts.onAlert?.(alert);
    const [oldest] = this.#alerted;
    if (oldest !== undefined && this.#alerted.size >= ALERTED_MAX) this.#alerted.delete(oldest);
    this.#alerted.add(id);
  }

  #armAlarm(wallMs: EpochMs): void {
    if (!this.#isRunning || wallMs === this.#alarmMs) return;
    this.#alarmMs = wallMs;
    if (!Number.isFinite(wallMs)) {
      this.#parts.alarm.clear();
      return;
    }
    this.#parts.alarm.ringAt(wallMs, () => {
      this.#alarmMs = null;
      if (this.#isRunning) this.#look();
    });
  }
}
