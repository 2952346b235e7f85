import { createServer, type Server, type Socket } from 'node:net';
import { commands, FRAME_BYTES } from '../../src/hardware/io/pigpiod-socket.ts';
import type { Pulse } from '../../src/hardware/io/pulse-player.ts';

/** A pigpiod at the level of its socket: it keeps waves and levels, and plays nothing. */
export class FakePigpiod {
  readonly modes = new Map<number, number>();
  readonly levels = new Map<number, number>();
  readonly waves = new Map<number, Pulse[]>();
  /** The wave that plays now. */
  playing: number | null = null;
  /** Waves in the order in which they were begun. */
  readonly begun: Pulse[][] = [];
  /** Bends answers: null keeps one back. */
  onAnswer: (answer: Buffer) => Buffer | null = (answer) => answer;
  connections = 0;
  port = 0;
  #nextWave = 0;
  #building: Pulse[] = [];
  #server: Server | null = null;
  readonly #sockets = new Set<Socket>();

  async start(port = 0): Promise<void> {
    const server = createServer((socket) => this.#serve(socket));
    this.#server = server;
    await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
    const address = server.address();
    this.port = typeof address === 'object' && address !== null ? address.port : 0;
  }

  async stop(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server?.close(resolve) ?? resolve(null));
    this.#server = null;
  }

  #serve(socket: Socket): void {
    this.connections += 1;
    this.#sockets.add(socket);
    socket.on('close', () => this.#sockets.delete(socket));
    socket.on('error', () => {});
    let heard = Buffer.alloc(0);
    socket.on('data', (bytes: Buffer) => {
      heard = Buffer.concat([heard, bytes]);
      while (heard.length >= FRAME_BYTES) {
        const length = heard.readUInt32LE(12);
        if (heard.length < FRAME_BYTES + length) return;
        const [command, p1, p2] = [0, 4, 8].map((at) => heard.readUInt32LE(at));
        const extension = heard.subarray(FRAME_BYTES, FRAME_BYTES + length);
        const result = this.#obey(command ?? 0, p1 ?? 0, p2 ?? 0, extension);
        const answer = Buffer.from(heard.subarray(0, FRAME_BYTES));
        answer.writeInt32LE(result, 12);
        heard = heard.subarray(FRAME_BYTES + length);
        const sent = this.onAnswer(answer);
        if (sent !== null) socket.write(sent);
      }
    });
  }

  #obey(command: number, p1: number, p2: number, extension: Buffer): number {
    switch (command) {
      case commands.PIGPV:
        return 79;
      case commands.MODES:
        this.modes.set(p1, p2);
        return 0;
      case commands.WRITE:
        this.levels.set(p1, p2);
        return 0;
      case commands.WVNEW:
        this.#building = [];
        return 0;
      case commands.WVAG:
        for (let at = 0; at < extension.length; at += 12) {
          const [on = 0, off = 0, us = 0] = [0, 4, 8].map((n) => extension.readUInt32LE(at + n));
          this.#building.push({ on, off, us });
        }
        return this.#building.length;
      case commands.WVCRE:
        this.waves.set(this.#nextWave, this.#building);
        return this.#nextWave++;
      case commands.WVHLT:
        this.playing = null;
        return 0;
      case commands.WVTX: {
        const wave = this.waves.get(p1);
        // PI_BAD_WAVE_ID
        if (wave === undefined) return -66;
        this.playing = p1;
        this.begun.push(wave);
        return wave.length;
      }
      case commands.WVDEL:
        return this.waves.delete(p1) ? 0 : -66;
      default:
        // PI_UNKNOWN_COMMAND
        return -88;
    }
  }
}
