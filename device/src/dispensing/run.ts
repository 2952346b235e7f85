import type {
  Fault,
  FeedingResult,
  FeedingStage,
  Grams,
  Milliseconds,
  ScaleCalibration,
  Turns,
} from '@cat-feeder/shared';
import { BowlView } from '../weighing/bowl-view.ts';
import { FloorWatch } from '../weighing/floor-watch.ts';
import { PressedLevel } from '../weighing/pressed-level.ts';
import { PushWatch } from '../weighing/push-watch.ts';
import { SettlingWindow } from '../weighing/settling.ts';
import type { BoardTraits } from './control-board.ts';
import type { DispenseOrder } from './feed-station.ts';
import { FlowEstimate } from './flow-estimate.ts';
import { FoodAccount } from './food-account.ts';
import { MotionLevel } from './motion-level.ts';
import { idleCommand, type MotorCommand } from './motor-command.ts';
import { OverflowWatch } from './overflow-watch.ts';
import { PulseModel } from './pulse-model.ts';
import { type RunLimits, runLimits } from './run-limits.ts';
import { TraceRecorder } from './trace-recorder.ts';
import { TrustTrail } from './trust-trail.ts';
import { TurnMeter } from './turn-meter.ts';

/** How a run is to end once what fell has been weighed. */
export interface Closing {
  readonly result: Extract<FeedingResult, 'cancelled' | 'short' | 'failed'> | null;
  readonly fault: Fault | null;
}

/** Why the dispenser gives nothing, as far as is known yet. */
export type Suspicion = 'stall' | 'dead' | 'no_flow' | 'slow_flow';

/** One stroke of the unjam pattern. */
export interface Stroke {
  readonly direction: 'forward' | 'reverse';
  readonly turns: Turns;
}

/** Everything the loop knows of one run. Owned by one loop and changed in place. */
export interface Run {
  readonly order: DispenseOrder;
  readonly traits: BoardTraits;
  readonly limits: RunLimits;
  readonly bowl: BowlView;
  readonly hopper: SettlingWindow;
  readonly meter: TurnMeter;
  readonly account: FoodAccount;
  readonly flow: FlowEstimate;
  readonly floor: FloorWatch;
  readonly push: PushWatch;
  readonly pressed: PressedLevel;
  readonly pulse: PulseModel;
  readonly overflow: OverflowWatch;
  readonly trace: TraceRecorder;
  readonly command: MotorCommand;

  stage: FeedingStage;
  closing: Closing | null;
  closingAtMs: Milliseconds;
  /** The scale is given up: the rest of the portion goes by turns. */
  isBlind: boolean;
  blindEndTurns: Turns;
  /** What the run ended with besides its result, when it could go on. */
  fault: Fault | null;
  attempts: number;
  topUps: number;
  suspicion: Suspicion | null;

  nowMs: Milliseconds;
  startedAtMs: Milliseconds;
  stageAtMs: Milliseconds;
  /** Time spent without permission or voltage. */
  pausedMs: Milliseconds;
  isPaused: boolean;
  disturbedMs: Milliseconds;
  /** When the bowl's cell was last alive. */
  deadSinceMs: Milliseconds;
  /** Something other than food touched the bowl since the last still level. */
  isTouched: boolean;
  /** Since when, as far as it showed; null when nobody knows. */
  touchOnsetMs: Milliseconds | null;
  touchedAtMs: Milliseconds;
  /** When the present stretch began, at its still level. */
  stretchAtMs: Milliseconds;
  /** What the empty bowl shows at present, as far as its drift is known; 0 or less. */
  readonly emptyGrams: Grams;
  readonly knownNoiseGrams: Grams | null;
  bowlBeforeGrams: Grams | null;
  bowlAfterGrams: Grams | null;
  /** Spread of the still levels at the ends of chains, as variances. */
  levelVariance: number;
  /** Weight of hopper and food at the baseline, from an unknown zero; NaN without a cell. */
  hopperBeforeGrams: Grams;

  readonly trail: TrustTrail;
  readonly level: MotionLevel;

  /** Where the flow was last checked. */
  checkTurns: Turns;
  checkGrams: Grams;
  slowChecks: number;
  /** In doubt whether food flows: the level of the last check and what should have come since. */
  doubt: { readonly fromGrams: Grams; readonly expectedGrams: Grams } | null;
  /** Where the weight last moved: the turns whose food had come by then, and the level. */
  movedTurns: Turns;
  movedGrams: Grams;
  /** Up to where this run's turns and food have been compared. */
  learnedTurns: Turns;
  learnedGrams: Grams;
  /** Where food was last seen to flow freely: the turns and the food by then. */
  flowedTurns: Turns;
  flowedGrams: Grams;
  /** Since then a lack of flow was seen, so that food may hang in the chute. */
  hasStopped: boolean;
  /** Where the last attempt to free the dispenser ended. */
  freedTurns: Turns;
  freedGrams: Grams;

