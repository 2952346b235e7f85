import { type ClockQuality, DAY_MS, FeederError, HOUR_MS, MINUTE_MS } from '@cat-feeder/shared';
import { describe, expect, it } from 'vitest';
import type { TimeSource } from '../platform/clock.ts';
import { VirtualClock } from '../platform/virtual-clock.ts';
import { type ClockRecord, SAVE_EVERY_MS, StationClockKeeper } from './station-clock-keeper.ts';
import type { ClockChange } from './trusted-clock.ts';

const builtAtMs = Date.parse('2026-11-01T00:00:00Z');
const noonMs = Date.parse('2026-11-20T12:00:00Z');

class Memory {
  record: ClockRecord | null = null;
  isFull = false;
  saves = 0;
  load(): ClockRecord | null {
    return this.record;
  }
  save(record: ClockRecord): void {
    if (this.isFull) throw new FeederError('ERR_STORAGE');
    this.record = record;
    this.saves += 1;
  }
}

function setUp(
  options: {
    wallMs?: number;
    origin?: ReturnType<TimeSource['origin']>;
    record?: ClockRecord;
  } = {},
) {
  const clock = new VirtualClock({ wallMs: options.wallMs ?? noonMs, monoMs: 5000 });
  const source = { value: options.origin ?? 'none', origin: () => source.value };
  const memory = new Memory();
  memory.record = options.record ?? null;
  const keeper = new StationClockKeeper({ clock, source, memory, bootId: 'boot-7', builtAtMs });
  const changes: ClockChange[] = [];
  keeper.subscribe((change) => changes.push(change));
  return { clock, source, memory, keeper, changes };
}

interface Start {
  origin: ReturnType<TimeSource['origin']>;
  wallMs?: number;
  rememberedMs?: number;
  quality: ClockQuality;
  /** The system's own time, unless something better is known. */
  expectedMs?: number;
}

describe('the station clock at a start', () => {
  const starts = {
    'a synchronized clock': { origin: 'synchronized', quality: 'synchronized' },
    'a clock kept by an RTC': { origin: 'rtc', quality: 'rtc' },
    'a plausible clock of no origin': { origin: 'none', quality: 'estimated' },
    '1970 and no memory': { origin: 'none', wallMs: 1000, quality: 'unknown' },
    '1970 that calls itself synchronized': {
      origin: 'synchronized',
      wallMs: 1000,
      quality: 'unknown',
    },
    'a dead RTC and a memory': {
      origin: 'rtc',
      wallMs: 1000,
      rememberedMs: noonMs,
      quality: 'estimated',
      expectedMs: noonMs,
    },
    'a clock behind the memory': {
      origin: 'none',
      wallMs: noonMs - HOUR_MS,
      rememberedMs: noonMs,
      quality: 'estimated',
      expectedMs: noonMs,
    },
    'a clock ahead of the memory': {
      origin: 'none',
      wallMs: noonMs + DAY_MS,
      rememberedMs: noonMs,
      quality: 'estimated',
    },
    'NTP behind the memory': {
      origin: 'synchronized',
      wallMs: noonMs - HOUR_MS,
      rememberedMs: noonMs,
      quality: 'synchronized',
    },
    '1970 and a memory older than the program': {
      origin: 'none',
      wallMs: 1000,
      rememberedMs: builtAtMs - DAY_MS,
      quality: 'unknown',
    },
  } satisfies Record<string, Start>;

  it.each(Object.entries<Start>(starts))('%s', (_, start) => {
    const { origin, wallMs = noonMs, rememberedMs, quality, expectedMs = wallMs } = start;
    const record =
      rememberedMs === undefined
        ? {}
        : { record: { wallMs: rememberedMs, ageMs: 77, doubtedAtAgeMs: null, power: null } };
    const { keeper } = setUp({ origin, wallMs, ...record });
    expect(keeper.now()).toMatchObject({ quality, wallMs: expectedMs, bootId: 'boot-7' });
    expect(keeper.now().ageMs).toBe(rememberedMs === undefined ? 0 : 77);
  });
});

