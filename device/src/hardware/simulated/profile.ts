import * as v from 'valibot';

/**
 * A profile describes one feeder, its food and its cats for the simulated board. Every key has a
 * default, so a profile names only what is special about it; a key that is not listed here is an
 * error. docs/profiles.md and docs/profile.schema.json are made from this file.
 */

/** A number from `min` to `max` with a default and a sentence for the documentation. */
function number(fallback: number, range: readonly [min: number, max: number], text: string) {
  const [min, max] = range;
  return v.optional(
    v.pipe(
      v.number('must be a number'),
      v.finite('must be finite'),
      v.minValue(min, `must be at least ${min}`),
      v.maxValue(max, `must be at most ${max}`),
      v.description(text),
    ),
    fallback,
  );
}

function probability(fallback: number, text: string) {
  return number(fallback, [0, 1], text);
}

function flag(fallback: boolean, text: string) {
  return v.optional(v.pipe(v.boolean('must be true or false'), v.description(text)), fallback);
}

function span(fallback: number, text: string) {
  return v.optional(
    v.pipe(
      v.number('must be a number'),
      v.minValue(-1e5, 'must be at least -100000'),
      v.maxValue(1e5, 'must be at most 100000'),
      v.check((counts) => Math.abs(counts) >= 1, 'must be 1 or more away from 0'),
      v.description(text),
    ),
    fallback,
  );
}

const text = (what: string) =>
  v.pipe(v.string('must be a text'), v.maxLength(500), v.description(what));

const kibble = v.strictObject({
  pieceGramsMean: number(0.2, [0.02, 5], 'Mean mass of one piece.'),
  pieceSdFraction: number(0.2, [0, 0.6], 'Spread of the piece mass, as a share of the mean.'),
  crumbProbability: probability(0.02, 'Share of pieces that are crumbs of 5 to 50 % of the mass.'),
});

const auger = v.strictObject({
  gramsPerTurnMean: number(6, [0.3, 100], 'Mean mass that one forward turn moves.'),
  gramsPerTurnSdFraction: number(
    0.12,
    [0, 0.5],
    'Spread of the mass of a turn from one turn to the next, as a share of the mean.',
  ),
  correlation: number(
    0.5,
    [0, 0.98],
    'How much the fill of one eighth of a turn resembles the eighth before (AR(1) coefficient).',
  ),
  pulsationFraction: number(
    0.4,
    [0, 1],
    'How uneven the flow is within one turn: 0 is even, 1 pauses once a turn.',
  ),
  backlashTurns: number(0.15, [0, 2], 'Forward turn after a reverse one that moves nothing.'),
  reverseGramsPerTurn: number(0, [0, 50], 'Mass that one reverse turn drops into the chute.'),
  headEffectFraction: number(
    0.06,
    [0, 0.5],
    'How much more a turn moves from a full hopper than from an empty one.',
  ),
  refillShiftFraction: number(0.03, [0, 0.3], 'Spread of the lasting change that a refill brings.'),
  wearFractionPerThousandTurns: number(
    0,
    [0, 0.5],
    'Share of the mass of a turn that is lost in a thousand turns.',
  ),
});

const motor = v.strictObject({
  turnsPerSecond: number(0.7, [0.05, 5], 'Speed of the output shaft at full speed.'),
  speedSdFraction: number(0.02, [0, 0.2], 'Spread of the speed from one start to the next.'),
  spinUpMs: number(60, [0, 1000], 'Time from standstill to full speed.'),
  coastMs: number(40, [0, 1000], 'Time from full speed to standstill after power is off.'),
  indexEdgesPerTurn: v.optional(
    v.nullable(
      v.pipe(
        v.number('must be a number or null'),
        v.integer('must be a whole number'),
        v.minValue(1, 'must be at least 1'),
        v.maxValue(4096, 'must be at most 4096'),
        v.description('Edges of the index or encoder in one turn; null without a sensor.'),
      ),
    ),
    4,
  ),
  hasCurrentSensor: flag(true, 'Whether the board measures the motor current.'),
  runMilliamps: number(250, [10, 10_000], 'Current while the shaft turns.'),
  stallMilliamps: number(1200, [20, 20_000], 'Current while the shaft is held.'),
  currentNoiseFraction: number(0.08, [0, 0.5], 'Noise of one current reading.'),
});

