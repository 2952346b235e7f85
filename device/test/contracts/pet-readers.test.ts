import { ReconnectingPort } from '../../src/hardware/io/reconnecting-port.ts';
import { openSerialPort } from '../../src/hardware/io/serial-port.ts';
import type { ReaderKind } from '../../src/hardware/readers/frame-format.ts';
import { frameFormats } from '../../src/hardware/readers/frame-formats.ts';
import { SerialPetReader } from '../../src/hardware/readers/serial-pet-reader.ts';
import { SimulatedPetReader } from '../../src/hardware/simulated/simulated-pet-reader.ts';
import { ScaledClock } from '../../src/platform/scaled-clock.ts';
import { SystemClock } from '../../src/platform/system-clock.ts';
import { VirtualClock } from '../../src/platform/virtual-clock.ts';
import { PtyCable, until } from '../support/pty-pair.ts';
import {
  fullLine,
  longrfidFrame,
  positividLine,
  rdm6300Frame,
  shortLine,
  wl134aFrame,
} from '../support/reader-frames.ts';
import { petReaderContract, type ReaderBench } from './pet-reader.ts';

const chipOf = (id: string) => ({
  country: Number(id.slice(0, 3)),
  national: Number(id.slice(3)),
  isAnimal: true,
  hasDataBlock: false,
});
const chips = ['528140000123456', '900046000071672'] as const;
const collars = ['100086F444', '62E3086CED'] as const;

const wires: readonly {
  readonly kind: ReaderKind;
  readonly tags: readonly [string, string];
  readonly frame: (id: string) => Uint8Array;
}[] = [
  { kind: 'wl134a', tags: chips, frame: (id) => wl134aFrame(chipOf(id)) },
  {
    kind: 'rfidrw-e',
    tags: chips,
    frame: (id) => (id === chips[0] ? fullLine(chipOf(id)) : shortLine(chipOf(id))),
  },
  { kind: 'rdm6300', tags: collars, frame: rdm6300Frame },
  { kind: 'longrfid', tags: chips, frame: (id) => longrfidFrame(chipOf(id)) },
  { kind: 'positivid', tags: chips, frame: (id) => positividLine(chipOf(id)) },
];

/** Half a frame, a false start, a broken line and bytes of a wrong speed. */
const garbage = Uint8Array.of(2, 0x36, 0x34, 2, 0xaa, 0x0f, 0x5a, 0x31, 13, 10, 0xff, 0, 0x80);

/** Seconds of back-off pass in a blink, real bytes over a real terminal do not notice. */
const SPEED = 20;

for (const { kind, tags, frame } of wires) {
  petReaderContract(`${frameFormats[kind].name} over a terminal`, async () => {
    const cable = new PtyCable();
    await cable.plugIn();
    const clock = new ScaledClock(new SystemClock(), SPEED);
    const link = new ReconnectingPort({
      settings: { path: cable.path, baudRate: frameFormats[kind].baudRate },
      open: openSerialPort,
      clock,
      chance: () => 0.5,
    });
    const reader = new SerialPetReader({ link, format: frameFormats[kind], clock });
    // A reader that is asked to read answers that there is no tag.
    cable.onReceived = (bytes) => {
      if (bytes.includes('RAT')) cable.send(Buffer.from('?1\r\n'));
    };
    const bench: ReaderBench = {
      reader,
      tags,
      hold: (id) => cable.send(frame(id)),
      disturb: () => cable.send(garbage),
      unplug: () => cable.unplug(),
      plugIn: () => cable.plugIn(),
      until,
      end: async () => {
        reader.close();
        await cable.end();
      },
    };
    return bench;
  });
}

petReaderContract('the simulated reader', async () => {
  const clock = new VirtualClock();
  const reader = new SimulatedPetReader(clock);
  return {
    reader,
    tags: chips,
    hold: (id) => reader.hold({ protocol: 'fdxb', id, isAnimal: true }),
    disturb: () => reader.disturb(garbage.length),
    unplug: async () => reader.unplug(),
    plugIn: async () => reader.plugIn(),
    until: async (what, isTrue) => {
      clock.advance(1000);
      if (!isTrue()) throw new Error(`It never came true: ${what}`);
    },
    end: async () => reader.close(),
  };
});
