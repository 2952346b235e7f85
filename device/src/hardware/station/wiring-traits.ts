import { FeederError, type ScaleCalibration } from '@cat-feeder/shared';
import {
  type CellWiring,
  type DriveWiring,
  isCell,
  isDrive,
  type WiredPart,
  type Wiring,
} from '../../config/wiring-schema.ts';
import type { BoardTraits } from '../../dispensing/control-board.ts';

/** A common cell's noise in grams until it is tared, as a share of its rated load. */
const NOISE_SHARE = 2e-5;

/** The parts of a wiring that the control loop needs, each once. Throws `ERR_WIRING` without them. */
export interface DispenserWiring {
  readonly drive: DriveWiring;
  /** Null: the co-processor brings it. */
  readonly bowl: CellWiring | null;
  readonly hopper: CellWiring | null;
  readonly current: Extract<WiredPart, { part: 'current_meter' }> | null;
}

export function dispenserOf({ parts }: Wiring): DispenserWiring {
  const drive = parts.find(isDrive);
  const cells = parts.filter(isCell);
  const bowl = cells.find(({ under }) => under === 'bowl') ?? null;
  if (drive === undefined || (bowl === null && drive.part !== 'coprocessor')) {
    throw new FeederError('ERR_WIRING', { message: 'A feeder needs a motor and a scale.' });
  }
  return {
    drive,
    bowl,
    hopper: cells.find(({ under }) => under === 'hopper') ?? null,
    current: parts.find((part) => part.part === 'current_meter') ?? null,
  };
}

/** What the datasheets in a profile say of its board. */
export function traitsOf(wiring: Wiring): BoardTraits {
  const { drive, bowl, hopper, current } = dispenserOf(wiring);
  const cell = bowl ?? (drive.part === 'coprocessor' ? drive : null);
  if (cell === null) throw new FeederError('ERR_WIRING');
  const brought = drive.part === 'coprocessor' ? drive : null;
  const stallMilliamps = current?.stallMilliamps ?? brought?.stallMilliamps ?? null;
  const hopperCounts = hopper?.countsPerGram ?? brought?.hopperCountsPerGram ?? null;
  return {
    restSamplesPerSecond: 10,
    dispenseSamplesPerSecond: 'samplesPerSecond' in cell ? cell.samplesPerSecond : 80,
    indexEdgesPerTurn: drive.edgesPerTurn,
    hasMotorCurrent: stallMilliamps !== null,
    hasHopperCell: hopperCounts !== null,
    nominalTurnsPerSecond: drive.turnsPerSecond,
    nominalGramsPerTurn: drive.gramsPerTurn,
    stallMilliamps,
    ratedGrams: cell.ratedGrams,
    nominalCountsPerGram: cell.countsPerGram,
    ...(hopperCounts === null ? {} : { nominalHopperCountsPerGram: hopperCounts }),
  };
}

/** What a new feeder starts with: nobody has tared it, and the span is the datasheet's. */
export function firstCalibration(traits: BoardTraits): ScaleCalibration {
  return {
    zeroCounts: 0,
    countsPerGram: traits.nominalCountsPerGram,
    noiseGrams: traits.ratedGrams * NOISE_SHARE,
    taredAtMs: null,
    spannedAtMs: null,
  };
}