const chute = v.strictObject({
  fallMsMean: number(180, [30, 2000], 'Time that a piece takes from the auger to the bowl.'),
  fallMsSd: number(30, [0, 1000], 'Its spread; no piece takes less than 20 ms.'),
  lateProbability: probability(0.01, 'Share of pieces that hang on the way.'),
  lateMsMean: number(400, [0, 20_000], 'How long they hang; exponential.'),
  dribblePiecesMean: number(0.3, [0, 20], 'Pieces that still let go after the shaft has stopped.'),
  dribbleMsMean: number(150, [1, 10_000], 'How long after the stop they let go; exponential.'),
  impactMs: number(
    120,
    [0, 500],
    'Push of a landing piece on the cell: its weight for this time, within one conversion.',
  ),
  holdsGrams: number(40, [1, 500], 'Mass that a blocked chute takes before it jams the auger.'),
});

const hopper = v.strictObject({
  startGrams: number(1500, [0, 20_000], 'Food in the hopper at the start.'),
  capacityGrams: number(2500, [50, 20_000], 'Food that fits; a refill goes no higher.'),
  thinBelowGrams: number(40, [0, 1000], 'Below this mass a turn moves in proportion less.'),
  hasCell: flag(false, 'Whether a load cell carries the hopper.'),
  cellCountsPerGram: span(107, 'Its span. The sign is the way it is mounted.'),
  cellNoiseGrams: number(0.4, [0, 50], 'Noise of one reading of it.'),
});

const bowl = v.strictObject({
  tareGrams: number(250, [0, 5000], 'Mass of the empty bowl.'),
  capacityGrams: number(400, [10, 5000], 'Food above this mass falls over the rim.'),
});

const bowlCell = v.strictObject({
  ratedGrams: number(5000, [100, 100_000], 'Rated load.'),
  countsPerGram: span(429, 'Span in counts. The sign is the way the cell is mounted.'),
  zeroOffsetCounts: number(50_000, [-8e6, 8e6], 'Reading without any load.'),
  samplesPerSecondRest: number(10, [1, 320], 'Rate of conversions at rest.'),
  samplesPerSecondDispense: number(80, [1, 320], 'Rate of conversions while dispensing.'),
  sampleRateErrorFraction: number(0.01, [0, 0.2], 'How far the true rates may be off, uniform.'),
  noiseGrams: number(0.06, [0, 20], 'Noise of one reading at the rate of rest, rms.'),
  noiseDispenseFactor: number(1.8, [1, 10], 'Noise at the dispensing rate, as a multiple of it.'),
  motorNoiseGrams: number(0.05, [0, 20], 'Noise that the turning motor adds, rms.'),
  spikeProbability: probability(0.0005, 'Share of readings that are far off.'),
  spikeGrams: number(500, [0, 20_000], 'How far off, rms.'),
  lostSampleProbability: probability(0.002, 'Share of conversions that give nothing.'),
  creepFraction: number(0.0003, [0, 0.05], 'Share of the load that shows only after a while.'),
  creepTauSeconds: number(600, [1, 86_400], 'Time constant of the creep.'),
  driftGramsPerHour: number(0, [-20, 20], 'Steady drift of the zero.'),
  wanderGramsPerRootHour: number(0.1, [0, 20], 'Random walk of the zero: its spread after 1 h.'),
  gramsPerCelsius: number(0.1, [-5, 5], 'Zero shift for one degree.'),
  temperatureAmplitudeCelsius: number(3, [0, 30], 'Swing of the temperature around its mean.'),
  temperaturePeriodHours: number(24, [0.1, 1000], 'Length of one swing.'),
  saturationGrams: v.optional(
    v.nullable(
      v.pipe(
        v.number('must be a number or null'),
        v.minValue(100, 'must be at least 100'),
        v.maxValue(200_000, 'must be at most 200000'),
        v.description('Load, bowl included, that drives the converter to its end; null: never.'),
      ),
    ),
    null,
  ),
});

