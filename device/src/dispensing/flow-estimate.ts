import type { Grams, KibbleModel, Milliseconds, Turns } from '@cat-feeder/shared';
import type { BoardTraits } from './control-board.ts';
import type { Estimate } from './food-account.ts';
import {
  GUESS_FACTOR,
  GUESS_LAG_MS,
  gramsPerTurnHigh,
  gramsPerTurnLow,
  KNOWN_SAMPLES,
} from './kibble-model.ts';
import type { PulseModel } from './pulse-model.ts';

/** What a turn delivers wanders from one to the next by about this share, more within a turn. */
const TURN_SPREAD = 0.2;
const PHASE_SPREAD = 0.35;
const PHASE_SPREAD_MIN = 0.15;
const PHASE_SPREAD_MAX = 0.5;
/** Up to this part of a turn the spread is known from what earlier parts brought. */
const PART_TURNS_MAX: Turns = 0.8;
const PART_SPREAD = 1.25;
/** The arc beyond which the uneven flow within a turn evens out. */
const PHASE_TURNS = 0.3;
/** The least relative doubt about a known kibble: hoppers empty, refill and settle. */
const DOUBT_MIN = 0.06;
/** From a turn to the settled reading: never shorter than a fall and the converter's memory. */
const LAG_MS_MIN: Milliseconds = 330;
const LAG_MS_MAX: Milliseconds = 1500;
/** Without a scale a portion is known to this share, until many feedings have shown better. */
const BLIND_SHARE = 0.3;
const BLIND_SIGMAS = 2;
/** Less than that comes more easily than more: play, a thin flow, the first part of a turn. */
const BLIND_LOW_SHARE = 0.5;
const WELL_KNOWN_SAMPLES = 5;
/** Pieces that let go by themselves after a stop, as a spread. */
const LATE_PIECES = 0.7;
/** Without a fine encoder the turns themselves are known to about this. */
const TURN_DOUBT: Turns = 0.15;
/** A flow is seen from this part of a turn on, and may be this much more than it seemed. */
const PEAK_TURNS_MIN: Turns = 0.5;
const PEAK_FACTOR = 1.3;
/** Intervals from the flow alone are this wide. */
const SIGMAS = 3;

/** The part of a stretch that the scale had seen. */
export interface SeenPart {
  readonly grams: Grams;
  readonly turns: Turns;
  readonly sigmaGrams: Grams;
  /** What the screw's pulse adds to the part that was not seen, in turns. */
  readonly swing: Turns;
}

/** What a turn delivers, and the relative standard deviation of that mean. */
interface Belief {
  readonly gramsPerTurn: Grams;
  readonly doubt: number;
}

/** What a turn delivers in this run: the model's belief, sharpened by what this run has weighed. */
export class FlowEstimate {
  /** Grams of one forward turn. */
  gramsPerTurn: Grams;
  /** Relative standard deviation of that mean. */
  doubt: number;
  readonly #model: KibbleModel;
  readonly #pulse: PulseModel;
  readonly #prior: Belief;
  readonly #turnSpread: number;
  /** How uneven the flow is within a turn, as a share. */
  readonly phaseSpread: number;
  readonly #flightMs: Milliseconds;
  readonly #turnsPerSecond: number;
  readonly #nominalGramsPerTurn: Grams;
  #highGramsPerTurn: Grams;
  /** The richest flow that was seen in this run, from a still level on. */
  #peakGramsPerTurn: Grams = 0;
  #clean: { grams: Grams; turns: Turns } = { grams: 0, turns: 0 };

