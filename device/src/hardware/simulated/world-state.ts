import * as v from 'valibot';
import type { FeederWorld } from './feeder-world.ts';

const number = v.pipe(v.number(), v.finite());

/** What of a feeder's world outlives the program that simulates it: its food and its faults. */
export const WorldStateSchema = v.strictObject({
  /** A world belongs to one profile and seed; with another it would be another feeder. */
  profile: v.string(),
  seed: number,
  savedAtWallMs: number,
  hopperGrams: number,
  refilledGrams: number,
  inFlightGrams: number,
  bowlGrams: number,
  landedGrams: number,
  spilledGrams: number,
  eatenGrams: number,
  handAddedGrams: number,
  handRemovedGrams: number,
  weightGrams: number,
  isBowlPresent: v.boolean(),
  turns: number,
  forwardTurns: number,
  motorOnMs: number,
  isJammed: v.boolean(),
  isBridged: v.boolean(),
  isChuteBlocked: v.boolean(),
  /** The command that the driver was still obeying: it runs out whatever happens to the program. */
  motor: v.strictObject({ share: number, leftMs: v.pipe(number, v.maxValue(250)) }),
});
export type WorldState = v.InferOutput<typeof WorldStateSchema>;

/** Pieces that what was in flight is made of again; more would only be slower. */
const PIECES_MAX = 500;

/** What the simulated board remembers of its driver: a signed share of full speed, and for how long. */
export type MotorCommandLeft = WorldState['motor'];

/** The world as it is now, in the numbers that a file can hold. */
export function saveWorld(
  world: FeederWorld,
  about: { readonly seed: number; readonly wallMs: number; readonly motor: MotorCommandLeft },
): WorldState {
  const truth = world.truth();
  const { bowl } = world.model;
  return {
    profile: world.profile.name ?? '',
    seed: about.seed,
    savedAtWallMs: about.wallMs,
    hopperGrams: truth.hopperGrams,
    refilledGrams: truth.refilledGrams,
    inFlightGrams: truth.inFlightGrams,
    bowlGrams: truth.bowlGrams,
    landedGrams: truth.landedGrams,
    spilledGrams: truth.spilledGrams,
    eatenGrams: truth.eatenGrams,
    handAddedGrams: truth.handAddedGrams,
    handRemovedGrams: truth.handRemovedGrams,
    weightGrams: bowl.weightGrams,
    isBowlPresent: bowl.isPresent,
    turns: truth.turns,
    forwardTurns: truth.forwardTurns,
    motorOnMs: truth.motorOnMs,
    isJammed: truth.isJammed,
    isBridged: truth.isBridged,
    isChuteBlocked: truth.isChuteBlocked,
    motor: about.motor,
  };
}

/**
 * Brings a new world to a saved state and lets happen what no program could have prevented: the
 * driver's last command runs out, and what was falling lands. Call it before a board is plugged in.
 */
export function restoreWorld(world: FeederWorld, state: WorldState): void {
  const { auger, bowl, chute, hopper, shaft } = world.model;
  hopper.grams = state.hopperGrams;
  hopper.refilledGrams = state.refilledGrams;
  hopper.isBridged = state.isBridged;
  auger.isJammed = state.isJammed;
  bowl.grams = state.bowlGrams;
  bowl.landedGrams = state.landedGrams;
  bowl.spilledGrams = state.spilledGrams;
  bowl.eatenGrams = state.eatenGrams;
  bowl.handAddedGrams = state.handAddedGrams;
  bowl.handRemovedGrams = state.handRemovedGrams;
  bowl.weightGrams = state.weightGrams;
  bowl.isPresent = state.isBowlPresent;
  shaft.turns = state.turns;
  shaft.forwardTurns = state.forwardTurns;
  shaft.onMs = state.motorOnMs;
  chute.isBlocked = state.isChuteBlocked;
  const pieces = Math.min(
    PIECES_MAX,
    Math.ceil(state.inFlightGrams / world.profile.kibble.pieceGramsMean),
  );
  for (let piece = 0; piece < pieces; piece++) {
    chute.release(world.model.nowMs, state.inFlightGrams / pieces);
  }
  if (state.motor.leftMs > 0) {
    shaft.isPowered = true;
    world.model.runMotor(state.motor.share, state.motor.leftMs);
    world.model.advanceTo(world.model.nowMs + state.motor.leftMs);
    shaft.isPowered = false;
    shaft.updateIntervals(world.model.nowMs);
  }
}
