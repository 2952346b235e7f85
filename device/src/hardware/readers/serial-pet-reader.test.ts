import { describe, expect, it } from 'vitest';
import {
  longrfidFrame,
  rdm6300Frame,
  shortLine,
  wl134aFrame,
} from '../../../test/support/reader-frames.ts';
import type { TagReading } from '../../pets/pet-reader.ts';
import { healthy } from '../../platform/part.ts';
import { VirtualClock } from '../../platform/virtual-clock.ts';
import type { SerialLink } from '../io/serial-link.ts';
import type { ReaderKind } from './frame-format.ts';
import { frameFormats } from './frame-formats.ts';
import { BABBLE_BYTES, STUCK_MS } from './reader-watch.ts';
import { ANSWER_MS_MAX, SerialPetReader } from './serial-pet-reader.ts';

/** A link that is plugged by hand. */
class HandLink implements SerialLink {
  isOpen = true;
  why: string | null = null;
  written = '';
  bytes: (bytes: Uint8Array) => void = () => {};
  turn: (link: { isOpen: boolean; why: string | null }) => void = () => {};
  async write(bytes: Uint8Array): Promise<void> {
    this.written += Buffer.from(bytes).toString('latin1');
  }
  onBytes(listener: (bytes: Uint8Array) => void): void {
    this.bytes = listener;
  }
  onLink(listener: (link: { isOpen: boolean; why: string | null }) => void): void {
    this.turn = listener;
  }
  async close(): Promise<void> {
    this.isOpen = false;
  }
  plug(isOpen: boolean, why: string | null): void {
    this.isOpen = isOpen;
    this.why = why;
    this.turn({ isOpen, why });
  }
}

const chip = { country: 528, national: 1007, isAnimal: true, hasDataBlock: false };

function open(kind: ReaderKind) {
  const clock = new VirtualClock();
  const link = new HandLink();
  const reader = new SerialPetReader({ link, format: frameFormats[kind], clock });
  const readings: TagReading[] = [];
  reader.onReading((reading) => readings.push(reading));
  return { clock, link, reader, readings };
}

describe('B-45 a pet reader at a serial port', () => {
  it('gives a frame with its raw bytes and the time of its end', () => {
    const { clock, link, readings } = open('wl134a');
    const frame = wl134aFrame(chip);
    link.bytes(frame.subarray(0, 20));
    clock.advance(20);
    link.bytes(frame.subarray(20));
    expect(readings).toEqual([
      {
        protocol: 'fdxb',
        id: '528000000001007',
        isAnimal: true,
        raw: Buffer.from(frame).toString('hex'),
        atMs: 20,
      },
    ]);
  });

  it('is unplugged with the reason of the port, and forgets a cut frame', () => {
    const { link, reader, readings } = open('wl134a');
    const frame = wl134aFrame(chip);
    link.bytes(frame.subarray(0, 20));
    link.plug(false, 'It is gone.');
    expect(reader.health()).toMatchObject({ state: 'unplugged', why: 'It is gone.' });
    link.plug(true, null);
    link.bytes(frame.subarray(20));
    expect([readings, reader.health()]).toEqual([[], healthy]);
  });

  it('babbles when only noise comes, until a frame does', () => {
    const { link, reader } = open('wl134a');
    link.bytes(new Uint8Array(BABBLE_BYTES - 1).fill(0x55));
    expect(reader.health()).toEqual(healthy);
    link.bytes(Uint8Array.of(0x55));
    expect(reader.health()).toMatchObject({ state: 'babbling' });
    expect(reader.counts().noiseBytes).toBe(BABBLE_BYTES);
    link.bytes(wl134aFrame(chip));
    expect([reader.health(), reader.counts().frames]).toEqual([healthy, 1]);
  });

  it.each([
    ['wl134a', rdm6300Frame('62E3086CED'), 'RDM6300'],
    ['rdm6300', wl134aFrame(chip), 'WL-134A'],
    ['wl134a', longrfidFrame(chip), 'long-range'],
  ] as const)('a %s that was swapped is named', (kind, bytes, name) => {
    const { link, reader } = open(kind);
    link.bytes(bytes);
    expect(reader.health()).toMatchObject({ state: 'babbling' });
    expect(reader.health().why).toContain(name);
  });

  it('asks a RFIDRW-E to read, and misses its answer', () => {
    const { clock, link, reader, readings } = open('rfidrw-e');
    expect(link.written).toBe('RAT\r\n');
    clock.advance(ANSWER_MS_MAX);
    expect(reader.health()).toEqual(healthy);
    clock.advance(1);
    expect(reader.health().state).toBe('silent');
    clock.advance(30_000);
    expect([link.written, reader.health().state]).toEqual(['RAT\r\nRAT\r\n', 'silent']);
    link.bytes(Buffer.from('?1\r\n'));
    expect([reader.health(), readings]).toEqual([healthy, []]);
    link.bytes(shortLine(chip));
    expect(readings).toHaveLength(1);
  });

  it('is stuck when it names one tag for an hour without a pause', () => {
    const { clock, link, reader } = open('rdm6300');
    for (let ms = 0; ms <= STUCK_MS; ms += 4000) {
      link.bytes(rdm6300Frame('62E3086CED'));
      clock.advance(4000);
    }
    expect(reader.health()).toMatchObject({ state: 'stuck' });
    clock.advance(6000);
    expect(reader.health()).toEqual(healthy);
  });

  it('passes the guided test with a tag, and says what to do without one', async () => {
    const { clock, link, reader } = open('rdm6300');
    const passed = reader.awaitTag(5000);
    link.bytes(rdm6300Frame('62E3086CED'));
    expect(await passed).toMatchObject({ ok: true });
    const failed = reader.awaitTag(5000);
    clock.advance(5000);
    expect((await failed).fix).toContain('coil');
    const swapped = reader.awaitTag(5000);
    link.bytes(wl134aFrame(chip));
    clock.advance(5000);
    expect((await swapped).found).toContain('WL-134A');
    link.plug(false, 'It is gone.');
    expect(await reader.awaitTag(5000)).toMatchObject({
      ok: false,
      found: 'unplugged: It is gone.',
    });
    expect(await reader.selfTest()).toMatchObject({ ok: false });
  });

  it('is silent and leaves no timer once it was closed', async () => {
    const { clock, link, reader, readings } = open('rfidrw-e');
    const waiting = reader.awaitTag(5000);
    reader.close();
    expect(await waiting).toMatchObject({ ok: false });
    link.bytes(shortLine(chip));
    expect([readings, clock.pendingNames()]).toEqual([[], []]);
  });
});
