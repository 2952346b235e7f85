import { expect, it } from 'vitest';
import type { Part } from '../../src/platform/part.ts';

/** A part that a test can break. */
export interface PartBench<Kind extends Part> {
  readonly part: Kind;
  /** Takes the part away or makes it say nonsense; afterwards its health must show it. */
  breakIt(): void;
  /** Lets time pass. */
  pass(ms: number): Promise<void>;
  end(): void;
}

/** What every part promises besides its work. Call it inside a `describe`. */
export function partContract(open: () => PartBench<Part>): void {
  it('finds itself well, and says what it found', async () => {
    const bench = open();
    const check = await bench.part.selfTest();
    expect(check).toMatchObject({ ok: true, fix: null });
    expect(check.found).not.toBe('');
    expect(bench.part.health()).toEqual({ state: 'ok', why: '' });
    bench.end();
  });

  it('names what is wrong, with a sentence and a fix', async () => {
    const bench = open();
    bench.breakIt();
    await bench.pass(5000);
    const check = await bench.part.selfTest();
    expect(check.ok).toBe(false);
    expect(check.fix).toMatch(/\w+.*[.)]$/);
    const health = bench.part.health();
    expect(health.state).not.toBe('ok');
    expect(health.why).toMatch(/\.$/);
    bench.end();
  });

  it('can be closed twice, and also when it is broken', () => {
    const bench = open();
    bench.breakIt();
    bench.part.close();
    bench.part.close();
    expect(() => bench.part.health()).not.toThrow();
    bench.end();
  });
}
