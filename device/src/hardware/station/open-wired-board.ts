import type { Wiring } from '../../config/wiring-schema.ts';
import type { CurrentMeter } from '../../dispensing/shaft-sensors.ts';
import type { Part } from '../../platform/part.ts';
import type { CellSource } from '../../weighing/cell-source.ts';
import { HwmonCurrentMeter } from '../parts/hwmon-current-meter.ts';
import { SysfsPowerSupply } from '../parts/sysfs-power-supply.ts';
import { type BoardDoors, type OpenedDrive, openDrive } from './open-drive.ts';
import { WiredBoard } from './wired-board.ts';
import { type DispenserWiring, dispenserOf, traitsOf } from './wiring-traits.ts';

/**
 * Opens the parts of a wiring that the control loop needs, and joins them into one board. What was
 * opened is given up again when a later part cannot be had; then it throws what that part threw.
 */
export function openWiredBoard(wiring: Wiring, doors: BoardDoors): WiredBoard {
  const needed = dispenserOf(wiring);
  const opened: Part[] = [];
  const keep = <Kind extends Part>(part: Kind): Kind => {
    opened.push(part);
    return part;
  };
  try {
    const motor = openDrive(needed.drive, doors);
    keep(motor.drive);
    const bowl = keep(bowlOf(needed, motor, doors));
    const hopper = hopperOf(needed, motor, doors);
    const current = currentOf(needed, motor, doors);
    const supply = keep(new SysfsPowerSupply({ ...doors, isWatched: false }));
    const parts = {
      drive: motor.drive,
      bowl,
      hopper,
      edges: motor.edges,
      current,
      supply,
      isUndervoltage: () =>
        supply.reading().isUndervoltage || (motor.brought?.isUndervoltage() ?? false),
    };
    // How fast a converter is, it knows best itself.
    const { restSamplesPerSecond, dispenseSamplesPerSecond } = bowl;
    const traits = { ...traitsOf(wiring), restSamplesPerSecond, dispenseSamplesPerSecond };
    return new WiredBoard({ parts, traits, clock: doors.clock });
  } catch (error) {
    for (const part of opened.reverse()) part.close();
    throw error;
  }
}

function bowlOf(
  { bowl }: DispenserWiring,
  { brought }: OpenedDrive,
  doors: BoardDoors,
): CellSource {
  return bowl === null && brought !== null ? brought.bowl : doors.openCell(needs(bowl));
}

function needs<Value>(value: Value | null): Value {
  if (value === null) throw new TypeError('The wiring was not checked before it was opened.');
  return value;
}

function hopperOf(
  { hopper, drive }: DispenserWiring,
  { brought }: OpenedDrive,
  doors: BoardDoors,
): CellSource | null {
  if (hopper !== null) return doors.openCell(hopper);
  const isBrought = drive.part === 'coprocessor' && drive.hopperCountsPerGram !== null;
  return isBrought ? (brought?.hopper ?? null) : null;
}

function currentOf(
  { current, drive }: DispenserWiring,
  { brought }: OpenedDrive,
  { tree, clock }: BoardDoors,
): CurrentMeter | null {
  if (current !== null) return new HwmonCurrentMeter({ tree, clock, names: [current.chip] });
  const isBrought = drive.part === 'coprocessor' && drive.stallMilliamps !== null;
  return isBrought ? (brought?.current ?? null) : null;
}
