import {
  DAY_GRAMS_CEILING,
  FEEDING_GRAMS_CEILING,
  type FeedingCause,
  type Grams,
  HOUR_GRAMS_CEILING,
  HOUR_MS,
  type Milliseconds,
  type RefusalRule,
  type Settings,
} from '@cat-feeder/shared';
import type { StationTime } from '../platform/clock.ts';
import { isTrusted, leastElapsedMs } from './elapsed.ts';
import type { BookedDose } from './feeding-journal.ts';

/**
 * The caps. They see every path alike: plan, person, automation, button, MQTT, cloud, calibration.
 *
 * A day's window is 22 hours of surely elapsed time, and besides the local date where the clock
 * can be trusted. Not 24: with 24, yesterday's breakfast, served at 08:00:05, would still count at
 * 08:00:00 today, and a spring day has 23 hours.
 */
export const DAY_WINDOW_MS: Milliseconds = 22 * HOUR_MS;

export interface LimitQuestion {
  readonly cause: FeedingCause;
  readonly petId: string | null;
  readonly portionGrams: Grams;
  /** What may fall beyond the portion; reserved together with it. */
  readonly overshootGrams: Grams;
  /** What may fall beyond the portion, as a share of it: 0 where the scale sees the food. */
  readonly errorShare: number;
}

export interface LimitContext {
  readonly settings: Settings;
  /** What the active plan serves on an fullest day; null without a plan. */
  readonly planDayGrams: Grams | null;
  /** The ration of the pet in question; null without one. */
  readonly rationGrams: Grams | null;
  readonly doses: readonly BookedDose[];
  readonly now: StationTime;
  readonly localDateOf: (wallMs: number) => string;
}

/** `within`: the whole portion fits. `passed`: it does not; `remainingGrams` (0 or more) would. */
export interface LimitAnswer {
  readonly kind: 'within' | 'passed';
  readonly rule: RefusalRule | null;
  readonly remainingGrams: Grams;
  readonly numbers: Record<string, number | null>;
}

/** Causes that the feeder decides by itself; a person may go up to the day's cap. */
export const ownDecisions: ReadonlySet<FeedingCause> = new Set([
  'schedule',
  'starvation',
  'elapsed_time',
]);

interface Cap {
  readonly rule: RefusalRule;
  readonly limitGrams: Grams;
  readonly bookedGrams: Grams;
  readonly errorShare: number;
}

/** What a dose counts as: a ration is a target, so a measured dose is there what it likely was. */
type Share = 'lowGrams' | 'rationGrams' | 'highGrams';

function sumOf(
  doses: readonly BookedDose[],
  share: Share,
  counts: (dose: BookedDose) => boolean,
): Grams {
  let grams = 0;
  for (const dose of doses) if (counts(dose)) grams += dose[share];
  return grams;
}

/**
 * The share of the plan counts what may have come. A portion against hunger is owed because too
 * little surely came, so only that may stand in its way: otherwise doses of 0 to 35 g would both
 * leave a cat hungry and use up its food. The caps of hour and day make no such difference.
 */
function planShare(cause: FeedingCause): Share {
  return cause === 'starvation' ? 'lowGrams' : 'highGrams';
}

function capsOn(question: LimitQuestion, context: LimitContext): Cap[] {
  const { settings, doses, now } = context;
  const { errorShare } = question;
  const elapsed = (dose: BookedDose) => leastElapsedMs(dose.at, now);
  const inHour = sumOf(doses, 'highGrams', (dose) => elapsed(dose) < HOUR_MS);
  const inDay = sumOf(doses, 'highGrams', (dose) => elapsed(dose) < DAY_WINDOW_MS);
  const today = isTrusted(now.quality) ? context.localDateOf(now.wallMs) : null;
  const onDate = (dose: BookedDose) =>
    today !== null && isTrusted(dose.at.quality)
      ? context.localDateOf(dose.at.wallMs) === today
      : elapsed(dose) < DAY_WINDOW_MS;
  const caps: Cap[] = [
    {
      rule: 'cap_hour',
      limitGrams: Math.min(settings.hourGramsMax, HOUR_GRAMS_CEILING),
      bookedGrams: inHour,
      errorShare,
    },
    {
      rule: 'cap_day',
      limitGrams: Math.min(settings.dayGramsMax, DAY_GRAMS_CEILING),
      bookedGrams: Math.max(inDay, sumOf(doses, 'highGrams', onDate)),
      errorShare,
    },
  ];
  if (context.planDayGrams !== null && ownDecisions.has(question.cause)) {
    caps.push({
      rule: 'cap_plan',
      limitGrams: (context.planDayGrams * settings.planPercentMax) / 100 + question.overshootGrams,
      bookedGrams: sumOf(
        doses,
        planShare(question.cause),
        (dose) =>
          ownDecisions.has(dose.cause) && dose.isAssumed !== true && elapsed(dose) < DAY_WINDOW_MS,
      ),
      errorShare,
    });
  }
  if (question.petId !== null && context.rationGrams !== null) {
    caps.push({
      rule: 'cap_pet_day',
      limitGrams: context.rationGrams + question.overshootGrams,
      bookedGrams: sumOf(
        doses,
        'rationGrams',
        (dose) => dose.petId === question.petId && onDate(dose),
      ),
      errorShare: 0,
    });
  }
  return caps;
}

/** Whether a portion fits under every cap, and how much would. Pure. */
export function checkLimits(question: LimitQuestion, context: LimitContext): LimitAnswer {
  const feedingMax = Math.min(context.settings.feedingGramsMax, FEEDING_GRAMS_CEILING);
  let remaining = feedingMax;
  let rule: RefusalRule | null = question.portionGrams > feedingMax ? 'cap_feeding' : null;
  let numbers: Record<string, number | null> = { limitGrams: feedingMax, bookedGrams: 0 };
  for (const cap of capsOn(question, context)) {
    const free = cap.limitGrams - cap.bookedGrams - question.overshootGrams;
    const left = Math.max(0, free / (1 + cap.errorShare));
    if (left < remaining) {
      remaining = left;
      numbers = { limitGrams: cap.limitGrams, bookedGrams: cap.bookedGrams };
      if (question.portionGrams > left) rule = cap.rule;
    }
  }
  numbers = { ...numbers, portionGrams: question.portionGrams, remainingGrams: remaining };
  return { kind: rule === null ? 'within' : 'passed', rule, remainingGrams: remaining, numbers };
}
