import type { ErrorDetail } from '@cat-feeder/shared';
import type { BoardFacts } from '../platform/board-facts.ts';
import { checkBuses, checkBusesAnywhere } from './check-buses.ts';
import { checkPins, checkPinsAnywhere } from './check-pins.ts';
import { claimsOf } from './wiring-claims.ts';
import type { WiringProblem } from './wiring-problem.ts';
import { isCell, isDrive, type WiredPart, type Wiring } from './wiring-schema.ts';

/** Parts of which a feeder has one. */
const single: readonly WiredPart['part'][] = [
  'current_meter',
  'hopper_gauge',
  'lid_switch',
  'bowl_switch',
  'button',
  'buzzer',
  'power_fail',
  'real_time_clock',
  'pet_reader',
];

/** A tenth of what a servo can travel; nothing falls through less. */
const GATE_TRAVEL_US_MIN = 100;

/**
 * What is wrong with a wiring on any board: parts that are missing, twice or at odds with themselves,
 * and pins, addresses or ports that cannot be or that two of them have.
 */
export function checkAnywhere({ parts }: Wiring): readonly ErrorDetail[] {
  const claims = claimsOf(parts);
  return [
    ...driveProblems(parts),
    ...cellProblems(parts),
    ...otherProblems(parts),
    ...checkPinsAnywhere(claims),
    ...checkBusesAnywhere(claims),
  ];
}

/**
 * Everything that is wrong with a wiring on this board, all at once: `path` is the place in the
 * profile, `message` one sentence for whoever holds the screwdriver.
 */
export function checkWiring(wiring: Wiring, board: BoardFacts): readonly WiringProblem[] {
  const claims = claimsOf(wiring.parts);
  return [
    ...boardProblems(board),
    ...checkAnywhere(wiring),
    ...checkPins(claims, board),
    ...checkBuses(claims, wiring, board),
  ];
}

function boardProblems(board: BoardFacts): ErrorDetail[] {
  if (!board.is64Bit) {
    const message = 'This is a 32-bit system; install the 64-bit Raspberry Pi OS 12 or 13.';
    return [{ path: 'board', message }];
  }
  if (board.headerChip !== null) return [];
  const message = `This board (${board.model}) has no pin header that is known; a Raspberry Pi 3, 4, 5 or Zero 2 W has.`;
  return [{ path: 'board', message }];
}

function driveProblems(parts: readonly WiredPart[]): ErrorDetail[] {
  const drives = parts.filter(isDrive);
  const first = drives[0];
  if (first === undefined) {
    const message =
      'No motor is wired: add one of dc_motor, dc_motor_pair, tmc2209, step_dir, servo_gate or coprocessor.';
    return [{ path: 'parts', message }];
  }
  if (drives.length > 1) {
    const names = drives.map(({ part }) => part).join(' and ');
    const message = `Two motors are wired (${names}), but one dispenser has one: remove the other.`;
    return [{ path: 'parts', message }];
  }
  return [...edgeProblems(parts, first), ...gateProblems(parts, first)];
}

function edgeProblems(parts: readonly WiredPart[], drive: WiredPart): ErrorDetail[] {
  if (!isDrive(drive)) return [];
  const path = `parts.${parts.indexOf(drive)}`;
  if (drive.part === 'coprocessor') {
    if (drive.edgePin === null) return [];
    const message =
      'A coprocessor counts the edges itself: wire the shaft sensor to it, and leave edgePin out.';
    return [{ path, message }];
  }
  if ((drive.edgesPerTurn === null) === (drive.edgePin === null)) return [];
  const message =
    drive.edgePin === null
      ? 'edgesPerTurn is given, but no edgePin: name the pin of the index, or leave both out.'
      : 'edgePin is given, but no edgesPerTurn: say how many edges one turn of the shaft makes.';
  return [{ path, message }];
}

function gateProblems(parts: readonly WiredPart[], drive: WiredPart): ErrorDetail[] {
  if (drive.part !== 'servo_gate') return [];
  if (Math.abs(drive.openUs - drive.closedUs) >= GATE_TRAVEL_US_MIN) return [];
  const message = `closedUs and openUs must be at least ${GATE_TRAVEL_US_MIN} apart: the gate would not open.`;
  return [{ path: `parts.${parts.indexOf(drive)}`, message }];
}

/** A co-processor brings the bowl's cell, and perhaps the hopper's. */
function cellCounts(parts: readonly WiredPart[]) {
  const cells = parts.filter(isCell);
  const brought = parts.filter((part) => part.part === 'coprocessor');
  const bowls = cells.filter(({ under }) => under === 'bowl').length;
  const hoppers = brought.filter(({ hopperCountsPerGram }) => hopperCountsPerGram !== null).length;
  return { bowls: bowls + brought.length, hoppers: cells.length - bowls + hoppers };
}

function cellProblems(parts: readonly WiredPart[]): ErrorDetail[] {
  const problems: ErrorDetail[] = [];
  const { bowls, hoppers } = cellCounts(parts);
  if (bowls === 0) {
    const message = 'No scale is wired under the bowl: add an hx711 or a nau7802.';
    problems.push({ path: 'parts', message });
  }
  if (bowls > 1 || hoppers > 1) {
    const where = bowls > 1 ? 'bowl' : 'hopper';
    const other = where === 'bowl' ? 'hopper' : 'bowl';
    const message = `Two scales are wired under the ${where} (a coprocessor brings its own): set "under" of one to "${other}", or remove it.`;
    problems.push({ path: 'parts', message });
  }
  parts.forEach((part, index) => {
    if (part.part !== 'hx711' || part.way !== 'lines') return;
    if (part.dataPin !== null && part.clockPin !== null) return;
    const message = 'An hx711 on lines needs dataPin (DOUT) and clockPin (PD_SCK).';
    problems.push({ path: `parts.${index}`, message });
  });
  return problems;
}

function otherProblems(parts: readonly WiredPart[]): ErrorDetail[] {
  const problems = single.flatMap((name): ErrorDetail[] => {
    const count = parts.filter(({ part }) => part === name).length;
    if (count <= 1) return [];
    return [{ path: 'parts', message: `${name} is wired ${count} times, but a feeder has one.` }];
  });
  const lights = parts.filter(({ part }) => part === 'light' || part === 'kernel_light').length;
  if (lights > 1) {
    problems.push({ path: 'parts', message: 'Two lights are wired, but a feeder has one.' });
  }
  parts.forEach((part, index) => {
    if (part.part !== 'hopper_gauge' || part.emptyMm - part.fullMm >= 30) return;
    const message =
      'emptyMm must be at least 30 more than fullMm: the sensor looks down from the lid.';
    problems.push({ path: `parts.${index}`, message });
  });
  return problems;
}
