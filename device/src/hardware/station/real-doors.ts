import type { MessagePort } from 'node:worker_threads';
import { type BoardIo, loadBoardIo } from '@cat-feeder/board-io';
import { FeederError } from '@cat-feeder/shared';
import type { Chance } from '../../platform/back-off.ts';
import type { Clock } from '../../platform/clock.ts';
import { SysfsTree } from '../../platform/sysfs-tree.ts';
import { headerChip } from '../io/header-chip.ts';
import { NativeI2cBus } from '../io/native-i2c-bus.ts';
import { NativeLines } from '../io/native-lines.ts';
import { NativeTimedOutput } from '../io/native-timed-output.ts';
import { PigpiodPlayer } from '../io/pigpiod-player.ts';
import { ReconnectingPort } from '../io/reconnecting-port.ts';
import { relayedSerial } from '../io/serial-relay.ts';
import { openCell } from './open-cell.ts';
import type { BoardDoors } from './open-drive.ts';

/**
 * The doors to this machine's hardware, for the control loop's thread. The addon and the header are
 * looked for at once: throws ERR_HARDWARE_FAULT where they are not.
 */
export function realDoors(options: {
  readonly clock: Clock;
  readonly chance: Chance;
  /** Where the main thread opens serial ports for this one. */
  readonly serial: MessagePort | null;
}): BoardDoors {
  const { clock, chance, serial } = options;
  const open = serial === null ? null : relayedSerial(serial);
  const board: BoardIo = loadBoardIo();
  const chip = headerChip(board);
  const lines = new NativeLines({ board, chip });
  const buses = new Map<number, NativeI2cBus>();
  const busOf = (number: number) => {
    const bus = buses.get(number) ?? new NativeI2cBus({ board, path: `/dev/i2c-${number}` });
    buses.set(number, bus);
    return bus;
  };
  return {
    clock,
    chance,
    tree: new SysfsTree(),
    lines,
    native: () => ({ board, chip }),
    timedOutput: (pin, activeLow) => new NativeTimedOutput({ board, chip, pin, activeLow }),
    openPulses: (pulseLines, at) => {
      const { hostname, port } = new URL(`tcp://${at}`);
      return new PigpiodPlayer({
        host: hostname,
        port: Number(port),
        lines: pulseLines,
        clock,
        chance,
      });
    },
    openPort: (path, baudRate) => {
      if (open === null) {
        throw new FeederError('ERR_INTERNAL', { message: 'Nobody opens serial ports here.' });
      }
      return new ReconnectingPort({ settings: { path, baudRate }, open, clock, chance });
    },
    openCell: (wiring) => openCell(wiring, { board, chip, lines, busOf, clock, chance }),
  };
}
