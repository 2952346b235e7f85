import { loadBoardIo } from '@cat-feeder/board-io';
import { FeederError } from '@cat-feeder/shared';
import type { Chance } from '../../platform/back-off.ts';
import type { Clock } from '../../platform/clock.ts';
import { SysfsTree } from '../../platform/sysfs-tree.ts';
import { headerChip } from '../io/header-chip.ts';
import { NativeI2cBus } from '../io/native-i2c-bus.ts';
import { NativeLines } from '../io/native-lines.ts';
import { OnoffLines, type OnoffPackage } from '../io/onoff-lines.ts';
import { ReconnectingPort } from '../io/reconnecting-port.ts';
import { openSerialPort } from '../io/serial-port.ts';
import type { PanelDoors } from './open-panel.ts';

/** The doors to this machine's hardware, for the main thread. Throws ERR_HARDWARE_FAULT without a header. */
export function realPanelDoors(parts: {
  readonly clock: Clock;
  readonly chance: Chance;
  /** Null: no part wants it. */
  readonly onoff: OnoffPackage | FeederError | null;
}): PanelDoors {
  const { clock, chance, onoff } = parts;
  const board = loadBoardIo();
  const lines = new NativeLines({ board, chip: headerChip(board) });
  const tree = new SysfsTree();
  return {
    clock,
    tree,
    lines,
    onoff: () => {
      if (onoff === null) throw new TypeError('Nobody asked for onoff before.');
      if (onoff instanceof FeederError) throw onoff;
      return new OnoffLines({ onoff, tree, clock });
    },
    busOf: (number) => new NativeI2cBus({ board, path: `/dev/i2c-${number}` }),
    openPort: (path, baudRate) =>
      new ReconnectingPort({ settings: { path, baudRate }, open: openSerialPort, clock, chance }),
  };
}
