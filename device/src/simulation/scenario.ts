import {
  type EpochMs,
  type MealInput,
  MINUTE_MS,
  type Milliseconds,
  type SettingsPatch,
} from '@cat-feeder/shared';
import type { ProfileInput } from '../hardware/simulated/profile.ts';
import { SeededRandom } from '../platform/random.ts';
import { type FaultKind, faultsPerDay, laterKinds } from './fault-kinds.ts';
import { dateOfDays, daysOfCivil, instantOf, offsetMs } from './independent-calendar.ts';

/** Zones whose clocks change in different ways, and some that never do. */
const zones = [
  'UTC',
  'Europe/Berlin',
  'Europe/Dublin',
  'America/New_York',
  'America/St_Johns',
  'America/Santiago',
  'America/Nuuk',
  'America/Havana',
  'Atlantic/Azores',
  'Africa/Cairo',
  'Africa/Casablanca',
  'Asia/Beirut',
  'Asia/Kathmandu',
  'Australia/Lord_Howe',
  'Pacific/Auckland',
  'Pacific/Chatham',
  'Antarctica/Troll',
] as const;

/** How the wall clock comes back after the power was off. */
export interface ClockCharacter {
  /** `rtc`: kept; `file`: the last time written; `none`: 1970. */
  readonly afterPowerCut: 'rtc' | 'file' | 'none';
  /** Mean time until a time server has answered. */
  readonly syncMeanMs: Milliseconds;
}

/** One seed's feeder, food, plan, people and faults: the swarm's draw. */
export interface Scenario {
  readonly seed: number;
  readonly days: number;
  readonly startMs: EpochMs;
  readonly zone: string;
  readonly profile: ProfileInput;
  readonly settings: SettingsPatch;
  readonly meals: readonly MealInput[];
  readonly clock: ClockCharacter;
  /** Faults for a day; a kind that is not named does not come. */
  readonly perDay: ReadonlyMap<FaultKind, number>;
  /** No fault comes after this share of the run: the rest is recovery. */
  readonly faultyShare: number;
  /** Feedings that a person asks for in a day. */
  readonly asksPerDay: number;
  /** A refill comes this long after the hopper runs low; a mending person this long after a fault. */
  readonly careMeanMs: Milliseconds;
  /** The alarm never rings: the schedule lives by its tick alone. */
  readonly isAlarmDeaf: boolean;
  /** The very first start finds no time at all. */
  readonly startsWithoutTime: boolean;
}

/** Most boards read ten times a second; a fast one costs as much time as eight of them. */
const sampleRates = [10, 10, 10, 10, 10, 10, 10, 10, 10, 20, 20, 20, 20, 40, 80] as const;
/** In a dense mixture everything comes at least this often. */
const DENSE_PER_DAY = 1.5;
/** Chance that a kind belongs to a seed's mixture. */
const KIND_SHARE = 0.36;
/** One seed in this many has no faults, one every fault. */
const PLAIN_SEEDS = 20;

/**
 * `swarm`: some of the allowed faults, at rates of their own. `dense`: all of them and often, so
 * that a missing rule shows soon.
 */
export function drawScenario(
  seed: number,
  days: number,
  allowed: readonly FaultKind[],
  mixture: 'swarm' | 'dense' = 'swarm',
): Scenario {
  const random = new SeededRandom(`scenario ${seed}`);
  const isDense = mixture === 'dense';
  const zone = pick(random, zones);
  const settings = drawSettings(random, zone);
  return {
    seed,
    days,
    zone,
    startMs: drawStart(random, zone, days),
    profile: drawProfile(random),
    settings,
    meals: drawMeals(random, settings),
    clock: {
      afterPowerCut: pick(random, ['rtc', 'file', 'none']),
      syncMeanMs: logUniform(random, 10_000, (isDense ? 24 : 6) * 60 * MINUTE_MS),
    },
    perDay: drawFaults(random, seed, allowed, mixture),
    faultyShare: random.chance(0.3) ? 1 : 0.4 + 0.5 * random.next(),
    asksPerDay: random.chance(0.3) ? 0 : logUniform(random, 0.5, 12),
    careMeanMs: logUniform(random, 5 * MINUTE_MS, 8 * 60 * MINUTE_MS),
    isAlarmDeaf: random.chance(0.2),
    startsWithoutTime: random.chance(isDense && allowed.includes('clock_lost') ? 1 : 0.25),
  };
}

export function pick<T>(random: SeededRandom, list: readonly T[]): T {
  const found = list[random.uint32() % list.length];
  if (found === undefined) throw new RangeError('Nothing to pick from.');
  return found;
}

/** As likely between 1 and 10 as between 10 and 100. */
export function logUniform(random: SeededRandom, from: number, to: number): number {
  return from * (to / from) ** random.next();
}

/** Half of the runs begin in the days before the clocks change. */
function drawStart(random: SeededRandom, zone: string, days: number): EpochMs {
  const firstDay = daysOfCivil(2026, 6, 1) + (random.uint32() % 2500);
  const minute = random.uint32() % 1440;
  const start = instantOf(zone, dateOfDays(firstDay), minute);
  if (random.chance(0.5)) return start;
  for (let day = firstDay; day < firstDay + 370; day++) {
    const at = instantOf(zone, dateOfDays(day), 720);
    if (offsetMs(zone, at) === offsetMs(zone, at + 24 * 60 * MINUTE_MS)) continue;
    const before = Math.floor(random.next() * Math.min(days, 4));
    return instantOf(zone, dateOfDays(day - before), minute);
  }
  return start;
}

