import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FakePigpiod } from '../../../test/support/fake-pigpiod.ts';
import { until } from '../../../test/support/pty-pair.ts';
import { VirtualClock } from '../../platform/virtual-clock.ts';
import { PigpiodPlayer } from './pigpiod-player.ts';
import { commands, requestBytes } from './pigpiod-socket.ts';
import { PULSES_MAX, type Pulse, type PulsePlayer, STALE_MS } from './pulse-player.ts';

const lines = [
  { pin: 17, idle: 0 },
  { pin: 22, idle: 1 },
] as const;
const train = (us: number): Pulse[] => [
  { on: 1 << 17, off: 0, us },
  { on: 0, off: 1 << 17, us },
];

/** Trains that no player may take. */
function refusesWhatIsNone(player: PulsePlayer): void {
  const none: readonly Pulse[][] = [
    [],
    Array.from({ length: PULSES_MAX + 1 }, () => ({ on: 1, off: 0, us: 1 })),
    [{ on: 1, off: 0, us: 1_000_001 }],
    [{ on: 1, off: 0, us: 0 }],
    [{ on: 1, off: 0, us: 1.5 }],
    [{ on: 3, off: 1, us: 1 }],
  ];
  for (const one of none) {
    expect(() => player.play(one)).toThrow(expect.objectContaining({ code: 'ERR_INTERNAL' }));
  }
}

describe('pulses by the socket of pigpiod', () => {
  let daemon: FakePigpiod;
  let player: PigpiodPlayer;
  let clock: VirtualClock;

  const open = () => {
    clock = new VirtualClock();
    const { port } = daemon;
    player = new PigpiodPlayer({ host: '127.0.0.1', port, lines, clock, chance: () => 0 });
  };
  /** Waits for the daemon, while the player's own waits pass. */
  const wait = (what: string, isTrue: () => boolean) =>
    until(what, () => {
      clock.advance(25);
      return isTrue();
    });
  beforeEach(async () => {
    daemon = new FakePigpiod();
    await daemon.start();
    open();
    await until('the player is ready', () => player.why === null);
  });
  afterEach(async () => {
    player.close();
    await daemon.stop();
  });

  it('sends sixteen bytes, lowest first, and an extension behind them', () => {
    expect(
      Buffer.from(requestBytes({ command: commands.WRITE, p1: 17, p2: 1 })).toString('hex'),
    ).toBe('04000000110000000100000000000000');
    const extension = Uint8Array.of(1, 2, 3);
    expect(Buffer.from(requestBytes({ command: commands.WVAG, extension })).toString('hex')).toBe(
      '1c000000000000000000000003000000010203',
    );
  });

  it('makes all lines idle outputs first', () => {
    expect([...daemon.modes]).toEqual([
      [17, 1],
      [22, 1],
    ]);
    expect([...daemon.levels]).toEqual([
      [17, 0],
      [22, 1],
    ]);
  });

  it('plays a train once, and replaces it by the next', async () => {
    player.play(train(100));
    await until('a wave', () => daemon.begun.length === 1);
    player.play(train(200));
    await until('another wave', () => daemon.begun.length === 2);
    expect(daemon.begun).toEqual([train(100), train(200)]);
    await until('the old one is forgotten', () => daemon.waves.size === 1);
    refusesWhatIsNone(player);
  });

  it('begins nothing that belongs to the past', async () => {
    daemon.onAnswer = (answer) => {
      if (answer.readUInt32LE(0) === commands.WVCRE) clock.advance(STALE_MS + 1);
      return answer;
    };
    player.play(train(100));
    await until('the wave was made', () => daemon.waves.size === 1);
    await until('the wave is forgotten', () => daemon.waves.size === 0);
    expect([daemon.begun, player.why]).toEqual([[], null]);
  });

  it('begins nothing that was halted meanwhile', async () => {
    let deleted = 0;
    daemon.onAnswer = (answer) => {
      if (answer.readUInt32LE(0) === commands.WVDEL) deleted += 1;
      return answer;
    };
    player.play(train(100));
    player.halt();
    await until('the wave is forgotten', () => deleted === 1);
    expect([daemon.begun, daemon.playing, daemon.waves.size]).toEqual([[], null, 0]);
  });

  it('says that pigpiod is away, and comes back with idle lines', async () => {
    await daemon.stop();
    await wait('it is away', () => player.why !== null);
    player.play(train(100));
    await wait('it was refused', () => player.why?.includes('systemctl') ?? false);
    daemon.levels.clear();
    await daemon.start(daemon.port);
    await wait('it is back', () => player.why === null);
    expect([...daemon.levels.keys()]).toEqual([17, 22]);
    expect(daemon.begun).toEqual([]);
    player.play(train(300));
    await until('a wave', () => daemon.begun.length === 1);
  });

  it.each([
    ['keeps its answers back', () => null],
    ['answers another question', (answer: Buffer) => Buffer.from(answer).fill(99, 0, 1)],
  ])('leaves a daemon that %s, and tries again', async (_what, bend) => {
    daemon.onAnswer = bend;
    player.play(train(100));
    await wait('the connection is given up', () => player.why !== null);
    daemon.onAnswer = (answer) => answer;
    await wait('it is back', () => player.why === null);
    expect(daemon.connections).toBeGreaterThan(1);
    expect(daemon.begun).toEqual([]);
  });

  it('names what the daemon refuses', async () => {
    daemon.onAnswer = (answer) => {
      if (answer.readUInt32LE(0) === commands.WVCRE) answer.writeInt32LE(-67, 12);
      return answer;
    };
    player.play(train(100));
    await until('it is named', () => player.why?.includes('-67') ?? false);
  });
});
