import { FeederError, HOUR_MS, type Milliseconds } from '@cat-feeder/shared';
import type { BookedDose } from '../feeding/feeding-journal.ts';
import type { StationTime } from '../platform/clock.ts';
import type { CheckedTable } from './checked-table.ts';
import { toBookedDose } from './feeding-rows.ts';
import type { FeedingRow } from './schema.ts';

/** A window of 24 hours, and a local day of 25, can still see a dose this young. */
const WINDOW_MS: Milliseconds = 26 * HOUR_MS;
/** More feedings in one window than any gap between feedings allows: a claim beyond is refused. */
const DOSES_MAX = 10_000;
/** Feedings older than the window, one after another, until the search backwards ends. */
const OLD_ENOUGH = 20;

/** Doses that stand in no row of the database. */
interface Elsewhere {
  /** What a lost part of the ledger may have served. */
  readonly lost: () => readonly BookedDose[];
  /** Claims that only the emergency journal holds. */
  readonly held: () => readonly FeedingRow[];
}

/**
 * The doses that the caps count, in memory, so that a check of the caps needs no query. A dose is
 * forgotten by the age of the feeder alone: age counts only time that was surely lived through.
 */
export class DoseMemory {
  readonly #feedings: CheckedTable<FeedingRow>;
  readonly #elsewhere: Elsewhere;
  #doses: BookedDose[] | null = null;

  constructor(feedings: CheckedTable<FeedingRow>, elsewhere: Elsewhere) {
    this.#feedings = feedings;
    this.#elsewhere = elsewhere;
  }

  within(now: StationTime): readonly BookedDose[] {
    const doses = this.#load(now);
    const isYoung = (dose: BookedDose) => now.ageMs - dose.at.ageMs < WINDOW_MS;
    if (!doses.every(isYoung)) this.#doses = doses.filter(isYoung);
    const { lost, held } = this.#elsewhere;
    return [...lost().filter(isYoung), ...(this.#doses ?? []), ...held().map(toBookedDose)];
  }

  /** After the commit of a claim or an end. */
  onFeeding(row: FeedingRow): void {
    if (this.#doses === null) return;
    const dose = toBookedDose(row);
    const at = this.#doses.findLastIndex((known) => known.feedingId === row.feeding_id);
    if (at < 0) this.#doses.push(dose);
    else this.#doses[at] = dose;
  }

  /** Throws when no further dose can be counted. */
  refuseTooMany(now: StationTime): void {
    if (this.within(now).length < DOSES_MAX) return;
    throw new FeederError('ERR_LIMIT_REACHED', {
      message: `There were ${DOSES_MAX} feedings in one day.`,
    });
  }

  #load(now: StationTime): BookedDose[] {
    if (this.#doses !== null) return this.#doses;
    const doses: BookedDose[] = [];
    let old = 0;
    for (const row of this.#feedings.scan("WHERE state <> 'refused' ORDER BY n DESC")) {
      const dose = toBookedDose(this.#feedings.checked(row));
      if (now.ageMs - dose.at.ageMs < WINDOW_MS) {
        doses.push(dose);
        old = 0;
      } else old += 1;
      if (old >= OLD_ENOUGH || doses.length >= DOSES_MAX) break;
    }
    this.#doses = doses.reverse();
    return this.#doses;
  }
}
