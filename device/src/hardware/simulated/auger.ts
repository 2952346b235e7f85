import type { Grams, Turns } from '@cat-feeder/shared';
import type { SeededRandom } from '../../platform/random.ts';
import { exponentialTurns } from './chance.ts';
import type { Profile } from './profile.ts';

const SEGMENTS_PER_TURN = 8;

/**
 * The screw. Each eighth of a turn holds its own amount of food, which resembles the eighth
 * before and follows a pulse per turn. What it has moved adds up until the next whole piece is
 * over the edge; the pieces are asked for one by one.
 */
export class Auger {
  readonly #auger: Profile['auger'];
  readonly #kibble: Profile['kibble'];
  readonly #jamProbabilityPerTurn: number;
  readonly #random: SeededRandom;
  readonly #pulse: readonly number[];
  /** Spread of the fill of one eighth that gives the wanted spread of whole turns. */
  readonly #fillSd: number;
  #segment = 0;
  #segmentLeftTurns: Turns = 1 / SEGMENTS_PER_TURN;
  #fillDeviate: number;
  #fill = 1;
  #backlashTurns: Turns = 0;
  #turnsToJam: Turns;
  #movedGrams: Grams = 0;
  #nextPieceGrams: Grams;

  isJammed = false;
  /** Another food, or a partial block: what a turn moves, as a share of the profile's. */
  flowFactor = 1;
  pieceFactor = 1;

  constructor(profile: Profile, random: SeededRandom) {
    this.#auger = profile.auger;
    this.#kibble = profile.kibble;
    this.#jamProbabilityPerTurn = profile.faults.jamProbabilityPerTurn;
    this.#random = random;
    this.#pulse = pulseOfTurn(profile.auger.pulsationFraction);
    this.#fillSd =
      profile.auger.gramsPerTurnSdFraction / spreadOfTurn(this.#pulse, profile.auger.correlation);
    this.#fillDeviate = random.gaussian();
    this.#fill = this.#drawFill();
    this.#turnsToJam = exponentialTurns(this.#jamProbabilityPerTurn, random);
    this.#nextPieceGrams = this.#drawPieceGrams();
  }

  /** Turns forward; `supply` is how freely the hopper feeds it, 0 when nothing comes. */
  forward(turns: Turns, supply: number, turnsBefore: Turns): void {
    const slack = Math.min(turns, this.#backlashTurns);
    this.#backlashTurns -= slack;
    let left = turns - slack;
    const wear = 1 - (this.#auger.wearFractionPerThousandTurns * turnsBefore) / 1000;
    const gramsPerTurn =
      this.#auger.gramsPerTurnMean * supply * this.flowFactor * Math.max(0.1, wear);
    // One pass for each eighth of a turn; a step is far shorter than a turn.
    while (left > 0) {
      const part = Math.min(left, this.#segmentLeftTurns);
      this.#movedGrams += part * gramsPerTurn * this.#fill;
      left -= part;
      this.#segmentLeftTurns -= part;
      if (this.#segmentLeftTurns <= 1e-12) this.#nextSegment();
    }
    this.#turnsToJam -= turns;
    if (this.#turnsToJam <= 0) {
      this.isJammed = true;
      this.#turnsToJam = exponentialTurns(this.#jamProbabilityPerTurn, this.#random);
    }
  }

  backward(turns: Turns, supply: number): void {
    this.#backlashTurns = Math.min(this.#auger.backlashTurns, this.#backlashTurns + turns);
    if (this.#auger.reverseGramsPerTurn > 0) {
      this.#movedGrams += turns * this.#auger.reverseGramsPerTurn * supply * this.flowFactor;
    }
  }

  /** Food that passes the screw by itself. */
  leak(grams: Grams): void {
    this.#movedGrams += grams;
  }

  /** Mass moved that is not yet a piece; can be slightly below zero after a dribble. */
  get movedGrams(): Grams {
    return this.#movedGrams;
  }

  /** The next piece, of at most `availableGrams`, if it is over the edge; 0 when none is. */
  takePiece(availableGrams: Grams): Grams {
    const grams = Math.min(this.#nextPieceGrams, availableGrams);
    if (grams <= 0) {
      this.#movedGrams = Math.min(this.#movedGrams, 0);
      return 0;
    }
    if (this.#movedGrams < grams) return 0;
    return this.#letGo(grams);
  }

  /** A piece at the edge that lets go after the stop; the next turn moves that much less. */
  takeDribble(availableGrams: Grams): Grams {
    return this.#letGo(Math.min(this.#nextPieceGrams, availableGrams));
  }

  #letGo(grams: Grams): Grams {
    this.#movedGrams -= grams;
    this.#nextPieceGrams = this.#drawPieceGrams();
    return grams;
  }

  #nextSegment(): void {
    const { correlation } = this.#auger;
    this.#segment = (this.#segment + 1) % SEGMENTS_PER_TURN;
    this.#segmentLeftTurns = 1 / SEGMENTS_PER_TURN;
    this.#fillDeviate =
      correlation * this.#fillDeviate +
      Math.sqrt(1 - correlation * correlation) * this.#random.gaussian();
    this.#fill = this.#drawFill();
  }

  #drawFill(): number {
    const pulse = this.#pulse[this.#segment] ?? 1;
    return pulse * Math.max(0, 1 + this.#fillSd * this.#fillDeviate);
  }

  #drawPieceGrams(): Grams {
    const { pieceGramsMean, pieceSdFraction, crumbProbability } = this.#kibble;
    const mean = pieceGramsMean * this.pieceFactor;
    if (this.#random.chance(crumbProbability)) return mean * (0.05 + 0.45 * this.#random.next());
    const deviate = Math.max(-2.5, Math.min(2.5, this.#random.gaussian()));
    return Math.max(0.2 * mean, mean * (1 + pieceSdFraction * deviate));
  }
}

function pulseOfTurn(pulsationFraction: number): number[] {
  return Array.from(
    { length: SEGMENTS_PER_TURN },
    (_, i) => 1 + pulsationFraction * Math.cos((2 * Math.PI * i) / SEGMENTS_PER_TURN),
  );
}

/** Spread of the mean fill of one turn when each eighth spreads by 1. */
function spreadOfTurn(pulse: readonly number[], correlation: number): number {
  let variance = 0;
  pulse.forEach((a, i) => {
    pulse.forEach((b, j) => {
      variance += a * b * correlation ** Math.abs(i - j);
    });
  });
  return Math.sqrt(variance) / SEGMENTS_PER_TURN;
}
