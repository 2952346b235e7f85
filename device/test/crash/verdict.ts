/** What the API rounds away. */
const ROUNDING_GRAMS = 0.002;

export interface FeedingView {
  readonly id: string;
  readonly requestId: string;
  readonly state: string;
  readonly result: string | null;
  readonly refusal: string | null;
  readonly dose: { lowGrams: number; highGrams: number; method: string } | null;
}

/** What came of one wish, seen from outside: by the API and by the food that moved. */
export interface Verdict {
  readonly doubled: boolean;
  readonly unverdicted: boolean;
  readonly intervalMiss: boolean;
  /** An answer that the feeder gave, and does not know of after the kill. */
  readonly lostAnswer: boolean;
  readonly sentence: string;
}

/** Holds a dose against what really fell. Null: nothing was served, so nothing may have fallen. */
export function missesTruth(dose: FeedingView['dose'], fellGrams: number): boolean {
  const { lowGrams, highGrams } = dose ?? { lowGrams: 0, highGrams: 0 };
  return fellGrams < lowGrams - ROUNDING_GRAMS || fellGrams > highGrams + ROUNDING_GRAMS;
}

/** One wish and its kill, as they were seen. */
export interface WishSeen {
  readonly name: string;
  readonly feeding: FeedingView | undefined;
  readonly fellGrams: number;
  readonly doubled: boolean;
  readonly lostAnswer: boolean;
}

/** In one word, what a feeding came to. */
export function resultOf(feeding: FeedingView | undefined): string {
  return feeding?.refusal ?? feeding?.result ?? 'no verdict';
}

/** Holds one wish to what must be true of it whatever happened. */
export function judgeWish({ name, feeding, fellGrams, doubled, lostAnswer }: WishSeen): Verdict {
  const dose = feeding?.dose ?? null;
  const interval = dose === null ? 'nothing' : `${dose.lowGrams} to ${dose.highGrams} g`;
  return {
    doubled,
    unverdicted: feeding === undefined || feeding.state === 'running',
    lostAnswer,
    intervalMiss: missesTruth(dose, fellGrams),
    sentence: `${name}: ${resultOf(feeding)}, booked ${interval}, fell ${fellGrams.toFixed(3)} g`,
  };
}

/** The names of what is wrong with a wish; none when all is well. */
export function wrongsOf({ doubled, unverdicted, intervalMiss, lostAnswer }: Verdict): string[] {
  const words = Object.entries({ doubled, unverdicted, intervalMiss, lostAnswer });
  return words.filter(([, is]) => is).map(([word]) => word.toUpperCase());
}