function drawSettings(random: SeededRandom, zone: string): SettingsPatch {
  const dayGramsMax = Math.round(logUniform(random, 60, 400));
  const hourGramsMax = Math.round(Math.min(250, dayGramsMax * (0.3 + 0.5 * random.next())));
  return {
    zone,
    dayGramsMax,
    hourGramsMax,
    feedingGramsMax: Math.round(Math.min(150, hourGramsMax * (0.5 + 0.5 * random.next()))),
    planPercentMax: pick(random, [100, 120, 150]),
    scheduleGapMinutes: pick(random, [0, 5, 15, 15, 30]),
    manualGapSeconds: pick(random, [0, 10, 10, 60]),
    graceMinutes: pick(random, [30, 120, 120, 240]),
    starveLimitHours: pick(random, [6, 10, 10, 14]),
    bowlFullGrams: random.chance(0.2) ? Math.round(logUniform(random, 20, 120)) : null,
    quietHours: random.chance(0.2) ? { from: '22:00', to: '06:00' } : null,
  };
}

/** A plan that fits under the caps, with a liking for the hours in which clocks change. */
function drawMeals(random: SeededRandom, settings: SettingsPatch): MealInput[] {
  const count = 1 + (random.uint32() % 6);
  const dayGrams = (settings.dayGramsMax ?? 200) * (0.3 + 0.4 * random.next());
  const most = Math.min(settings.feedingGramsMax ?? 80, settings.hourGramsMax ?? 120) * 0.8;
  return Array.from({ length: count }, (_, index) => {
    const isNight = random.chance(0.25);
    const minute = isNight ? random.uint32() % 240 : random.uint32() % 1440;
    const portion = (dayGrams / count) * (0.7 + 0.6 * random.next());
    return drawMeal(random, {
      name: `Meal ${index + 1}`,
      minute,
      portion: Math.min(most, portion),
    });
  });
}

function drawMeal(
  random: SeededRandom,
  wish: { name: string; minute: number; portion: number },
): MealInput {
  return {
    name: wish.name,
    time: timeOfMinute(wish.minute),
    weekdays: random.chance(0.85) ? [1, 2, 3, 4, 5, 6, 7] : [1, 3, 5, 7],
    portionGrams: Math.max(2, Math.round(wish.portion * 10) / 10),
    petId: null,
    missedPolicy: pick(random, ['catch_up_one', 'catch_up_one', 'catch_up_one', 'skip', 'ask']),
    enabled: true,
  };
}

/** `HH:MM` of a minute of the day. */
export function timeOfMinute(minute: number): string {
  const two = (value: number) => String(value).padStart(2, '0');
  return `${two(Math.floor(minute / 60))}:${two(minute % 60)}`;
}

function drawFaults(
  random: SeededRandom,
  seed: number,
  allowed: readonly FaultKind[],
  mixture: 'swarm' | 'dense',
): Map<FaultKind, number> {
  const perDay = new Map<FaultKind, number>();
  const share = random.uint32() % PLAIN_SEEDS;
  for (const kind of allowed) {
    const own = laterKinds.has(kind) ? new SeededRandom(`scenario ${seed} ${kind}`) : random;
    const isDrawn = own.chance(share === 1 ? 1 : KIND_SHARE);
    const [few, many] = faultsPerDay[kind];
    const rate = logUniform(own, few, many);
    if (mixture === 'dense') perDay.set(kind, Math.max(many, DENSE_PER_DAY));
    else if (share !== 0 && isDrawn) perDay.set(kind, rate);
  }
  return perDay;
}

function drawProfile(random: SeededRandom): ProfileInput {
  const pieceGramsMean = logUniform(random, 0.08, 1.2);
  const gramsPerTurnMean = Math.max(4 * pieceGramsMean, logUniform(random, 2, 16));
  const isCatty = random.chance(0.6);
  return {
    kibble: { pieceGramsMean, pieceSdFraction: 0.05 + 0.25 * random.next() },
    auger: {
      gramsPerTurnMean,
      gramsPerTurnSdFraction: 0.04 + 0.16 * random.next(),
      pulsationFraction: 0.7 * random.next(),
    },
    motor: {
      turnsPerSecond: logUniform(random, 0.3, 1.2),
      indexEdgesPerTurn: pick(random, [null, 1, 4, 4, 40]),
      hasCurrentSensor: random.chance(0.6),
    },
    chute: {
      lateProbability: random.chance(0.5) ? 0 : 0.02 * random.next(),
      dribblePiecesMean: random.next(),
    },
    hopper: { startGrams: logUniform(random, 100, 2500), hasCell: random.chance(0.3) },
    bowlCell: {
      samplesPerSecondDispense: pick(random, sampleRates),
      countsPerGram: pick(random, [-429, 215, 429, 900]),
      noiseGrams: logUniform(random, 0.02, 0.3),
      spikeProbability: random.chance(0.4) ? 0.01 * random.next() : 0,
      lostSampleProbability: random.chance(0.4) ? 0.02 * random.next() : 0,
      driftGramsPerHour: random.chance(0.3) ? 0.1 * random.next() - 0.05 : 0,
      wanderGramsPerRootHour: random.chance(0.3) ? 0.5 * random.next() : 0.05,
    },
    cat: {
      visitsPerDay: logUniform(random, 2, 20),
      mealGramsMean: logUniform(random, 3, 30),
      leanProbability: isCatty ? 0.2 * random.next() : 0,
      sitProbability: isCatty ? 0.05 * random.next() : 0,
      arrivesWhileDispensingProbability: isCatty ? random.next() : 0,
      deflectProbability: isCatty ? 0.05 * random.next() : 0,
    },
  };
}
