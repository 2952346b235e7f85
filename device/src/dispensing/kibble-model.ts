import type { Grams, KibbleModel, Milliseconds } from '@cat-feeder/shared';
import type { BoardTraits } from './control-board.ts';
import type { KibbleObservation } from './feed-station.ts';

/** The maker's figure is right within this factor (see `BoardTraits.nominalGramsPerTurn`). */
export const GUESS_FACTOR = 2.5;
/** How long food is on its way to the bowl before anything is known of the chute. */
export const GUESS_LAG_MS: Milliseconds = 450;
/** One observation may move a mean by this share once a kibble is known (FMEA-19). */
const STEP_MAX = 0.3;
/** So many observations make a kibble known. */
export const KNOWN_SAMPLES = 3;
/** Older observations fade: the newest one weighs at least 1 / this. */
const MEMORY = 10;
/** The mass of a piece may move freely for so many feedings, by this weight each time. */
const PIECE_SAMPLES = 8;
const PIECE_WEIGHT = 0.4;
/** A residual larger than this many spreads counts as this many. */
const RESIDUAL_SIGMAS = 3;
/** The spread of a mean never shrinks below this share: hoppers empty and refill. */
const SPREAD_SHARE_MIN = 0.03;

/** What may be assumed of a kibble that was never fed: wide, from the parts list alone. */
export function guessModel(traits: BoardTraits): KibbleModel {
  const gramsPerTurn = clamp(traits.nominalGramsPerTurn, 0.05, 200);
  const flow = gramsPerTurn * traits.nominalTurnsPerSecond;
  const inFlightGrams = clamp((flow * GUESS_LAG_MS) / 1000, 0, 50);
  return {
    gramsPerTurn,
    gramsPerTurnSd: Math.min(100, gramsPerTurn * 0.5),
    inFlightGrams,
    inFlightGramsSd: Math.min(50, inFlightGrams * 0.5),
    kibbleGrams: 0.3,
    samples: 0,
  };
}

/** The most that a turn may be expected to deliver. */
export function gramsPerTurnHigh(model: KibbleModel): Grams {
  if (model.samples === 0) return model.gramsPerTurn * GUESS_FACTOR;
  const early = model.samples < KNOWN_SAMPLES ? 0.4 : 0.15;
  return Math.max(model.gramsPerTurn * (1 + early), model.gramsPerTurn + 4 * model.gramsPerTurnSd);
}

/** The least that a turn may be expected to deliver while food flows. */
export function gramsPerTurnLow(model: KibbleModel): Grams {
  if (model.samples === 0) return model.gramsPerTurn / GUESS_FACTOR;
  const early = model.samples < KNOWN_SAMPLES ? 0.4 : 0.15;
  const low = Math.min(
    model.gramsPerTurn * (1 - early),
    model.gramsPerTurn - 4 * model.gramsPerTurnSd,
  );
  return Math.max(low, model.gramsPerTurn * 0.3);
}

/** Whether an observation lies so far from the model that the kibble may be another one. */
export function deviates(model: KibbleModel, observation: KibbleObservation): boolean {
  if (model.samples < KNOWN_SAMPLES || observation.gramsPerTurn === null) return false;
  return Math.abs(observation.gramsPerTurn / model.gramsPerTurn - 1) > STEP_MAX;
}

/**
 * The model after one more feeding: a running mean and spread, robust against a wild observation,
 * whose every step is clamped. The first observation replaces the guess.
 */
export function learn(model: KibbleModel, observation: KibbleObservation): KibbleModel {
  const turn = learnMean(model, {
    mean: model.gramsPerTurn,
    sd: model.gramsPerTurnSd,
    observed: observation.gramsPerTurn,
    floor: 0.05,
  });
  const flight = learnMean(model, {
    mean: model.inFlightGrams,
    sd: model.inFlightGramsSd,
    observed: observation.inFlightGrams,
    floor: 0,
  });
  const kibbleGrams = learnPiece(model, observation.kibbleGrams);
  return {
    gramsPerTurn: clamp(turn.mean, 0.05, 200),
    gramsPerTurnSd: clamp(turn.sd, 0, 100),
    inFlightGrams: clamp(flight.mean, 0, 50),
    inFlightGramsSd: clamp(flight.sd, 0, 50),
    kibbleGrams: clamp(kibbleGrams, 0.01, 20),
    samples: observation.gramsPerTurn === null ? model.samples : model.samples + 1,
  };
}

/** Pieces are seen one by one only now and then; each sighting counts the same. */
function learnPiece(model: KibbleModel, observed: Grams | null): Grams {
  const { kibbleGrams } = model;
  if (observed === null || !(observed > 0.01)) return kibbleGrams;
  const isEarly = model.samples < PIECE_SAMPLES;
  const step = isEarly ? GUESS_FACTOR - 1 : STEP_MAX;
  return kibbleGrams + PIECE_WEIGHT * (clampStep(kibbleGrams, observed, step) - kibbleGrams);
}

interface Known {
  readonly mean: number;
  readonly sd: number;
  readonly observed: number | null;
  readonly floor: number;
}

function learnMean(model: KibbleModel, known: Known): { mean: number; sd: number } {
  const { mean, sd, observed } = known;
  if (observed === null || !Number.isFinite(observed) || observed <= known.floor) {
    return { mean, sd };
  }
  if (model.samples === 0) {
    return { mean: clampStep(mean, observed, GUESS_FACTOR - 1), sd: observed * 0.15 };
  }
  const step = model.samples < KNOWN_SAMPLES ? GUESS_FACTOR - 1 : STEP_MAX;
  const bounded = clampStep(mean, observed, step);
  const spread = Math.max(sd, mean * SPREAD_SHARE_MIN);
  const isEarly = model.samples < KNOWN_SAMPLES;
  const residual = isEarly
    ? bounded - mean
    : clamp(bounded - mean, -RESIDUAL_SIGMAS * spread, RESIDUAL_SIGMAS * spread);
  const weight = 1 / Math.min(model.samples + 1, MEMORY);
  const variance = (1 - weight) * (sd * sd + weight * residual * residual);
  return {
    mean: mean + weight * residual,
    sd: Math.max(Math.sqrt(variance), mean * SPREAD_SHARE_MIN),
  };
}

function clampStep(mean: number, observed: number, step: number): number {
  return clamp(observed, mean / (1 + step), mean * (1 + step));
}

function clamp(value: number, low: number, high: number): number {
  return Math.min(high, Math.max(low, value));
}
