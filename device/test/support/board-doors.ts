import { FeederError } from '@cat-feeder/shared';
import { ReconnectingPort } from '../../src/hardware/io/reconnecting-port.ts';
import type { OpenSerial } from '../../src/hardware/io/serial-port.ts';
import type { BoardDoors } from '../../src/hardware/station/open-drive.ts';
import type { VirtualClock } from '../../src/platform/virtual-clock.ts';
import { FakeLines } from './fake-lines.ts';
import { HandLink } from './hand-link.ts';
import type { SysfsFolder } from './sysfs-folder.ts';

/** Doors to fakes: lines in memory, a serial port with a part behind it, files in a folder. */
export interface FakeDoors extends BoardDoors {
  readonly fakeLines: FakeLines;
  /** The part's end of the serial port; bytes that it sends reach whoever opened the port. */
  readonly port: HandLink;
}

export function fakeDoors(
  clock: VirtualClock,
  folder: SysfsFolder,
  more: Partial<BoardDoors> = {},
): FakeDoors {
  const fakeLines = new FakeLines(clock);
  const port = new HandLink();
  const openSerial: OpenSerial = async (_, { onBytes, onGone }) => {
    if (!port.isOpen) throw new FeederError('ERR_HARDWARE_FAULT', { message: port.why ?? '' });
    port.onBytes(onBytes);
    port.onLink(({ isOpen, why }) => {
      if (!isOpen) onGone(why ?? 'It is away.');
    });
    return { write: (bytes) => port.write(bytes), close: async () => {} };
  };
  const missing = (what: string) => (): never => {
    throw new FeederError('ERR_HARDWARE_FAULT', { message: `There is no ${what} here.` });
  };
  return {
    clock,
    chance: () => 0.5,
    tree: folder.tree,
    lines: fakeLines,
    fakeLines,
    port,
    native: missing('addon'),
    timedOutput: missing('timed output'),
    openPulses: missing('pigpiod'),
    openCell: missing('cell'),
    openPort: (path, baudRate) =>
      new ReconnectingPort({
        settings: { path, baudRate },
        open: openSerial,
        clock,
        chance: () => 0.5,
      }),
    ...more,
  };
}
