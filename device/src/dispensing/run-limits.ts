import {
  ATTEMPTS_CEILING,
  FEEDING_GRAMS_CEILING,
  FEEDING_MS_CEILING,
  type Grams,
  type KibbleModel,
  type Milliseconds,
  MOTOR_RUN_MS_CEILING,
  TURNS_CEILING,
  type Turns,
} from '@cat-feeder/shared';
import type { BoardTraits } from './control-board.ts';
import type { DispenseOrder } from './feed-station.ts';
import { GUESS_FACTOR, KNOWN_SAMPLES } from './kibble-model.ts';

/**
 * Whatever the scale says, a portion gets this share of the turning that its model wants (FMEA-26),
 * the model read with its doubt, and the slack of a start on top: small portions may turn more than
 * twice as far (docs/feeding.md has the figures).
 */
const TURNS_SHARE_MAX = 1.25;
/** Reverse strokes of one unjam attempt, and the slack they open. */
export const UNJAM_TURNS: Turns = 1;
/** A speed by the datasheet is right within 30 %, and starts and undervoltage slow it more. */
const SLOWNESS_MAX = 2;
/** Time kept at the end of the longest feeding to weigh what fell. */
const CLOSING_MS: Milliseconds = 15_000;

/** What one run may do at most. Orders can only make it less than the ceilings. */
export interface RunLimits {
  /** The mass to steer for. */
  readonly aimGrams: Grams;
  /** Forward turns for the portion itself. */
  readonly turnsMax: Turns;
  /** Forward turns in all, with those that unjamming costs. */
  readonly forwardTurnsMax: Turns;
  readonly motorMsMax: Milliseconds;
  readonly attemptsMax: number;
  /** After this long nothing more is dispensed. */
  readonly activeMsMax: Milliseconds;
}

/** The bounds of one run: the order's wishes under the ceilings that nothing can raise. */
export function runLimits(order: DispenseOrder, traits: BoardTraits): RunLimits {
  const aimGrams = positive(Math.min(order.portionGrams, order.gramsMax, FEEDING_GRAMS_CEILING));
  const { model } = order;
  const gramsPerTurn = Math.max(0.05, positive(model.gramsPerTurn)) / doubtFactor(model);
  const slackTurns = 0.4 + (3 * positive(model.kibbleGrams)) / gramsPerTurn;
  const turnsMax =
    aimGrams === 0
      ? 0
      : Math.min(TURNS_CEILING, (TURNS_SHARE_MAX * aimGrams) / gramsPerTurn + slackTurns);
  const attemptsMax = ATTEMPTS_CEILING;
  const forwardTurnsMax = Math.min(TURNS_CEILING, turnsMax + attemptsMax * UNJAM_TURNS);
  const turnMs = (1000 * SLOWNESS_MAX) / Math.max(0.01, traits.nominalTurnsPerSecond);
  return {
    aimGrams,
    turnsMax,
    forwardTurnsMax,
    motorMsMax: Math.min(
      MOTOR_RUN_MS_CEILING,
      (forwardTurnsMax + attemptsMax * UNJAM_TURNS) * turnMs + 2000,
    ),
    attemptsMax,
    activeMsMax: FEEDING_MS_CEILING - CLOSING_MS,
  };
}

/** How far the truth may lie below what the model says of a turn. */
function doubtFactor(model: KibbleModel): number {
  if (model.samples === 0) return GUESS_FACTOR;
  return model.samples < KNOWN_SAMPLES ? 1.4 : 1;
}

function positive(value: number): number {
  return Number.isFinite(value) && value > 0 ? value : 0;
}