  /** Motion inside `fine`: when the present pulse ends, or null while looking. */
  pulseEndsAtMs: Milliseconds | null;
  /** What pulses since the last rise should have moved. */
  fruitlessGrams: Grams;
  /** What those pulses brought all the same: too little to be told from nothing. */
  rowGrams: Grams;
  /** Pulses in a row that brought nothing, and what they may have left in a blocked chute. */
  emptyPulses: number;
  dribbledGrams: Grams;
  /** Pulses since food was last seen to come, weighed or not: each has let go what lets go at a stop. */
  idleStops: number;
  /** Filtered mass and turns at the moment the coarse motion was stopped; NaN when not to be learned. */
  stopGrams: Grams;
  /** Since when a push was suspected at that moment; null without a suspicion. */
  stopOnsetMs: Milliseconds | null;
  inFlightSeen: Grams | null;
  /** Rises of single small pulses, for the mass of one piece. */
  readonly pieceRises: number[];
  hasJammed: boolean;

  strokes: readonly Stroke[];
  strokeIndex: number;
  strokeFromTurns: Turns;
  strokeAtMs: Milliseconds;

  missingReadings: number;
}

/** What is known of the flow before anything has turned. */
const nothingSeen = {
  movedTurns: 0,
  movedGrams: Number.NaN,
  learnedTurns: 0,
  learnedGrams: 0,
  flowedTurns: 0,
  flowedGrams: 0,
};

/** A run in its first stage; nothing moves yet. */
export function createRun(parts: {
  order: DispenseOrder;
  traits: BoardTraits;
  calibration: ScaleCalibration;
  nowMs: Milliseconds;
  /** What the empty bowl shows at present; 0 right after a tare, less when the zero has drifted. */
  emptyGrams?: Grams;
  /** What earlier runs learned of the screw's pulse, and where its shaft stands. */
  pulse?: PulseModel;
  startAngle?: Turns;
  /** Spread of one reading at the dispensing rate, as earlier runs saw it. */
  knownNoiseGrams?: Grams | null;
}): Run {
  const { order, traits, calibration, nowMs } = parts;
  const pulse = parts.pulse ?? new PulseModel();
  return {
    order,
    traits,
    limits: runLimits(order, traits),
    bowl: new BowlView(calibration, traits.dispenseSamplesPerSecond),
    hopper: new SettlingWindow(),
    meter: new TurnMeter(traits, parts.startAngle ?? 0),
    account: new FoodAccount(),
    flow: new FlowEstimate(order.model, traits, pulse),
    floor: new FloorWatch(),
    pressed: new PressedLevel(),
    push: new PushWatch(traits.dispenseSamplesPerSecond),
    pulse,
    overflow: new OverflowWatch(),
    trace: new TraceRecorder(nowMs),
    command: idleCommand(),
    stage: 'claimed',
    closing: null,
    closingAtMs: nowMs,
    deadSinceMs: nowMs,
    isBlind: false,
    blindEndTurns: 0,
    fault: null,
    attempts: 0,
    topUps: 0,
    suspicion: null,
    nowMs,
    startedAtMs: nowMs,
    stageAtMs: nowMs,
    pausedMs: 0,
    isPaused: false,
    disturbedMs: 0,
    isTouched: false,
    touchOnsetMs: null,
    touchedAtMs: nowMs,
    stretchAtMs: nowMs,
    emptyGrams: Math.min(0, parts.emptyGrams ?? 0),
    knownNoiseGrams: parts.knownNoiseGrams ?? null,
    bowlBeforeGrams: null,
    bowlAfterGrams: null,
    levelVariance: 0,
    hopperBeforeGrams: Number.NaN,
    trail: new TrustTrail(traits.dispenseSamplesPerSecond),
    level: new MotionLevel(),
    checkTurns: 0,
    checkGrams: 0,
    slowChecks: 0,
    doubt: null,
    ...nothingSeen,
    hasStopped: false,
    freedTurns: 0,
    freedGrams: 0,
    pulseEndsAtMs: null,
    fruitlessGrams: 0,
    rowGrams: 0,
    emptyPulses: 0,
    dribbledGrams: 0,
    idleStops: 0,
    stopGrams: Number.NaN,
    stopOnsetMs: null,
    inFlightSeen: null,
    pieceRises: [],
    hasJammed: false,
    strokes: [],
    strokeIndex: 0,
    strokeFromTurns: 0,
    strokeAtMs: 0,
    missingReadings: 0,
  };
}
