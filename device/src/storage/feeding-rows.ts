import {
  type Dose,
  FEEDING_MS_CEILING,
  type Feeding,
  type FeedingStage,
  fromMilligrams,
  type Grams,
  type Milliseconds,
  type Occurrence,
  toMilligrams,
} from '@cat-feeder/shared';
import { isTrusted } from '../feeding/elapsed.ts';
import type {
  BookedDose,
  ClaimRecord,
  FinishRecord,
  ProgressRecord,
  RefusalRecord,
  Stamp,
} from '../feeding/feeding-journal.ts';
import type { StationTime } from '../platform/clock.ts';
import type { FeedingRow, OccurrenceRow, ProgressRow } from './schema.ts';

/** Sentences for people are cut here; the ledger takes no longer ones. */
const WHY_LENGTH_MAX = 400;
/** Rounding noise that must not turn 10 g into 10.001 g or 9.999 g. */
const ROUNDING_MG = 1e-6;

export function clipWhy(why: string): string {
  return why.length <= WHY_LENGTH_MAX ? why : `${why.slice(0, WHY_LENGTH_MAX - 1)}…`;
}

/** Rounds so that the interval can only grow: low down, high up. */
export function lowMilligrams(grams: Grams): number {
  return Math.floor(grams * 1000 + ROUNDING_MG);
}

export function highMilligrams(grams: Grams): number {
  return Math.ceil(grams * 1000 - ROUNDING_MG);
}

export function maybeMilligrams(grams: Grams | null): number | null {
  return grams === null ? null : toMilligrams(grams);
}

export function maybeGrams(milligrams: number | null): Grams | null {
  return milligrams === null ? null : fromMilligrams(milligrams);
}

/** The row of a new claim with the number `n`. */
export function claimRow(record: ClaimRecord, n: number): FeedingRow {
  const { time } = record;
  return {
    ...emptyRow(n),
    feeding_id: record.feedingId,
    request_id: record.requestId,
    cause: record.cause,
    occurrence_key: record.occurrence?.key ?? null,
    pet_id: record.petId,
    kibble_id: record.kibbleId,
    portion_mg: toMilligrams(record.portionGrams),
    reserved_mg: highMilligrams(record.reservedGrams),
    state: 'running',
    ...stampColumns(time),
    why: clipWhy(record.why),
  };
}

export function refusalRow(record: RefusalRecord, n: number): FeedingRow {
  const { time } = record;
  return {
    ...emptyRow(n),
    feeding_id: record.feedingId,
    request_id: record.requestId,
    cause: record.cause,
    pet_id: record.petId,
    portion_mg: toMilligrams(record.portionGrams),
    state: 'refused',
    refusal: record.rule,
    ...stampColumns(time),
    ended_ms: Math.round(time.wallMs),
    why: clipWhy(record.why),
  };
}

/** The row of a claim after its end. */
export function finishedRow(row: FeedingRow, record: FinishRecord): FeedingRow {
  const { dose, time } = record;
  return {
    ...row,
    state: 'done',
    result: record.result,
    fault: record.fault,
    low_mg: lowMilligrams(dose.lowGrams),
    likely_mg: toMilligrams(dose.likelyGrams),
    high_mg: highMilligrams(dose.highGrams),
    method: dose.method,
    bowl_before_mg: maybeMilligrams(record.bowlBeforeGrams),
    bowl_after_mg: maybeMilligrams(record.bowlAfterGrams),
    milli_turns: Math.round(record.turns * 1000),
    attempts: record.attempts,
    motor_ms: Math.round(record.motorMs),
    ended_ms: Math.round(time.wallMs),
    ...lastMotion(row, time),
    why: clipWhy(record.why),
  };
}

/**
 * The caps count from the last instant at which food may have fallen: the end, if the program lived
 * to see it, else the earlier of a feeding's longest time after its claim and its closing.
 */
