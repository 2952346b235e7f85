import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { LineEdge, LineSource } from '../../src/hardware/io/lines.ts';

/** A source of lines whose other end a test holds. Levels are the physical ones. */
export interface LineBench {
  readonly lines: LineSource;
  /** Three pins that are free. */
  readonly pins: readonly [number, number, number];
  /** Drives a pin from outside. */
  put(pin: number, level: 0 | 1): void;
  /** What is on a pin. */
  wire(pin: number): 0 | 1;
  /** Takes the chip away. */
  unplug(): void;
  /** Resolves once it is so; edges may take their time to come. */
  until(isSo: () => boolean): Promise<void>;
  end(): void;
}

/** What every source of lines promises. One that only reads has neither outputs nor pulls. */
export function lineSourceContract(
  name: string,
  open: () => LineBench,
  { readsOnly = false }: { readonly readsOnly?: boolean } = {},
): void {
  describe(`${name} keeps the contract of a source of lines`, () => {
    let bench: LineBench;
    let pin: number;
    let edges: LineEdge[];
    beforeEach(() => {
      bench = open();
      pin = bench.pins[0];
      edges = [];
    });
    afterEach(() => bench.end());

    const input = (activeLow: boolean, wanted: 'up' | 'down' = 'down') => {
      const bias = readsOnly ? 'none' : wanted;
      const line = bench.lines.input({ pin, activeLow, bias, debounceMs: 0 });
      line.onEdge((edge) => edges.push(edge));
      return line;
    };

    it('tells the level of an input, also where it is wired the other way round', () => {
      const straight = input(false);
      bench.put(pin, 1);
      expect(straight.level()).toBe(1);
      straight.close();
      bench.put(pin, 0);
      const inverted = input(true);
      bench.put(pin, 1);
      expect(inverted.level()).toBe(0);
      bench.put(pin, 0);
      expect(inverted.level()).toBe(1);
    });

    it('tells edges in order of time, each with its number', async () => {
      input(false);
      for (const level of [1, 0, 1, 0] as const) {
        bench.put(pin, level);
        await bench.until(() => edges.at(-1)?.level === level);
      }
      expect(edges.map(({ level }) => level)).toEqual([1, 0, 1, 0]);
      expect(edges.map(({ count }) => count)).toEqual([1, 2, 3, 4]);
      const times = edges.map(({ atMs }) => atMs);
      expect(times).toEqual(times.toSorted((a, b) => a - b));
    });

    it('turns the edges of an active-low input round', async () => {
      bench.put(pin, 1);
      input(true, 'up');
      bench.put(pin, 0);
      await bench.until(() => edges.length === 1);
      expect(edges[0]?.level).toBe(1);
    });

    it('says nothing after close, and gives the line back', async () => {
      const first = input(false);
      first.close();
      first.close();
      bench.put(pin, 1);
      bench.put(pin, 0);
      input(false);
      bench.put(pin, 1);
      await bench.until(() => edges.length > 0);
      expect(edges.map(({ level }) => level)).toEqual([1]);
    });

    it('gives a line to one holder only', () => {
      input(false);
      expect(() => input(false)).toThrow(expect.objectContaining({ code: 'ERR_HARDWARE_FAULT' }));
    });

    it('tells that a line is lost, with a reason', async () => {
      const causes: Error[] = [];
      input(false).onLost((cause) => causes.push(cause));
      bench.unplug();
      await bench.until(() => causes.length > 0);
      expect(causes[0]).toMatchObject({ code: 'ERR_HARDWARE_FAULT' });
      expect(causes).toHaveLength(1);
    });

    if (!readsOnly) outputPromises(() => bench);
  });
}

/** What a source promises that also drives lines. */
function outputPromises(benchOf: () => LineBench): void {
  it.each([false, true])('sets an output (active low: %s), idle at first', (activeLow) => {
    const bench = benchOf();
    const [pin] = bench.pins;
    const on = activeLow ? 0 : 1;
    const off = activeLow ? 1 : 0;
    const line = bench.lines.output({ pin, activeLow });
    expect(bench.wire(pin)).toBe(off);
    line.set(1);
    expect(bench.wire(pin)).toBe(on);
    line.set(0);
    expect(bench.wire(pin)).toBe(off);
    line.close();
    line.close();
  });

  it('gives no output to a line that is held', () => {
    const { lines, pins } = benchOf();
    lines.input({ pin: pins[0], activeLow: false, bias: 'down', debounceMs: 0 });
    const again = () => lines.output({ pin: pins[0], activeLow: false });
    expect(again).toThrow(expect.objectContaining({ code: 'ERR_HARDWARE_FAULT' }));
  });

  it('closes all its lines with itself', () => {
    const { lines, pins, wire } = benchOf();
    const line = lines.input({ pin: pins[0], activeLow: false, bias: 'down', debounceMs: 0 });
    lines.output({ pin: pins[1], activeLow: false }).set(1);
    lines.close();
    lines.close();
    line.close();
    expect(wire(pins[1])).toBe(0);
  });
}
