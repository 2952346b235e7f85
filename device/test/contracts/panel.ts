import { describe, expect, it } from 'vitest';
import type { Contact, ContactState } from '../../src/platform/contact.ts';
import type { FrontButton, PressPattern } from '../../src/platform/front-button.ts';
import type { Indicator, IndicatorMeaning } from '../../src/platform/indicator.ts';
import type { Sounder, SounderMeaning } from '../../src/platform/sounder.ts';
import { type PartBench, partContract } from './part.ts';

export interface ContactBench extends PartBench<Contact> {
  move(isClosed: boolean): void;
}

/** What every switch promises. It begins open. */
export function contactContract(name: string, open: () => ContactBench): void {
  describe(`${name} keeps the contract of a contact`, () => {
    partContract(open);

    it('tells each change once, with its time', async () => {
      const bench = open();
      const seen: ContactState[] = [];
      bench.part.onChange((state) => seen.push(state));
      expect(bench.part.state().isClosed).toBe(false);
      for (const isClosed of [true, true, false]) {
        await bench.pass(1000);
        bench.move(isClosed);
      }
      expect(seen.map(({ isClosed }) => isClosed)).toEqual([true, false]);
      expect((seen[1]?.sinceMs ?? 0) - (seen[0]?.sinceMs ?? 0)).toBe(2000);
      bench.end();
    });

    it('knows nothing when it is broken, and is quiet when closed', async () => {
      const bench = open();
      bench.breakIt();
      expect(bench.part.state().isClosed).toBeNull();
      let told = 0;
      bench.part.onChange(() => {
        told += 1;
      });
      bench.part.close();
      bench.move(true);
      expect(told).toBe(0);
      bench.end();
    });
  });
}

export interface ButtonBench extends PartBench<FrontButton> {
  /** A finger does this, and time passes until it is certain. */
  perform(pattern: PressPattern): Promise<void>;
}

/** What every front button promises. */
export function frontButtonContract(name: string, open: () => ButtonBench): void {
  describe(`${name} keeps the contract of a front button`, () => {
    partContract(open);

    it('tells each pattern once', async () => {
      const bench = open();
      const seen: PressPattern[] = [];
      bench.part.onPattern((pattern) => seen.push(pattern));
      for (const pattern of ['press', 'double', 'long', 'press'] as const) {
        await bench.perform(pattern);
      }
      expect(seen).toEqual(['press', 'double', 'long', 'press']);
      bench.part.close();
      await bench.perform('press');
      expect(seen).toHaveLength(4);
      bench.end();
    });
  });
}

export interface IndicatorBench extends PartBench<Indicator> {
  /** The share of time with light in the next three seconds. */
  lightShare(): Promise<number>;
}

const shares: Readonly<Record<IndicatorMeaning, number>> = {
  off: 0,
  ready: 1,
  feeding: 0.75,
  low_food: 1 / 30,
  pairing: 0.5,
  fault: 0.5,
};

/** What every light promises. */
export function indicatorContract(name: string, open: () => IndicatorBench): void {
  describe(`${name} keeps the contract of an indicator`, () => {
    partContract(open);

    it.each(Object.entries(shares))('shows %s with light for %d of the time', async (...given) => {
      const [meaning, share] = given as [IndicatorMeaning, number];
      const bench = open();
      bench.part.show('pairing');
      bench.part.show(meaning);
      expect(await bench.lightShare()).toBeCloseTo(share, 1);
      bench.end();
    });

    it('is dark once it is closed', async () => {
      const bench = open();
      bench.part.show('fault');
      bench.part.close();
      bench.part.show('ready');
      expect(await bench.lightShare()).toBe(0);
      bench.end();
    });
  });
}

export interface SounderBench extends PartBench<Sounder> {
  isSounding(): boolean;
}

/** What every buzzer promises. */
export function sounderContract(name: string, open: () => SounderBench): void {
  describe(`${name} keeps the contract of a sounder`, () => {
    partContract(open);

    it.each<SounderMeaning>(['ready', 'low_food', 'pairing', 'fault'])(
      'plays %s and is silent again within two seconds',
      async (meaning) => {
        const bench = open();
        bench.part.play(meaning);
        expect(bench.isSounding()).toBe(true);
        await bench.pass(2000);
        expect(bench.isSounding()).toBe(false);
        bench.end();
      },
    );

    it('is hushed at once, and by being closed', () => {
      const bench = open();
      bench.part.play('fault');
      bench.part.hush();
      expect(bench.isSounding()).toBe(false);
      bench.part.play('fault');
      bench.part.close();
      bench.part.play('ready');
      expect(bench.isSounding()).toBe(false);
      bench.end();
    });
  });
}