describe('the station clock as it runs', () => {
  it('follows the monotonic clock while the wall clock agrees', () => {
    const { clock, keeper, changes } = setUp({ origin: 'synchronized' });
    clock.advance(3 * HOUR_MS);
    expect(keeper.now()).toEqual({
      wallMs: noonMs + 3 * HOUR_MS,
      monoMs: 5000 + 3 * HOUR_MS,
      ageMs: 3 * HOUR_MS,
      bootId: 'boot-7',
      poweredAtAgeMs: 0,
      quality: 'synchronized',
    });
    expect(changes).toEqual([]);
  });

  it('tells of a step of more than two seconds, and only of that', () => {
    const { clock, keeper, changes } = setUp({ origin: 'synchronized' });
    clock.stepWall(1900);
    keeper.now();
    expect(changes).toEqual([]);
    clock.stepWall(-5000);
    keeper.now();
    expect(changes).toMatchObject([{ stepMs: -5000, from: 'synchronized', to: 'synchronized' }]);
  });

  it('becomes synchronized after NTP, with the jump as one change', () => {
    const { clock, source, keeper, changes } = setUp({
      wallMs: 1000,
      record: { wallMs: noonMs, ageMs: 0, doubtedAtAgeMs: null, power: null },
    });
    clock.advance(MINUTE_MS);
    expect(keeper.now().wallMs).toBe(noonMs + MINUTE_MS);
    source.value = 'synchronized';
    clock.stepWall(noonMs + 6 * HOUR_MS - 1000);
    expect(keeper.now()).toMatchObject({
      quality: 'synchronized',
      wallMs: noonMs + 6 * HOUR_MS + MINUTE_MS,
    });
    expect(changes).toMatchObject([{ from: 'estimated', to: 'synchronized', stepMs: 6 * HOUR_MS }]);
  });

  it('carries on when a clock of no origin falls back to 1970', () => {
    const { clock, keeper } = setUp({ origin: 'none' });
    clock.advance(HOUR_MS);
    keeper.now();
    clock.stepWall(-noonMs);
    clock.advance(MINUTE_MS);
    expect(keeper.now()).toMatchObject({
      quality: 'estimated',
      wallMs: noonMs + HOUR_MS + MINUTE_MS,
    });
  });

  it('FMEA-38 false NTP: a trusted clock that jumps over an hour is only estimated for a day', () => {
    for (const jumpMs of [3 * HOUR_MS, -3 * HOUR_MS, 400 * DAY_MS]) {
      const { clock, keeper, changes } = setUp({ origin: 'synchronized' });
      clock.advance(HOUR_MS);
      keeper.now();
      clock.stepWall(jumpMs);
      if (noonMs + HOUR_MS + jumpMs < builtAtMs) continue;
      expect(keeper.now().quality).toBe('estimated');
      for (let i = 0; i < 23; i++) {
        clock.advance(HOUR_MS);
        expect(keeper.now().quality).toBe('estimated');
      }
      clock.advance(HOUR_MS + MINUTE_MS);
      keeper.now();
      expect(keeper.now().quality).toBe('synchronized');
      expect(changes.map(({ to }) => to)).toEqual(['estimated', 'synchronized']);
    }
  });

  it('believes a step of under an hour', () => {
    const { clock, keeper } = setUp({ origin: 'synchronized' });
    clock.stepWall(59 * MINUTE_MS);
    expect(keeper.now().quality).toBe('synchronized');
  });

  it('is estimated again when nothing vouches for it any more', () => {
    const { clock, source, keeper } = setUp({ origin: 'synchronized' });
    source.value = 'none';
    clock.advance(MINUTE_MS);
    expect(keeper.now().quality).toBe('estimated');
  });

  it('asks for the origin rarely, however often it is read', () => {
    const clock = new VirtualClock({ wallMs: noonMs });
    let asked = 0;
    const source: TimeSource = {
      origin: () => {
        asked += 1;
        return 'synchronized';
      },
    };
    const keeper = new StationClockKeeper({
      clock,
      source,
      memory: new Memory(),
      bootId: 'b',
      builtAtMs,
    });
    for (let i = 0; i < 600; i++) {
      clock.advance(100);
      keeper.now();
    }
    expect(asked).toBeLessThanOrEqual(7);
  });
});

