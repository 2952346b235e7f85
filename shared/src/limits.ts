import type { Grams, Milliseconds, Turns } from './units.ts';

/**
 * Ceilings that no setting, no caller and no cloud can raise. Settings may only be stricter.
 * They are checked at the edge, again inside the feeding core, and again in the control loop.
 */
export const PORTION_GRAMS_MIN: Grams = 1;
export const FEEDING_GRAMS_CEILING: Grams = 150;
export const HOUR_GRAMS_CEILING: Grams = 250;
export const DAY_GRAMS_CEILING: Grams = 500;
/** The motor is only ever commanded this far ahead (feeding.md invariant 4). */
export const MOTOR_SLICE_MS_MAX: Milliseconds = 250;
/** Powered motor time of one feeding, all attempts together. */
export const MOTOR_RUN_MS_CEILING: Milliseconds = 180_000;
/** Forward turns of one feeding, all attempts together. */
export const TURNS_CEILING: Turns = 400;
/** Unjam attempts of one feeding. */
export const ATTEMPTS_CEILING = 3;
/** From start to end of one feeding, waiting for a cat included. */
export const FEEDING_MS_CEILING: Milliseconds = 300_000;
/** The furthest that an expiry lies ahead of the clock that it was reckoned by. */
export const COMMAND_TTL_MS_MAX: Milliseconds = 600_000;

export const NAME_LENGTH_MAX = 100;
export const NOTE_LENGTH_MAX = 500;
export const PETS_MAX = 20;
export const KIBBLES_MAX = 50;
export const PLANS_MAX = 20;
export const MEALS_PER_PLAN_MAX = 24;
export const OVERLAYS_MAX = 50;
export const PAGE_LIMIT_MAX = 100;
export const PREVIEW_DAYS_MAX = 400;
export const BODY_BYTES_MAX = 65_536;
