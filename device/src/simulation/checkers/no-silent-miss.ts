import { type EpochMs, HOUR_MS, MINUTE_MS, type Milliseconds } from '@cat-feeder/shared';
import type { Checker, Fail, Observed, Situation } from '../observed.ts';
import { type DueTruth, dueUnder, type PlanTruth } from '../plan-truth.ts';

/** An occurrence this far behind its grace must have its verdict. */
const SLACK_MS: Milliseconds = HOUR_MS;
/** So long must the feeder have been up, with a right clock and a healthy disk. */
const SOUND_MS: Milliseconds = HOUR_MS;
/** The seams of a gap entry are the feeder's own instants, a moment away from the truth. */
const GAP_MARGIN_MS: Milliseconds = 5 * MINUTE_MS;

interface Verdicts {
  /** Closings less reopenings. */
  net: number;
  verdict: string;
}

/**
 * Invariant 2: everything that came due, by the simulator's own calendar and the plan as it
 * stood, ends in exactly one verdict; and nothing gets a verdict twice.
 */
export class NoSilentMiss implements Checker {
  readonly #fail: Fail;
  readonly #plan: PlanTruth;
  readonly #isUnproven: () => boolean;
  #isDark = false;
  /** Without any proof of the time nobody can know how long the power was off (docs/feeding.md). */
  #owedFromMs: EpochMs;
  readonly #verdicts = new Map<string, Verdicts>();
  readonly #gaps: { fromMs: EpochMs; toMs: EpochMs }[] = [];
  #checkedThroughMs: EpochMs;
  /** How many occurrences were looked up. */
  checked = 0;
  /** When the verdict of an occurrence was last taken back, by the true clock. */
  readonly #reopenedAtMs = new Map<string, EpochMs>();

  constructor(parts: {
    fail: Fail;
    plan: PlanTruth;
    startMs: EpochMs;
    /** Nothing has told the feeder the time yet. */
    isUnproven: () => boolean;
  }) {
    this.#fail = parts.fail;
    this.#plan = parts.plan;
    this.#isUnproven = parts.isUnproven;
    this.#checkedThroughMs = parts.startMs;
    this.#owedFromMs = parts.startMs;
  }

  see(event: Observed, now: Situation): void {
    if (event.kind === 'death' && event.how === 'power_cut') this.#isDark = true;
    if (event.kind === 'boot') {
      if (this.#isDark && this.#isUnproven()) this.#owedFromMs = now.trueWallMs;
      this.#isDark = false;
    }
    if (event.kind === 'entry') this.#note(event.entry, now.trueWallMs);
    else if (event.kind === 'look' || event.kind === 'end') this.#look(now);
  }

  #note(entry: Extract<Observed, { kind: 'entry' }>['entry'], atMs: EpochMs): void {
    if (entry.name === 'occurrence.closed') {
      const { key, verdict } = entry.body;
      const known = this.#verdicts.get(key) ?? { net: 0, verdict };
      known.net += 1;
      known.verdict = verdict;
      if (known.net > 1) this.#fail('I2', `${key} has a second verdict: ${verdict}`);
      this.#verdicts.set(key, known);
    } else if (entry.name === 'occurrence.reopened') {
      const known = this.#verdicts.get(entry.body.key);
      if (known === undefined || known.net < 1) {
        this.#fail('I2', `${entry.body.key} is reopened without a verdict`);
      } else if (!['missed', 'skipped', 'blocked'].includes(known.verdict)) {
        this.#fail('I2', `${entry.body.key} is reopened after '${known.verdict}'`);
      } else {
        known.net -= 1;
        this.#reopenedAtMs.set(entry.body.key, atMs);
      }
    } else if (entry.name === 'occurrence.gap') {
      this.#gaps.push({ fromMs: entry.body.fromMs, toMs: entry.body.toMs });
    }
  }

  #look(now: Situation): void {
    const soundSinceMs = Math.max(now.bootedAtMs, now.clockRightSinceMs, now.diskHealthySinceMs);
    if (!now.isUp || now.nowMs - soundSinceMs < SOUND_MS) return;
    const graceMs = this.#plan.now.settings.graceMinutes * MINUTE_MS;
    const throughMs = now.trueWallMs - graceMs - SLACK_MS;
    if (throughMs <= this.#checkedThroughMs) return;
    for (const due of this.#plan.dueBetween(this.#checkedThroughMs, throughMs)) {
      if (due.dueMs <= this.#owedFromMs || this.#plan.isDoubtful(due.dueMs)) continue;
      this.checked += 1;
      if ((this.#verdicts.get(due.key)?.net ?? 0) >= 1 || this.#isInGap(due.dueMs)) continue;
      if (this.#isDueAgain(due.key, throughMs)) continue;
      if (this.#wasTakenAwayInTime(due, throughMs)) continue;
      this.#fail(
        'I2',
        `${due.key}, due ${new Intl.DateTimeFormat('sv', { timeZone: 'UTC', dateStyle: 'short', timeStyle: 'medium' }).format(due.dueMs)} UTC, has no verdict`,
      );
    }
    this.#checkedThroughMs = throughMs;
    this.#plan.forgetBefore(throughMs - 48 * HOUR_MS);
  }

  /** Moved into the future by an edit or a zone: its verdict was void, and it comes again. */
  #isDueAgain(key: string, afterMs: EpochMs): boolean {
    const later = dueUnder(this.#plan.now, afterMs, afterMs + 3 * 24 * HOUR_MS);
    return later.some((due) => due.key === key);
  }

  /**
   * It was to come again and was taken away before it did: nothing is owed. Its verdict was taken
   * back, or it was moved on while it waited to be served and had none yet.
   */
  #wasTakenAwayInTime({ key, dueMs }: DueTruth, throughMs: EpochMs): boolean {
    const graceMs = this.#plan.now.settings.graceMinutes * MINUTE_MS;
    const reopenedAtMs = this.#reopenedAtMs.get(key) ?? Number.NEGATIVE_INFINITY;
    const aheadFromMs =
      dueMs <= reopenedAtMs ? reopenedAtMs : this.#plan.movedOnAt(key, dueMs, dueMs + graceMs);
    if (aheadFromMs === null) return false;
    return !this.#plan.dueBetween(aheadFromMs, throughMs).some((again) => again.key === key);
  }

  #isInGap(dueMs: EpochMs): boolean {
    return this.#gaps.some(
      (gap) => gap.fromMs - GAP_MARGIN_MS <= dueMs && dueMs <= gap.toMs + GAP_MARGIN_MS,
    );
  }
}
