import type { BoardTraits } from '../../dispensing/control-board.ts';
import type { SeededRandom } from '../../platform/random.ts';
import type { Profile } from './profile.ts';

/** How far datasheets are off, within what BoardTraits promises. */
const TURNS_PER_SECOND_ERROR = 0.25;
const COUNTS_PER_GRAM_ERROR = 0.15;
const STALL_CURRENT_ERROR = 0.2;
/** The maker's food is another one: from a 2.2th to 2.2 times of this one's mass for a turn. */
const GRAMS_PER_TURN_FACTOR = 2.2;

/**
 * What an installer would know of this feeder: the true values with the errors of datasheets.
 * The control code can learn nothing from it that it could not know of a real one.
 */
export function guessTraits(profile: Profile, random: SeededRandom): BoardTraits {
  const off = (error: number) => 1 + error * (2 * random.next() - 1);
  const { motor, bowlCell, hopper, auger } = profile;
  const stallMilliamps = motor.stallMilliamps * off(STALL_CURRENT_ERROR);
  return {
    restSamplesPerSecond: bowlCell.samplesPerSecondRest,
    dispenseSamplesPerSecond: bowlCell.samplesPerSecondDispense,
    indexEdgesPerTurn: motor.indexEdgesPerTurn,
    hasMotorCurrent: motor.hasCurrentSensor,
    hasHopperCell: hopper.hasCell,
    nominalTurnsPerSecond: motor.turnsPerSecond * off(TURNS_PER_SECOND_ERROR),
    nominalGramsPerTurn: auger.gramsPerTurnMean * GRAMS_PER_TURN_FACTOR ** (2 * random.next() - 1),
    stallMilliamps: motor.hasCurrentSensor ? stallMilliamps : null,
    ratedGrams: bowlCell.ratedGrams,
    nominalCountsPerGram: bowlCell.countsPerGram * off(COUNTS_PER_GRAM_ERROR),
    nominalHopperCountsPerGram: hopper.cellCountsPerGram * off(COUNTS_PER_GRAM_ERROR),
  };
}
