import {
  type EpochMs,
  type Feeding,
  type FeedingCause,
  type FeedRequest,
  type Grams,
  type Occurrence,
  ownRequestId,
  type RefusalRule,
  type Verdict,
} from '@cat-feeder/shared';
import type { ExtraOrder, OccurrenceOrder } from '../scheduling/schedule-store.ts';

/** A wish for food, from whatever cause, after it passed the edge. */
export interface FeedCommand {
  readonly requestId: string;
  readonly cause: FeedingCause;
  readonly portionGrams: Grams;
  readonly petId: string | null;
  /** The command may not begin after this instant; null: it never waits, so it cannot expire. */
  readonly expiresAtMs: EpochMs | null;
  readonly occurrence: Occurrence | null;
  /** The verdict of the occurrence when all of it is served, and the rule that chose it. */
  readonly verdict: Extract<Verdict, 'fed' | 'fed_late' | 'fed_reduced'> | null;
  readonly rule: string;
  readonly why: string;
  /** The maker's guess is taken in place of what was learned of the food. */
  readonly isAnew?: boolean;
  /** The stops by the time it was asked for, where it had to wait: one since then ends it. */
  readonly stopsBefore?: number;
}

/** Why nothing was begun. */
export interface Refusal {
  readonly rule: RefusalRule;
  readonly numbers: Record<string, number | null>;
  readonly remainingGrams: Grams;
  readonly why: string;
}

/** What became of a command at once. `ended` resolves when the outcome is on disk. */
export type BeginAnswer =
  | { readonly kind: 'begun'; readonly feeding: Feeding; readonly ended: Promise<Feeding> }
  | { readonly kind: 'known'; readonly feeding: Feeding }
  | { readonly kind: 'refused'; readonly refusal: Refusal };

/** What a person or a program asked for. */
export function askedCommand(request: FeedRequest, stopsBefore: number): FeedCommand {
  return {
    stopsBefore,
    requestId: request.requestId,
    cause: request.cause,
    portionGrams: request.portionGrams,
    petId: request.petId,
    expiresAtMs: request.expiresAtMs ?? null,
    occurrence: null,
    verdict: null,
    rule: 'asked',
    why: `Asked for by ${request.cause}.`,
  };
}

/** A command of the cloud that was claimed; its id makes it happen once. */
export function cloudCommand(order: {
  readonly requestId: string;
  readonly portionGrams: Grams;
  readonly petId: string | null;
  readonly stopsBefore: number;
}): FeedCommand {
  return {
    ...order,
    cause: 'cloud',
    expiresAtMs: null,
    occurrence: null,
    verdict: null,
    rule: 'asked',
    why: 'Asked for by the cloud.',
  };
}

/** A due meal; its requestId is its occurrence, so it can be claimed once only. */
export function occurrenceCommand(order: OccurrenceOrder): FeedCommand {
  const { occurrence } = order;
  return {
    requestId: ownRequestId('meal', occurrence.key),
    cause: 'schedule',
    portionGrams: order.portionGrams,
    petId: occurrence.petId,
    expiresAtMs: null,
    occurrence,
    verdict: order.verdict,
    rule: order.rule,
    why: `Meal ${occurrence.mealName} of ${occurrence.localDate} ${occurrence.localTime}.`,
  };
}

/** What the feeder owes without an occurrence. */
export function extraCommand(order: ExtraOrder): FeedCommand {
  return {
    ...order,
    petId: null,
    expiresAtMs: null,
    occurrence: null,
    verdict: null,
    rule: order.cause,
  };
}

/** One portion of a kibble calibration. */
export interface CalibrationPortion {
  readonly requestId: string;
  readonly portionGrams: Grams;
  /** Served and learned from as if nothing were known of the kibble. */
  readonly isAnew: boolean;
  readonly stopsBefore?: number;
}

/** A calibration asks like anybody else: the caps hold for it. */
export function calibrationCommand(portion: CalibrationPortion): FeedCommand {
  return {
    ...portion,
    cause: 'calibration',
    petId: null,
    expiresAtMs: null,
    occurrence: null,
    verdict: null,
    rule: 'calibration',
    why: 'A portion of the kibble calibration.',
  };
}