  constructor(model: KibbleModel, traits: BoardTraits, pulse: PulseModel) {
    this.#pulse = pulse;
    this.#model = model;
    this.gramsPerTurn = model.gramsPerTurn;
    this.#turnsPerSecond = traits.nominalTurnsPerSecond;
    this.#nominalGramsPerTurn = traits.nominalGramsPerTurn;
    this.#turnSpread = turnSpread(model);
    this.phaseSpread = phaseSpread(model);
    this.#prior = { gramsPerTurn: model.gramsPerTurn, doubt: priorDoubt(model) };
    this.doubt = this.#prior.doubt;
    this.#highGramsPerTurn = gramsPerTurnHigh(model);
    const flow = model.gramsPerTurn * traits.nominalTurnsPerSecond;
    const learned = flow > 0 ? (1000 * model.inFlightGrams) / flow : GUESS_LAG_MS;
    const lagMs = model.samples === 0 ? GUESS_LAG_MS : learned;
    this.#flightMs = Math.min(LAG_MS_MAX, Math.max(0, lagMs));
  }

  /** From a turn of the auger until all of its food is seen. */
  get lagMs(): Milliseconds {
    return Math.max(LAG_MS_MIN, this.#flightMs);
  }

  /** What is in flight at full speed, as the time in which the auger delivers it. */
  get flightMs(): Milliseconds {
    return this.#flightMs;
  }

  /** The most that a stretch of so many turns delivers: beyond it something else lies in the bowl. */
  mostGrams(turns: Turns): Grams {
    const likely = this.gramsPerTurn * Math.max(0, turns);
    const unsure = turns > 0 ? TURN_DOUBT * this.highGramsPerTurn : 0;
    return likely + 4 * this.spreadGrams(turns) + unsure + 2 * this.kibbleGrams;
  }

  /** Food that may still be on its way from before the present stretch. */
  get inFlightSlackGrams(): Grams {
    return 0.5 * this.#model.inFlightGrams;
  }

  get kibbleGrams(): Grams {
    return this.#model.kibbleGrams;
  }

  /** The most that a turn may be expected to deliver. */
  get highGramsPerTurn(): Grams {
    return this.#highGramsPerTurn;
  }

  /**
   * What a turn is taken to deliver where nothing is weighed: where portions differed, so much that
   * the richer ones would still stay within what a portion by turns may be off.
   */
  get blindGramsPerTurn(): Grams {
    const rich = this.gramsPerTurn * (1 + BLIND_SIGMAS * this.doubt);
    return Math.max(this.gramsPerTurn, rich / (1 + BLIND_SHARE));
  }

  /** What a turn is taken to have moved that the scale did not show: of a new food, the most. */
  get unseenGramsPerTurn(): Grams {
    const { samples, gramsPerTurn } = this.#model;
    return samples < KNOWN_SAMPLES ? this.#highGramsPerTurn : gramsPerTurn;
  }

  /** The least that a turn may be expected to deliver while food flows. */
  get lowGramsPerTurn(): Grams {
    if (this.#clean.turns === 0) return gramsPerTurnLow(this.#model);
    const { gramsPerTurn, doubt } = this.#beliefOf(this.#clean.grams, this.#clean.turns);
    return Math.max(gramsPerTurn * 0.3, gramsPerTurn * (1 - SIGMAS * doubt));
  }

  /** Takes in a stretch that was weighed from one still level to the next. */
  weighed(grams: Grams, turns: Turns): void {
    this.#clean.grams += grams;
    this.#clean.turns += turns;
    this.seen(0, 0);
  }

  /**
   * Food flows at present, so that what this run has shown bounds what a turn may bring. Until
   * then the model does: what does not arrive while the screw turns may hang in the chute. The
   * richest part of it counts, for the rest may have been cut short.
   */
  confirm(): void {
    const richest = Math.min(gramsPerTurnHigh(this.#model), PEAK_FACTOR * this.#peakGramsPerTurn);
    this.#highGramsPerTurn = Math.max(richest, this.gramsPerTurn * (1 + SIGMAS * this.doubt));
  }

  /** Goes back to what still levels have shown: what was seen in motion may have been a paw. */
  forgetSeen(): void {
    const { gramsPerTurn, doubt } = this.#beliefOf(this.#clean.grams, this.#clean.turns);
    this.gramsPerTurn = gramsPerTurn;
    this.doubt = doubt;
  }

  /** Sharpens the belief by what is visible of the present stretch on top of what was weighed. */
  seen(grams: Grams, turns: Turns): void {
    const belief = this.#beliefOf(this.#clean.grams + grams, this.#clean.turns + turns, this);
    this.gramsPerTurn = belief.gramsPerTurn;
    this.doubt = belief.doubt;
    if (turns > PEAK_TURNS_MIN) {
      this.#peakGramsPerTurn = Math.max(this.#peakGramsPerTurn, grams / turns);
    }
  }

  /** Spread of what `turns` deliver, in grams. */
  spreadGrams(turns: Turns): Grams {
    const mean = this.gramsPerTurn * Math.max(0, turns);
    const learned = turns < PART_TURNS_MAX ? this.#pulse.restShare(turns) : null;
    if (learned !== null) {
      const doubtGrams = this.doubt * this.gramsPerTurn * Math.max(0, turns);
      return Math.hypot(PART_SPREAD * learned * this.gramsPerTurn, doubtGrams);
    }
    const wander = this.#turnSpread * this.gramsPerTurn * Math.sqrt(Math.max(0, turns));
    const phase = this.phaseSpread * Math.min(mean, this.gramsPerTurn * PHASE_TURNS);
    const pieces = Math.sqrt(this.kibbleGrams * mean) * 0.25;
    const doubt = Math.max(DOUBT_MIN, this.doubt) * mean;
    return Math.hypot(wander, phase, pieces, doubt);
  }

  /**
   * A whole stretch by turns alone: 0.5 to 1.3 of what is likely, less when more feedings have
   * shown that the kibble is steadier. Until it is known the maker's figure bounds what may have
   * fallen; before the first feeding nothing proves that anything did.
   */
  blindEstimate(turns: Turns): Estimate {
    const likelyGrams = this.gramsPerTurn * Math.max(0, turns);
    const isNew = this.#model.samples < KNOWN_SAMPLES && this.#clean.turns === 0;
    const byGuess = GUESS_FACTOR * this.#nominalGramsPerTurn * Math.max(0, turns);
    const guessedGrams = isNew ? Math.max(likelyGrams, byGuess) + this.kibbleGrams : 0;
    if (isNew && this.#model.samples === 0) {
      return { lowGrams: 0, likelyGrams, highGrams: guessedGrams };
    }
    const spread = SIGMAS * this.spreadGrams(turns) + this.kibbleGrams;
    const isKnown = this.#model.samples >= WELL_KNOWN_SAMPLES;
    const share = Math.max(BLIND_SHARE * likelyGrams, this.kibbleGrams);
    const side = isKnown ? Math.min(spread, share) : Math.max(share, spread);
    return {
      lowGrams: Math.max(0, likelyGrams - Math.max(side, BLIND_LOW_SHARE * likelyGrams)),
      likelyGrams,
      highGrams: Math.max(likelyGrams + side, guessedGrams),
    };
  }

  /**
   * What fell in a stretch of `turns` of which the scale had seen a part: what it saw with the
   * turns since, and the turns alone, each weighed by how far it is to be believed.
   */
  estimateAfter(seen: SeenPart | null, turns: Turns): Estimate {
    const byTurns = this.gramsPerTurn * Math.max(0, turns);
    const turnsSigma = Math.hypot(this.spreadGrams(turns), LATE_PIECES * this.kibbleGrams);
    if (seen === null) return this.#interval(byTurns, turnsSigma, turns);
    const restTurns = Math.max(0, turns - seen.turns);
    const swing = restTurns < PART_TURNS_MAX ? seen.swing : 0;
    const bySeen = seen.grams + this.gramsPerTurn * Math.max(0, restTurns + swing);
    const flightTurns = Math.max(0.01, (this.#flightMs / 1000) * this.#turnsPerSecond);
    const inFlightShare = 0.5 * Math.min(1, restTurns / flightTurns);
    const seenSigma = Math.hypot(
      this.spreadGrams(restTurns),
      inFlightShare * this.#model.inFlightGramsSd,
      seen.sigmaGrams,
      LATE_PIECES * this.kibbleGrams,
    );
    const weight = turnsSigma ** 2 / (turnsSigma ** 2 + seenSigma ** 2);
    const likely = weight * bySeen + (1 - weight) * byTurns;
    return this.#interval(likely, seenSigma * Math.sqrt(weight), turns);
  }

  /** Joins an estimate with a second witness, unless the two contradict each other. */
  refine(estimate: Estimate, witness: { grams: Grams; sigmaGrams: Grams } | null): Estimate {
    const sigma = (estimate.likelyGrams - estimate.lowGrams) / SIGMAS;
    if (witness === null || sigma <= 0) return estimate;
    const apart = Math.abs(witness.grams - estimate.likelyGrams);
    if (apart > SIGMAS * Math.hypot(sigma, witness.sigmaGrams)) return estimate;
    const weight = sigma ** 2 / (sigma ** 2 + witness.sigmaGrams ** 2);
    const likelyGrams = Math.max(0, weight * witness.grams + (1 - weight) * estimate.likelyGrams);
    const side = SIGMAS * witness.sigmaGrams * Math.sqrt(weight);
    return {
      lowGrams: Math.max(0, likelyGrams - side),
      likelyGrams,
      highGrams: likelyGrams + side,
    };
  }

  /** The model's belief after so much came of so many turns; `otherwise` where that says nothing. */
  #beliefOf(grams: Grams, turns: Turns, otherwise: Belief = this.#prior): Belief {
    if (!(turns > 0.05) || !(grams > 0)) return otherwise;
    const weighing = (0.3 + 0.5 * this.kibbleGrams) / grams;
    const variance = this.#turnSpread ** 2 / turns + weighing * weighing + 0.02 * 0.02;
    const prior = this.#prior.doubt ** 2;
    const weight = prior / (prior + variance);
    const bounded = Math.min(grams / turns, gramsPerTurnHigh(this.#model) * 1.5);
    return {
      gramsPerTurn: this.#prior.gramsPerTurn * (1 - weight) + bounded * weight,
      doubt: Math.sqrt((prior * variance) / (prior + variance)),
    };
  }

  #interval(likelyGrams: Grams, sigma: Grams, turns: Turns): Estimate {
    const most = this.mostGrams(turns);
    return {
      lowGrams: Math.max(0, likelyGrams - SIGMAS * sigma),
      likelyGrams,
      highGrams: Math.max(likelyGrams, Math.min(likelyGrams + SIGMAS * sigma, most)),
    };
  }
}

/** How much one turn differs from the next: from what was learned, once enough was. */
function turnSpread(model: KibbleModel): number {
  if (model.samples < WELL_KNOWN_SAMPLES) return TURN_SPREAD;
  const learned = (1.7 * model.gramsPerTurnSd) / Math.max(0.01, model.gramsPerTurn);
  return Math.min(TURN_SPREAD * 1.3, Math.max(0.08, learned));
}

/** How uneven the flow is within a turn: augers that vary more also pulse more. */
function phaseSpread(model: KibbleModel): number {
  if (model.samples < WELL_KNOWN_SAMPLES) return PHASE_SPREAD;
  const learned = (3 * model.gramsPerTurnSd) / Math.max(0.01, model.gramsPerTurn);
  return Math.min(PHASE_SPREAD_MAX, Math.max(PHASE_SPREAD_MIN, 0.05 + learned));
}

function priorDoubt(model: KibbleModel): number {
  if (model.samples === 0) return 0.6;
  const learned = model.gramsPerTurnSd / Math.max(0.01, model.gramsPerTurn);
  const floor = model.samples < KNOWN_SAMPLES ? 0.15 : DOUBT_MIN;
  return Math.min(0.6, Math.max(floor, learned));
}