function lastMotion(
  row: FeedingRow,
  end: StationTime,
): Pick<FeedingRow, 'motion_ms' | 'motion_age_ms'> {
  const endMs = Math.round(end.wallMs);
  const endAgeMs = Math.round(end.ageMs);
  if (end.bootId === row.boot_id) return { motion_ms: endMs, motion_age_ms: endAgeMs };
  const latestMs = row.claimed_ms + FEEDING_MS_CEILING;
  const latestAgeMs = row.claimed_age_ms + FEEDING_MS_CEILING;
  const isOrdered = isTrusted(end.quality) && endMs >= row.claimed_ms;
  return {
    motion_ms: isOrdered ? Math.min(latestMs, endMs) : latestMs,
    motion_age_ms: Math.min(latestAgeMs, lastPossibleAgeMs(row, end)),
  };
}

/**
 * The lived time by which a feeding that its program did not end was surely over. Where its power
 * was cut, that is when the power came back: a stamp that reached into the present power-up would
 * lose the hours in the dark, for hunger as for the caps. Where the power stayed on, lived time went
 * on without a gap, and it was over when it was closed. Where nobody knows, there is no such time.
 */
function lastPossibleAgeMs(row: FeedingRow, end: StationTime): Milliseconds {
  if (end.poweredAtAgeMs === undefined) return Number.POSITIVE_INFINITY;
  const poweredAtAgeMs = Math.floor(end.poweredAtAgeMs);
  return row.claimed_age_ms <= poweredAtAgeMs ? poweredAtAgeMs : Math.round(end.ageMs);
}

/**
 * Lived time that the feeder has surely reached by this row: its end where the program lived to see
 * it, else its claim. The longest possible end, which the caps count from, may not have come yet.
 */
export function witnessedAgeMs(row: FeedingRow): Milliseconds {
  const isAssumed = row.motion_age_ms >= row.claimed_age_ms + FEEDING_MS_CEILING;
  return isAssumed ? row.claimed_age_ms : row.motion_age_ms;
}

function stampColumns(time: StationTime) {
  const wallMs = Math.round(time.wallMs);
  const ageMs = Math.round(time.ageMs);
  return {
    claimed_ms: wallMs,
    claimed_age_ms: ageMs,
    boot_id: time.bootId,
    quality: time.quality,
    motion_ms: wallMs,
    motion_age_ms: ageMs,
  };
}

function emptyRow(n: number) {
  return {
    n,
    occurrence_key: null,
    kibble_id: null,
    reserved_mg: 0,
    result: null,
    fault: null,
    refusal: null,
    low_mg: null,
    likely_mg: null,
    high_mg: null,
    method: null,
    bowl_before_mg: null,
    bowl_after_mg: null,
    milli_turns: 0,
    attempts: 0,
    motor_ms: 0,
    ended_ms: null,
  } as const;
}

/** The feeding behind a row; a running one shows its last progress. */
export function toFeeding(row: FeedingRow, progress: ProgressRow | undefined): Feeding {
  const isRunning = row.state === 'running';
  const live = isRunning ? progress : undefined;
  const feeding = {
    id: row.feeding_id,
    requestId: row.request_id,
    cause: row.cause,
    occurrenceKey: row.occurrence_key,
    petId: row.pet_id,
    kibbleId: row.kibble_id,
    portionGrams: fromMilligrams(row.portion_mg),
    state: row.state,
    stage: isRunning ? (live?.stage ?? 'claimed') : 'done',
    result: row.result,
    fault: row.fault,
    refusal: row.refusal,
    dose: toDose(row),
    bowlBeforeGrams: maybeGrams(live?.bowl_before_mg ?? row.bowl_before_mg),
    bowlAfterGrams: maybeGrams(row.bowl_after_mg),
    turns: (live?.milli_turns ?? row.milli_turns) / 1000,
    attempts: live?.attempts ?? row.attempts,
    motorMs: live?.motor_ms ?? row.motor_ms,
    startedAtMs: row.claimed_ms,
    endedAtMs: row.ended_ms,
    clockQuality: row.quality,
    why: row.why,
  };
  // The words were checked when they were written, and the row's checksum since.
  return feeding as Feeding;
}

