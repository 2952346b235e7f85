import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { PetReader, ReaderLink, TagReading } from '../../src/pets/pet-reader.ts';
import { healthy } from '../../src/platform/part.ts';

/** A reader whose surroundings are in the hands of the test. */
export interface ReaderBench {
  readonly reader: PetReader;
  /** Two tags that this reader can read, by the ids that it must give. */
  readonly tags: readonly [string, string];
  /** Holds a tag to the coil for one frame. */
  hold(id: string): void;
  /** Bytes that are no frame. */
  disturb(): void;
  unplug(): Promise<void>;
  plugIn(): Promise<void>;
  /** Lets time pass until it is true. */
  until(what: string, isTrue: () => boolean): Promise<void>;
  end(): Promise<void>;
}

/** What every pet reader promises, simulated or at a wire. */
export function petReaderContract(name: string, open: () => Promise<ReaderBench>): void {
  describe(`${name} keeps the contract of a pet reader`, () => {
    let bench: ReaderBench;
    let readings: TagReading[];
    let links: ReaderLink[];

    beforeEach(async () => {
      bench = await open();
      readings = [];
      links = [];
      bench.reader.onReading((reading) => readings.push(reading));
      bench.reader.onLink((link) => links.push(link));
      await bench.until('the reader is up', () => bench.reader.link.isUp);
    });
    afterEach(() => bench.end());

    const ids = () => readings.map(({ id }) => id);
    const hold = async (id: string) => {
      const count = readings.length;
      bench.hold(id);
      await bench.until('a frame', () => readings.length > count);
    };

    it('gives each frame once, in order of time', async () => {
      const [a, b] = bench.tags;
      for (const id of [a, b, a]) await hold(id);
      expect(ids()).toEqual([a, b, a]);
      const times = readings.map(({ atMs }) => atMs);
      expect(times).toEqual([...times].sort((x, y) => x - y));
      expect(readings.every(({ raw }) => /^([0-9a-f]{2})+$/.test(raw))).toBe(true);
      expect(readings[0]?.protocol).toBe(a.length === 15 ? 'fdxb' : 'em4100');
    });

    it('counts noise and makes no frame of it', async () => {
      bench.disturb();
      await hold(bench.tags[0]);
      expect(ids()).toEqual([bench.tags[0]]);
      expect(bench.reader.health()).toEqual(healthy);
      const { frames, noiseBytes, lastFrameAtMs } = bench.reader.counts();
      expect([frames, lastFrameAtMs]).toEqual([1, readings[0]?.atMs]);
      expect(noiseBytes).toBeGreaterThan(0);
    });

    it('is unplugged with a sentence, comes back, and reads on', async () => {
      await hold(bench.tags[0]);
      await bench.unplug();
      await bench.until('the reader is down', () => !bench.reader.link.isUp);
      const { state, why } = bench.reader.health();
      expect([state, why]).toEqual(['unplugged', expect.stringMatching(/^[A-Z/].*\.$/)]);
      expect(links.some(({ isUp, why }) => !isUp && why !== null)).toBe(true);
      await bench.plugIn();
      await bench.until('the reader is up again', () => bench.reader.link.isUp);
      expect(links.at(-1)).toEqual({ isUp: true, why: null });
      await hold(bench.tags[1]);
      expect(bench.reader.health()).toEqual(healthy);
      expect(ids()).toEqual(bench.tags);
    });

    it('passes its self-test with a tag and fails it without a reader', async () => {
      const guided = bench.reader.awaitTag(60_000);
      await hold(bench.tags[0]);
      expect(await guided).toMatchObject({ ok: true, fix: null });
      expect(await bench.reader.selfTest()).toMatchObject({ ok: true, fix: null });
      await bench.unplug();
      await bench.until('the reader is down', () => !bench.reader.link.isUp);
      expect(await bench.reader.selfTest()).toMatchObject({ ok: false, fix: expect.any(String) });
      expect(await bench.reader.awaitTag(60_000)).toMatchObject({ ok: false });
    });

    it('tells nothing once it was closed', async () => {
      const guided = bench.reader.awaitTag(60_000);
      bench.reader.close();
      bench.reader.close();
      expect(await guided).toMatchObject({ ok: false });
      bench.hold(bench.tags[0]);
      await bench.unplug();
      await bench.plugIn();
      expect([readings, links.filter(({ isUp }) => !isUp)]).toEqual([[], []]);
    });
  });
}
