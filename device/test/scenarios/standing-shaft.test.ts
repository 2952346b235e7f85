import { describe, expect, it } from 'vitest';
import { parseProfile } from '../../src/hardware/simulated/load-profile.ts';
import type { ProfileInput } from '../../src/hardware/simulated/profile.ts';
import { AccuracyFeeder, type Fed } from '../../src/simulation/accuracy-feeder.ts';

const watched: ProfileInput['motor'] = { indexEdgesPerTurn: null, hasCurrentSensor: true };
const unwatched: ProfileInput['motor'] = { indexEdgesPerTurn: null, hasCurrentSensor: false };
/** From the start of a portion on: before its pulses, between them, and after the last. */
const instants = Array.from({ length: 18 }, (_, n) => 1200 + 300 * n);

/** Serves a small portion with a shaft that does not turn, and somebody at the bowl meanwhile. */
async function feedStanding(how: {
  motor: ProfileInput['motor'];
  seed: string;
  portionGrams?: number;
  stop: (feeder: AccuracyFeeder) => void;
  happen: (feeder: AccuracyFeeder) => void;
}): Promise<Fed> {
  const profile: ProfileInput = {
    kibble: { pieceGramsMean: 0.8 },
    auger: { gramsPerTurnMean: 8 },
    motor: { ...how.motor, turnsPerSecond: 0.6 },
    bowlCell: { samplesPerSecondDispense: 10, noiseGrams: 0.25 },
    cat: { visitsPerDay: 0, arrivesWhileDispensingProbability: 0 },
    faults: { jamClearsOnReverseProbability: 0 },
  };
  const feeder = new AccuracyFeeder(parseProfile(profile), how.seed);
  await feeder.setUp(3, 12);
  how.stop(feeder);
  how.happen(feeder);
  const fed = await feeder.feed(how.portionGrams ?? 2);
  expect(fed.trueGrams).toBe(0);
  return fed;
}

function expectNoPromise(feds: readonly Fed[]): void {
  const verdicts = feds.map(({ outcome }) => `${outcome.result} ${outcome.dose.method}`);
  expect(verdicts).not.toContain('served measured');
}

describe('FMEA-25 a nose on the bowl while the shaft stands is not taken for a weighed portion', () => {
  it('that presses and lets go by half: food never gets lighter', async () => {
    const feds = [];
    for (const atMs of instants) {
      const happen = ({ clock, world }: AccuracyFeeder) => {
        clock.after('presses', atMs, () => world.leanCat(6, 1000));
        clock.after('lets go', atMs + 1000, () => world.leanCat(2, 20_000));
      };
      const seed = `lets go ${atMs}`;
      const stop = ({ world }: AccuracyFeeder) => world.jam();
      feds.push(await feedStanding({ motor: unwatched, seed, stop, happen }));
    }
    expectNoPromise(feds);
  });

  it('that comes when all food would long have fallen', async () => {
    const feds = [];
    for (let quietMs = 900; quietMs < 1500; quietMs += 40) {
      const happen = (feeder: AccuracyFeeder) => {
        whenQuiet(feeder, quietMs, () => feeder.world.leanCat(2, 20_000));
      };
      const seed = `comes late ${quietMs}`;
      const stop = ({ world }: AccuracyFeeder) => world.jam();
      feds.push(await feedStanding({ motor: unwatched, seed, stop, happen }));
    }
    expectNoPromise(feds);
  });

  it('while the motor draws no current, however short its pulses are', async () => {
    const feds = [];
    for (const atMs of instants) {
      const happen = ({ clock, world }: AccuracyFeeder) => {
        clock.after('presses', atMs, () => world.leanCat(2.5, 20_000));
      };
      const seed = `no current ${atMs}`;
      const stop = ({ world }: AccuracyFeeder) => world.breakMotor();
      feds.push(await feedStanding({ motor: watched, seed, stop, happen }));
    }
    expectNoPromise(feds);
    expect(feds.map(({ outcome }) => outcome.dose.lowGrams)).toEqual(feds.map(() => 0));
  });

  it('while a dead motor is to be freed: no food, and the fault has its name', async () => {
    for (let n = 0; n < 8; n += 1) {
      const happen = ({ clock, world }: AccuracyFeeder) => {
        clock.after('presses', 2000 + 300 * n, () => world.leanCat(5, 20_000));
      };
      const stop = ({ world }: AccuracyFeeder) => world.breakMotor();
      const seed = `attempt ${n}`;
      const { outcome } = await feedStanding({
        motor: watched,
        seed,
        portionGrams: 8,
        stop,
        happen,
      });
      expect(outcome.fault).toBe('motor_dead');
      expect(outcome.result).not.toBe('served');
      expect(outcome.dose).toMatchObject({ lowGrams: 0, method: 'estimated' });
      expect(outcome.dose.likelyGrams).toBeLessThan(1);
    }
  });
});

/** Calls back once the motor has been off for so long after a pulse. */
function whenQuiet({ clock, world }: AccuracyFeeder, quietMs: number, then: () => void): void {
  const startMs = world.nowMs();
  const look = () => {
    const { fromMs, toMs } = world.motorIntervals().at(-1) ?? { fromMs: 0, toMs: 0 };
    const isQuiet = fromMs > startMs && world.nowMs() - toMs >= quietMs;
    if (isQuiet) then();
    else clock.after('look', 20, look);
  };
  look();
}
