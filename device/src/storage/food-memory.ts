import { isTrusted } from '../feeding/elapsed.ts';
import type { FoodHistory, FoodStamp } from '../scheduling/schedule-store.ts';
import type { CheckedTable } from './checked-table.ts';
import { claimStamp } from './feeding-rows.ts';
import type { FeedingRow, OccurrenceRow } from './schema.ts';

/** How many feedings are looked through for the last one of each kind. */
const LOOK_BACK_FEEDINGS = 100;
/** The starvation clock wants the largest missed portion, not all of history. */
const MISSED_MAX = 100;

const hungryVerdicts: ReadonlySet<string> = new Set([
  'missed',
  'failed',
  'blocked',
  'short',
  'unknown_after_crash',
]);

interface Tables {
  readonly feedings: CheckedTable<FeedingRow>;
  readonly occurrences: CheckedTable<OccurrenceRow>;
}

/** Whether at least half of the portion surely arrived. */
function isSure(row: FeedingRow): boolean {
  return row.state === 'done' && row.low_mg !== null && row.low_mg * 2 >= row.portion_mg;
}

function toFoodStamp(row: FeedingRow | null): FoodStamp | null {
  if (row === null) return null;
  const { bootId, quality } = claimStamp(row);
  return {
    wallMs: row.motion_ms,
    ageMs: row.motion_age_ms,
    bootId,
    trusted: isTrusted(quality),
  };
}

/**
 * When food surely arrived last, and what was due and did not since. Read from the tables once,
 * then kept up to date by what is committed; the scheduler asks for it every half minute.
 */
export class FoodMemory {
  readonly #tables: Tables;
  #lastSure: FeedingRow | null = null;
  #lastCatchUp: FeedingRow | null = null;
  #lastElapsed: FeedingRow | null = null;
  #missed = new Map<string, OccurrenceRow>();
  #isLoaded = false;
  #history: FoodHistory | null = null;

  constructor(tables: Tables) {
    this.#tables = tables;
  }

  history(): FoodHistory {
    this.#load();
    this.#history ??= {
      lastSure: toFoodStamp(this.#lastSure),
      lastCatchUp: toFoodStamp(this.#lastCatchUp),
      lastElapsed: toFoodStamp(this.#lastElapsed),
      missed: [...this.#missed.values()].map((row) => ({
        key: row.key,
        portionGrams: row.portion_mg / 1000,
        dueAtMs: row.due_ms,
      })),
    };
    return this.#history;
  }

  /** After the commit of a claim or an end. */
  onFeeding(row: FeedingRow): void {
    if (!this.#isLoaded) return;
    this.#take(row);
    if (isSure(row)) this.#forgetBefore(row);
    this.#history = null;
  }

  /** After the commit of a verdict. */
  onClosed(row: OccurrenceRow): void {
    if (!this.#isLoaded) return;
    this.#miss(row);
    this.#history = null;
  }

  /** After the commit that voided a verdict. */
  onReopened(key: string): void {
    this.#missed.delete(key);
    this.#history = null;
  }

  /** Food that arrived answers what was missed before its claim; its end may be written much later. */
  #forgetBefore(fed: FeedingRow): void {
    for (const [key, missed] of this.#missed) {
      const isBefore = missed.after_n < fed.n || missed.feeding_id === fed.feeding_id;
      if (isBefore) this.#missed.delete(key);
    }
  }

  #load(): void {
    if (this.#isLoaded) return;
    const recent = this.#tables.feedings.all(
      "WHERE state <> 'refused' ORDER BY n DESC LIMIT ?",
      LOOK_BACK_FEEDINGS,
    );
    for (const row of recent.reverse()) this.#take(row);
    const since = this.#lastSure?.n ?? 0;
    const rows = this.#tables.occurrences.all('WHERE after_n >= ? ORDER BY after_n, due_ms', since);
    for (const row of rows) this.#miss(row);
    this.#isLoaded = true;
  }

  #take(row: FeedingRow): void {
    const isNewer = (known: FeedingRow | null) => known === null || row.n >= known.n;
    if (isSure(row) && isNewer(this.#lastSure)) this.#lastSure = row;
    if (row.cause === 'starvation' && isNewer(this.#lastCatchUp)) this.#lastCatchUp = row;
    if (row.cause === 'elapsed_time' && isNewer(this.#lastElapsed)) this.#lastElapsed = row;
  }

  #miss(row: OccurrenceRow): void {
    if (row.state !== 'closed' || !hungryVerdicts.has(row.verdict ?? '')) return;
    if (row.feeding_id !== null && row.feeding_id === this.#lastSure?.feeding_id) return;
    this.#missed.set(row.key, row);
    const oldest = this.#missed.keys().next();
    if (this.#missed.size > MISSED_MAX && !oldest.done) this.#missed.delete(oldest.value);
  }
}