function toDose(row: FeedingRow): Dose | null {
  if (row.low_mg === null || row.likely_mg === null || row.high_mg === null) return null;
  return {
    lowGrams: fromMilligrams(row.low_mg),
    likelyGrams: fromMilligrams(row.likely_mg),
    highGrams: fromMilligrams(row.high_mg),
    method: (row.method ?? 'unknown') as Dose['method'],
  };
}

export function claimStamp(row: FeedingRow): Stamp {
  return {
    wallMs: row.claimed_ms,
    ageMs: row.claimed_age_ms,
    bootId: row.boot_id,
    quality: row.quality as Stamp['quality'],
  };
}

/** What counts against the caps: a finished dose, or the reservation of a running one. */
export function toBookedDose(row: FeedingRow): BookedDose {
  const dose = toDose(row);
  const highGrams = dose?.highGrams ?? fromMilligrams(row.reserved_mg);
  return {
    feedingId: row.feeding_id,
    cause: row.cause as BookedDose['cause'],
    petId: row.pet_id,
    portionGrams: fromMilligrams(row.portion_mg),
    lowGrams: dose?.lowGrams ?? 0,
    highGrams,
    rationGrams: dose?.method === 'measured' ? dose.likelyGrams : highGrams,
    at: { ...claimStamp(row), wallMs: row.motion_ms, ageMs: row.motion_age_ms },
  };
}

export function progressRow(record: ProgressRecord): ProgressRow {
  return {
    feeding_id: record.feedingId,
    stage: record.stage,
    milli_turns: Math.round(record.turns * 1000),
    motor_ms: Math.round(record.motorMs),
    attempts: record.attempts,
    served_mg: maybeMilligrams(record.servedGrams),
    bowl_before_mg: maybeMilligrams(record.bowlBeforeGrams),
  };
}

export function toProgress(feedingId: string, row: ProgressRow | undefined): ProgressRecord {
  return {
    feedingId,
    stage: (row?.stage ?? 'claimed') as FeedingStage,
    turns: (row?.milli_turns ?? 0) / 1000,
    motorMs: row?.motor_ms ?? 0,
    attempts: row?.attempts ?? 0,
    servedGrams: maybeGrams(row?.served_mg ?? null),
    bowlBeforeGrams: maybeGrams(row?.bowl_before_mg ?? null),
  };
}

/** The row of an occurrence; what only a decision knows is empty until then. */
export function occurrenceRow(
  occurrence: Occurrence,
  decision: Pick<OccurrenceRow, 'state' | 'feeding_id' | 'after_n'> & Partial<OccurrenceRow>,
): OccurrenceRow {
  return {
    key: occurrence.key,
    meal_id: occurrence.mealId,
    meal_name: occurrence.mealName,
    pet_id: occurrence.petId,
    local_date: occurrence.localDate,
    local_time: occurrence.localTime,
    due_ms: Math.round(occurrence.dueAtMs),
    portion_mg: toMilligrams(occurrence.portionGrams),
    verdict: null,
    rule: null,
    served_mg: null,
    decided_ms: null,
    numbers: '{}',
    why: '',
    ...decision,
  };
}

export function toOccurrence(row: OccurrenceRow): Occurrence {
  return {
    key: row.key,
    mealId: row.meal_id,
    mealName: row.meal_name,
    petId: row.pet_id,
    localDate: row.local_date,
    localTime: row.local_time,
    dueAtMs: row.due_ms,
    portionGrams: fromMilligrams(row.portion_mg),
    state: row.state as Occurrence['state'],
    verdict: row.verdict as Occurrence['verdict'],
    rule: row.rule,
    feedingId: row.feeding_id,
    servedGrams: maybeGrams(row.served_mg),
    decidedAtMs: row.decided_ms,
    why: row.why,
  };
}
