import type { BoardIo } from '@cat-feeder/board-io';
import type { CellWiring, DriveWiring } from '../../config/wiring-schema.ts';
import type { CurrentMeter, DrivePart, EdgeCounter } from '../../dispensing/shaft-sensors.ts';
import type { Chance } from '../../platform/back-off.ts';
import type { Clock } from '../../platform/clock.ts';
import type { SysfsTree } from '../../platform/sysfs-tree.ts';
import type { CellSource } from '../../weighing/cell-source.ts';
import { openCoprocessor } from '../drives/coprocessor.ts';
import { type BridgeWiring, DcMotorDrive } from '../drives/dc-motor.ts';
import { HeaderPwmSpeed } from '../drives/header-pwm-speed.ts';
import { LineEdgeCounter } from '../drives/line-edge-counter.ts';
import { ServoGateDrive, servoGateLines } from '../drives/servo-gate.ts';
import { ServoPwmDrive } from '../drives/servo-pwm-gate.ts';
import { StepDirDrive, stepDirLines } from '../drives/step-dir.ts';
import { Tmc2209Drive } from '../drives/tmc2209.ts';
import type { LineSource } from '../io/lines.ts';
import type { PulseLine, PulsePlayer } from '../io/pulse-player.ts';
import type { SerialLink } from '../io/serial-link.ts';
import type { TimedOutput } from '../io/timed-output.ts';
import { traitsOf } from './wiring-traits.ts';

/** Where the parts of a wiring are reached; tests put fakes here. */
export interface BoardDoors {
  readonly clock: Clock;
  readonly chance: Chance;
  readonly tree: SysfsTree;
  readonly lines: LineSource;
  /** Throws ERR_HARDWARE_FAULT where there is no addon or no header. */
  native(): { readonly board: BoardIo; readonly chip: string };
  /** A line whose fall is armed below this program. */
  timedOutput(pin: number, activeLow: boolean): TimedOutput;
  /** Plays pulses by the pigpiod that listens there, `127.0.0.1:8888`. */
  openPulses(lines: readonly PulseLine[], at: string): PulsePlayer;
  /** A serial port that comes back by itself, or a relay of one to this thread. */
  openPort(path: string, baudRate: number): SerialLink;
  /** A load cell's converter. Throws ERR_HARDWARE_FAULT when its lines or its bus cannot be had. */
  openCell(wiring: CellWiring): CellSource;
}

/** A motor with what came with it. */
export interface OpenedDrive {
  readonly drive: DrivePart;
  readonly edges: EdgeCounter | null;
  /** Only of a co-processor, which samples for itself. */
  readonly brought: {
    readonly bowl: CellSource;
    readonly hopper: CellSource;
    readonly current: CurrentMeter;
    readonly isUndervoltage: () => boolean;
  } | null;
}

/** Of every drive that is spoken to over a serial port. */
export const BAUD_RATE = 115_200;

/** Opens the motor of a wiring. Throws ERR_HARDWARE_FAULT when a line cannot be had. */
export function openDrive(wiring: DriveWiring, doors: BoardDoors): OpenedDrive {
  switch (wiring.part) {
    case 'dc_motor': {
      const { enablePin, directionPin } = wiring;
      const enable = { pin: enablePin, activeLow: false };
      const direction = { pin: directionPin, activeLow: false };
      return dcMotor(wiring, { kind: 'enable-direction', enable, direction }, doors);
    }
    case 'dc_motor_pair': {
      const forward = { pin: wiring.forwardPin, activeLow: false };
      const reverse = { pin: wiring.reversePin, activeLow: false };
      return dcMotor(wiring, { kind: 'two-inputs', forward, reverse }, doors);
    }
    case 'tmc2209':
      return tmc2209(wiring, doors);
    case 'coprocessor':
      return coprocessor(wiring, doors);
    case 'step_dir': {
      const settings = { ...wiring, dirPin: wiring.directionPin };
      const player = doors.openPulses(stepDirLines(settings), wiring.pigpiod);
      return withEdges(wiring, new StepDirDrive(player, settings, doors.clock), doors);
    }
    case 'servo_gate': {
      if (wiring.way === 'pwm') {
        const { tree, clock } = doors;
        const { board } = doors.native();
        const drive = new ServoPwmDrive({ board, tree, clock, settings: wiring });
        return withEdges(wiring, drive, doors);
      }
      const player = doors.openPulses(servoGateLines(wiring), wiring.pigpiod);
      return withEdges(wiring, new ServoGateDrive(player, wiring), doors);
    }
  }
}

function dcMotor(
  wiring: Extract<DriveWiring, { part: 'dc_motor' | 'dc_motor_pair' }>,
  bridge: BridgeWiring,
  doors: BoardDoors,
): OpenedDrive {
  const { board, chip } = doors.native();
  const pwmPin = wiring.part === 'dc_motor' ? wiring.pwmPin : null;
  const speed = pwmPin === null ? null : new HeaderPwmSpeed({ tree: doors.tree, pin: pwmPin });
  const fault = wiring.faultPin === null ? null : { lines: doors.lines, pin: wiring.faultPin };
  const drive = new DcMotorDrive({ board, chip, wiring: bridge, speed, fault });
  return withEdges(wiring, drive, doors);
}

function tmc2209(
  wiring: Extract<DriveWiring, { part: 'tmc2209' }>,
  doors: BoardDoors,
): OpenedDrive {
  const drive = new Tmc2209Drive({
    link: doors.openPort(wiring.port, BAUD_RATE),
    enable: doors.timedOutput(wiring.enablePin, true),
    clock: doors.clock,
    chance: doors.chance,
    settings: wiring,
  });
  return withEdges(wiring, drive, doors);
}

function coprocessor(
  wiring: Extract<DriveWiring, { part: 'coprocessor' }>,
  doors: BoardDoors,
): OpenedDrive {
  const { restSamplesPerSecond, dispenseSamplesPerSecond } = traitsOf({
    kind: 'board',
    name: '',
    parts: [wiring],
  });
  const controller = openCoprocessor({
    link: doors.openPort(wiring.port, BAUD_RATE),
    clock: doors.clock,
    restSamplesPerSecond,
    dispenseSamplesPerSecond,
  });
  const edges = wiring.edgesPerTurn === null ? null : controller.edges;
  return { drive: controller.drive, edges, brought: controller };
}

/** The drive is given up when its edges cannot be had: half a dispenser holds no lines. */
function withEdges(wiring: DriveWiring, drive: DrivePart, doors: BoardDoors): OpenedDrive {
  const { edgePin } = wiring;
  if (edgePin === null) return { drive, edges: null, brought: null };
  try {
    const edges = new LineEdgeCounter({ lines: doors.lines, pin: edgePin, activeLow: false });
    return { drive, edges, brought: null };
  } catch (error) {
    drive.close();
    throw error;
  }
}
