import type {
  EpochMs,
  Feeding,
  FeedingCause,
  Grams,
  Occurrence,
  RefusalRule,
  Verdict,
} from '@cat-feeder/shared';

/** A wish for food, from whatever cause, after it passed the edge. */
export interface FeedCommand {
  readonly requestId: string;
  readonly cause: FeedingCause;
  readonly portionGrams: Grams;
  readonly petId: string | null;
  /** The command may not begin after this instant; null: it cannot wait, so it cannot expire. */
  readonly expiresAtMs: EpochMs | null;
  readonly occurrence: Occurrence | null;
  /** The verdict of the occurrence when all of it is served, and the rule that chose it. */
  readonly verdict: Extract<Verdict, 'fed' | 'fed_late' | 'fed_reduced'> | null;
  readonly rule: string;
  readonly why: string;
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
