import { describe, expect, it } from 'vitest';
import { type DriveBench, feedDriveContract } from '../../../test/contracts/feed-drive.ts';
import { passSlowly } from '../../../test/support/hand-link.ts';
import { VirtualClock } from '../../platform/virtual-clock.ts';
import type { Pulse, PulseLine, PulsePlayer } from '../io/pulse-player.ts';
import { CLOSING_MS, ServoGateDrive, servoGateLines } from './servo-gate.ts';
import { StepDirDrive, type StepDirSettings, stepDirLines } from './step-dir.ts';

/** A player whose lines can be looked at, at any time. */
class FakePlayer implements PulsePlayer {
  why: string | null = null;
  readonly played: { readonly atMs: number; readonly train: readonly Pulse[] }[] = [];
  readonly #clock: VirtualClock;
  readonly #lines: readonly PulseLine[];
  #isHalted = true;

  constructor(clock: VirtualClock, lines: readonly PulseLine[]) {
    this.#clock = clock;
    this.#lines = lines;
  }

  play(train: readonly Pulse[]): void {
    this.played.push({ atMs: this.#clock.monoMs(), train });
    this.#isHalted = false;
  }

  halt(): void {
    this.#isHalted = true;
  }

  close(): void {
    this.halt();
    this.why = 'Closed.';
  }

  /** The pulse that lasts now, or null when the train is over. */
  now(): { readonly at: number; readonly train: readonly Pulse[] } | null {
    const last = this.played.at(-1);
    if (last === undefined || this.#isHalted) return null;
    let leftUs = (this.#clock.monoMs() - last.atMs) * 1000;
    for (const [at, { us }] of last.train.entries()) {
      if (leftUs < us) return { at, train: last.train };
      leftUs -= us;
    }
    return null;
  }

  /** Levels of all lines at this moment. */
  level(pin: number): 0 | 1 {
    const now = this.now();
    const idle = this.#lines.find((line) => line.pin === pin)?.idle ?? 0;
    if (now === null) return idle;
    let level: 0 | 1 = idle;
    for (const { on, off } of now.train.slice(0, now.at + 1)) {
      if (on & (1 << pin)) level = 1;
      if (off & (1 << pin)) level = 0;
    }
    return level;
  }
}

/** A drive of this room on the bench of its port's contract; it breaks with its player. */
function pulseBench(opened: {
  readonly player: FakePlayer;
  readonly part: StepDirDrive | ServoGateDrive;
  readonly motion: DriveBench['motion'];
  readonly pass: DriveBench['pass'];
}): DriveBench {
  const { player, part, motion, pass } = opened;
  return {
    part,
    pass,
    motion,
    startMsMax: 2,
    ready: async () => {},
    breakIt: () => {
      player.why = 'pigpiod is away.';
    },
    end: () => part.close(),
  };
}

const settings: StepDirSettings = {
  stepPin: 17,
  dirPin: 27,
  enablePin: 22,
  stepsPerTurn: 3200,
  turnsPerSecond: 1,
};

function openStepper(change: Partial<StepDirSettings> = {}) {
  const clock = new VirtualClock();
  const all = { ...settings, ...change };
  const player = new FakePlayer(clock, stepDirLines(all));
  const part = new StepDirDrive(player, all, clock);
  const motion = (): 1 | -1 | 0 => {
    if (player.now() === null || player.level(22) === 1) return 0;
    return player.level(27) === 1 ? 1 : -1;
  };
  return { clock, player, part, motion, pass: (ms: number) => passSlowly(clock, ms) };
}

feedDriveContract('a stepper with STEP and DIR', () => pulseBench(openStepper()));

describe('a stepper with STEP and DIR', () => {
  it('gets as many steps as fit its time, and ends with all lines idle', () => {
    const { player, part } = openStepper();
    part.run({ direction: 'forward', speed: 0.5, maxMs: 250 });
    const train = player.played[0]?.train ?? [];
    const steps = train.filter(({ on }) => on & (1 << 17)).length;
    expect(steps).toBe(399);
    expect(train.reduce((sum, { us }) => sum + us, 0)).toBeLessThanOrEqual(250_000);
    expect(train.at(-1)).toEqual({ on: 1 << 22, off: 1 << 27, us: 20 });
  });

  it('is not begun anew by every slice that goes on, and never ends late', async () => {
    const { clock, player, part, motion, pass } = openStepper();
    let endMs = 0;
    for (let at = 0; at < 80; at++) {
      part.run({ direction: 'forward', speed: 1, maxMs: 250 });
      endMs = clock.monoMs() + 250;
      await pass(12);
      expect(motion()).toBe(1);
    }
    expect(player.played.length).toBeLessThan(15);
    await pass(endMs - clock.monoMs() + 1);
    expect(motion()).toBe(0);
  });

  it('is not made when full speed needs too many pulses', () => {
    expect(() => openStepper({ stepsPerTurn: 51_200 })).toThrow('fewer microsteps');
  });

  it('can do without an enable line', () => {
    const { player, part } = openStepper({ enablePin: null });
    part.run({ direction: 'reverse', speed: 1, maxMs: 100 });
    expect(player.played[0]?.train[0]).toEqual({ on: 0, off: 1 << 27, us: 20 });
    expect(stepDirLines({ ...settings, enablePin: null })).toHaveLength(2);
  });
});

const gate = { pin: 18, closedUs: 1000, openUs: 2000 };
/** Pulses of the closing at the end of each train: a rise and a fall every 20 ms. */
const CLOSING_PULSES = (CLOSING_MS / 20) * 2;

function openGate() {
  const clock = new VirtualClock();
  const player = new FakePlayer(clock, servoGateLines(gate));
  const part = new ServoGateDrive(player, gate);
  /** The width of the pulse that the servo gets now; null when it is left alone. */
  const width = () => {
    const now = player.now();
    return now === null ? null : (now.train[now.at - (now.at % 2)]?.us ?? null);
  };
  return { player, part, width, pass: (ms: number) => passSlowly(clock, ms) };
}

feedDriveContract('a gate with a servo', () => {
  const { player, part, width, pass } = openGate();
  // Open is forward, pressed shut during a slice is reverse; the closing after a slice is neither.
  const motion = (): 1 | -1 | 0 => {
    const now = player.now();
    if (width() === gate.openUs) return 1;
    return now !== null && now.train.length - now.at > CLOSING_PULSES ? -1 : 0;
  };
  return pulseBench({ player, part, motion, pass });
});

describe('a gate with a servo', () => {
  const open = openGate;

  it('opens for its slice, closes by itself, and is then left alone', async () => {
    const { part, width, pass } = open();
    part.run({ direction: 'forward', speed: 0.5, maxMs: 200 });
    expect(width()).toBe(1500);
    await pass(199);
    expect(width()).toBe(1500);
    await pass(2);
    expect(width()).toBe(1000);
    await pass(CLOSING_MS);
    expect(width()).toBeNull();
  });

  it('closes when it is stopped or closed, and is pressed shut in reverse', async () => {
    const { part, width, pass } = open();
    part.run({ direction: 'forward', speed: 1, maxMs: 250 });
    await pass(50);
    part.stop();
    expect(width()).toBe(1000);
    part.run({ direction: 'reverse', speed: 1, maxMs: 250 });
    expect(width()).toBe(1000);
    part.close();
    part.run({ direction: 'forward', speed: 1, maxMs: 250 });
    expect(width()).toBeNull();
    expect(part.health().state).toBe('unplugged');
    expect(await part.selfTest()).toMatchObject({ ok: false });
  });

  it('does not open for less than one pulse, and refuses widths and slices that are none', () => {
    const { part, player, width } = open();
    part.run({ direction: 'forward', speed: 1, maxMs: 19 });
    expect(width()).toBe(1000);
    expect(() => part.run({ direction: 'forward', speed: 1, maxMs: 251 })).toThrow('slice');
    expect(() => new ServoGateDrive(player, { ...gate, openUs: 2600 })).toThrow('500 to 2500');
  });
});
