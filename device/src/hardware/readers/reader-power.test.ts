import { describe, expect, it } from 'vitest';
import { FakeLines } from '../../../test/support/fake-lines.ts';
import type { ReaderCounts } from '../../pets/pet-reader.ts';
import type { PartHealth } from '../../platform/part.ts';
import { VirtualClock } from '../../platform/virtual-clock.ts';
import { CYCLES_MAX, QUIET_MS, ReaderPower } from './reader-power.ts';

const PIN = 20;

function powered() {
  const clock = new VirtualClock();
  const lines = new FakeLines(clock);
  const line = lines.output({ pin: PIN, activeLow: false });
  line.set(1);
  const state = { health: 'ok' as PartHealth['state'], frames: 0, cycles: 0, offMs: 0 };
  const counts = (): ReaderCounts => ({ frames: state.frames, noiseBytes: 0, lastFrameAtMs: null });
  const reader = { health: () => ({ state: state.health, why: '' }), counts };
  const power = new ReaderPower({ reader, line, clock });
  const pass = (ms: number) => {
    for (let passed = 0; passed < ms; passed += 500) {
      const before = lines.driven(PIN);
      clock.advance(500);
      if (before === 1 && lines.driven(PIN) === 0) state.cycles += 1;
      if (lines.driven(PIN) === 0) state.offMs += 500;
    }
  };
  return { clock, lines, state, power, pass };
}

describe('ReaderPower', () => {
  it('switches a silent reader off for three seconds, a minute after it fell silent', () => {
    const { state, pass, lines } = powered();
    pass(60_000);
    expect(state.cycles).toBe(0);
    state.health = 'silent';
    pass(95_000);
    expect(state).toMatchObject({ cycles: 1, offMs: 3000 });
    expect(lines.driven(PIN)).toBe(1);
  });

  it('tries ever more rarely, and gives up with the reader on', () => {
    const { state, pass, lines } = powered();
    state.health = 'silent';
    pass(10 * 60_000);
    expect(state.cycles).toBeLessThanOrEqual(4);
    pass(48 * 3_600_000);
    expect(state.cycles).toBe(CYCLES_MAX);
    expect(lines.driven(PIN)).toBe(1);
    state.health = 'ok';
    state.frames = 1;
    pass(60_000);
    state.health = 'stuck';
    pass(180_000);
    expect(state.cycles).toBe(CYCLES_MAX + 1);
  });

  it('gives a reader that only talks a new start when it said nothing for hours', () => {
    const { state, pass } = powered();
    pass(QUIET_MS - 60_000);
    expect(state.cycles).toBe(0);
    state.frames = 5;
    pass(QUIET_MS - 60_000);
    expect(state.cycles).toBe(0);
    pass(120_000);
    expect(state.cycles).toBe(1);
  });

  it('survives a line that is lost in a cycle, and gives it up at the end', () => {
    const { state, pass, lines, clock } = powered();
    state.health = 'silent';
    lines.lose(PIN);
    pass(600_000);
    expect(clock.pendingNames()).toEqual([]);
    const other = powered();
    other.power.close();
    other.power.close();
    expect([other.lines.isHeld(PIN), other.clock.pendingNames()]).toEqual([false, []]);
  });
});