describe('the memory of the clock', () => {
  it('adds up lived time over starts and leaves out the time without power', () => {
    const first = setUp({ origin: 'none' });
    first.keeper.start();
    first.clock.advance(HOUR_MS);
    first.keeper.close();
    const record = first.memory.record;
    expect(record).toEqual({
      wallMs: noonMs + HOUR_MS,
      ageMs: HOUR_MS,
      doubtedAtAgeMs: null,
      power: null,
    });
    const second = setUp({ wallMs: 1000, ...(record && { record }) });
    second.clock.advance(10 * MINUTE_MS);
    expect(second.keeper.now()).toMatchObject({
      wallMs: noonMs + HOUR_MS + 10 * MINUTE_MS,
      ageMs: HOUR_MS + 10 * MINUTE_MS,
      quality: 'estimated',
    });
  });

  it('is saved every five minutes, so a power cut costs no more', () => {
    const { clock, keeper, memory } = setUp({ origin: 'none' });
    keeper.start();
    for (let i = 0; i < 12; i++) clock.advance(SAVE_EVERY_MS);
    expect(memory.saves).toBe(13);
    expect(memory.record?.ageMs).toBe(HOUR_MS);
  });

  it('is saved at once when the clock changes', () => {
    const { clock, keeper, memory, source } = setUp({ origin: 'none' });
    keeper.start();
    source.value = 'synchronized';
    clock.stepWall(DAY_MS);
    keeper.now();
    expect(memory.record?.wallMs).toBe(noonMs + DAY_MS);
  });

  it('FMEA-38 goes on in lived time over a restart of the daemon, and doubts a clock set meanwhile', () => {
    const powerUp = () => 'power-up 1';
    const first = setUp({ origin: 'synchronized' });
    Object.assign(first.source, { powerUp });
    first.keeper.start();
    first.clock.advance(HOUR_MS);
    first.keeper.close();
    const record = first.memory.record;
    const start = (wallMs: number, monoMs: number) => {
      const clock = new VirtualClock({ wallMs, monoMs });
      const memory = new Memory();
      memory.record = record;
      const source = { origin: () => 'synchronized' as const, powerUp };
      return new StationClockKeeper({ clock, source, memory, bootId: 'boot-8', builtAtMs }).now();
    };
    const savedMonoMs = first.clock.monoMs();
    const savedWallMs = first.clock.wallMs();
    const later = start(savedWallMs + MINUTE_MS, savedMonoMs + MINUTE_MS);
    expect(later).toMatchObject({ ageMs: HOUR_MS + MINUTE_MS, quality: 'synchronized' });
    expect(later.poweredAtAgeMs).toBe(0);
    const falsified = start(savedWallMs + 20 * HOUR_MS, savedMonoMs + MINUTE_MS);
    expect(falsified).toMatchObject({ ageMs: HOUR_MS + MINUTE_MS, quality: 'estimated' });
    const afterPowerCut = start(savedWallMs + 20 * HOUR_MS, 1000);
    expect(afterPowerCut).toMatchObject({ ageMs: HOUR_MS, quality: 'synchronized' });
    expect(afterPowerCut.poweredAtAgeMs).toBe(HOUR_MS);
  });

  it('FMEA-38 keeps a doubt over a restart: a false clock does not become true by it', () => {
    const first = setUp({ origin: 'synchronized' });
    first.keeper.start();
    first.clock.advance(HOUR_MS);
    first.clock.stepWall(22 * HOUR_MS);
    expect(first.keeper.now().quality).toBe('estimated');
    const record = first.memory.record;
    const second = setUp({
      wallMs: noonMs + 23 * HOUR_MS,
      origin: 'synchronized',
      ...(record && { record }),
    });
    expect(second.keeper.now().quality).toBe('estimated');
    second.clock.advance(DAY_MS - MINUTE_MS);
    expect(second.keeper.now().quality).toBe('estimated');
    second.clock.advance(2 * MINUTE_MS);
    expect(second.keeper.now().quality).toBe('synchronized');
  });

  it('keeps no time that was never known', () => {
    const { clock, keeper, memory } = setUp({ wallMs: 1000 });
    keeper.start();
    clock.advance(HOUR_MS);
    keeper.close();
    expect(memory.record).toEqual({ wallMs: 0, ageMs: HOUR_MS, doubtedAtAgeMs: null, power: null });
  });

  it('counts saves that the disk refuses and goes on', () => {
    const { clock, keeper, memory } = setUp({ origin: 'none' });
    memory.isFull = true;
    keeper.start();
    clock.advance(HOUR_MS);
    expect(keeper.failedSaves()).toBe(13);
    expect(keeper.now().ageMs).toBe(HOUR_MS);
  });

  it('writes nothing after a stop', () => {
    const { clock, keeper, memory } = setUp({ origin: 'none' });
    keeper.start();
    keeper.close();
    const saves = memory.saves;
    clock.advance(HOUR_MS);
    expect(memory.saves).toBe(saves);
  });
});
