/**
 * Units as types. A value carries its unit at the end of its name (`portionGrams`) and in its
 * type: a plain number may become `Grams`, but `Grams` can never be passed where `Milliseconds`
 * is wanted. The tag exists only at compile time.
 */
type Tagged<Tag extends string> = number & { readonly unit?: Tag };

/** Mass in grams. Inside the product grams are the only unit of food. */
export type Grams = Tagged<'g'>;
/** Mass in whole thousandths of a gram: the form that storage and the ledger keep. */
export type Milligrams = Tagged<'mg'>;
/** Energy in kilocalories. */
export type Kcal = Tagged<'kcal'>;
/** A duration, or a reading of the monotonic clock, in milliseconds. */
export type Milliseconds = Tagged<'ms'>;
/** An instant: milliseconds since 1970-01-01T00:00:00Z. */
export type EpochMs = Tagged<'epoch-ms'>;
/** What the converter delivers: a signed 24-bit count, -8388608 to 8388607. */
export type RawCounts = Tagged<'counts'>;
/** Revolutions of the dispenser's output shaft; negative is reverse. */
export type Turns = Tagged<'turns'>;

/** Grams to the whole milligrams that storage keeps. */
export function toMilligrams(grams: Grams): Milligrams {
  return Math.round(grams * 1000);
}

/** Milligrams back to grams. */
export function fromMilligrams(milligrams: Milligrams): Grams {
  return milligrams / 1000;
}

/**
 * Rounds grams for people and for JSON: one hundredth of a gram. It rounds the milligrams that
 * storage keeps, so that a weight reads the same before and after it was written down.
 */
export function roundGrams(grams: Grams): Grams {
  return Math.round(toMilligrams(grams) / 10) / 100;
}

export const SECOND_MS: Milliseconds = 1000;
export const MINUTE_MS: Milliseconds = 60_000;
export const HOUR_MS: Milliseconds = 3_600_000;
export const DAY_MS: Milliseconds = 86_400_000;