const faults = v.strictObject({
  jamProbabilityPerTurn: number(0, [0, 0.5], 'Chance that a forward turn jams the auger.'),
  jamClearsOnReverseProbability: probability(0.7, 'Chance that a reverse stroke frees it.'),
  bridgeProbabilityPerTurn: number(0, [0, 0.5], 'Chance that the food bridges in a turn.'),
  bridgeClearsOnReverseProbability: probability(0.6, 'Chance that a reverse stroke breaks it.'),
  chuteBlockProbabilityPerTurn: number(0, [0, 0.5], 'Chance that a turn blocks the chute.'),
  chuteClearsOnReverseProbability: probability(0.4, 'Chance that a reverse stroke clears it.'),
  scaleSilentPerDay: number(0, [0, 100], 'How often the bowl cell falls silent.'),
  scaleSilentSecondsMean: number(120, [1, 86_400], 'For how long; exponential.'),
  undervoltagePerDay: number(0, [0, 100], 'How often the supply sags.'),
  undervoltageSecondsMean: number(20, [1, 86_400], 'For how long; exponential.'),
  powerCutsPerDay: number(0, [0, 100], 'How often power fails (whole-device simulator).'),
  powerCutSecondsMean: number(1200, [1, 1_000_000], 'For how long; exponential.'),
});

const cat = v.strictObject({
  visitsPerDay: number(8, [0, 200], 'How often a cat comes to the bowl by itself.'),
  mealGramsMean: number(8, [0, 200], 'What it wants to eat on one visit.'),
  mealSdFraction: number(0.4, [0, 1], 'Spread of that, as a share of the mean.'),
  eatGramsPerSecond: number(0.12, [0.005, 5], 'How fast it eats.'),
  biteGrams: number(0.5, [0.02, 20], 'What it takes at once.'),
  pushGrams: number(4, [0, 2000], 'How hard it nudges the bowl while it eats.'),
  leanProbability: probability(0.05, 'Chance that it leans on the bowl during a visit.'),
  leanGrams: number(300, [0, 8000], 'How hard it leans.'),
  leanSecondsMean: number(2, [0.1, 600], 'For how long; exponential.'),
  sitProbability: probability(0, 'Chance that it sits down in the bowl during a visit.'),
  sitGrams: number(4500, [0, 12_000], 'Its mass.'),
  sitSecondsMean: number(30, [1, 3600], 'For how long; exponential.'),
  arrivesWhileDispensingProbability: probability(
    0.1,
    'Chance that the sound of the motor brings it within 8 s.',
  ),
  deflectProbability: probability(
    0.02,
    'Chance that a piece bounces off its head onto the floor while it is at the bowl.',
  ),
});

const clock = v.strictObject({
  unknownAtBootProbability: probability(
    0,
    'Chance that the wall clock is lost after a power cut (whole-device simulator).',
  ),
  stepsPerDay: number(0, [0, 100], 'How often the wall clock steps (whole-device simulator).'),
  stepSecondsMax: number(3600, [0, 1e7], 'How far it steps at most, either way.'),
});

function section<const S extends v.GenericSchema<object>>(schema: S, what: string) {
  return v.optional(v.pipe(schema, v.description(what)), {} as v.InferInput<S>);
}

/** The schema of a profile file. */
export const ProfileSchema = v.strictObject({
  $schema: v.optional(text('For editors; not read.')),
  name: v.optional(text('A name for reports; without it the name of the file.')),
  description: v.optional(text('What is special about this feeder.')),
  kibble: section(kibble, 'The food.'),
  auger: section(auger, 'The screw that moves it: how much comes with a turn and how evenly.'),
  motor: section(motor, 'The motor that turns the screw, and its sensors.'),
  chute: section(chute, 'The way from the screw to the bowl.'),
  hopper: section(hopper, 'The store above the screw.'),
  bowl: section(bowl, 'The bowl.'),
  bowlCell: section(bowlCell, 'The load cell under the bowl and its converter.'),
  faults: section(
    faults,
    'What goes wrong by chance. A reverse stroke is a quarter of a turn backwards.',
  ),
  cat: section(cat, 'Who eats. Several cats count as one that comes more often.'),
  clock: section(clock, 'What happens to the wall clock.'),
});

/** One simulated feeder with every default filled in. */
export type Profile = v.InferOutput<typeof ProfileSchema>;
/** A profile as it is written: only what is special. */
export type ProfileInput = v.InferInput<typeof ProfileSchema>;
