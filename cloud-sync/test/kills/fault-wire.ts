import { createConnection, createServer, type Server, type Socket } from 'node:net';

/** What a wire does to what it carries. */
export const wireFaults = [
  'latency',
  'slow',
  'cut',
  'reset',
  'deaf',
  'mute',
  'truncated',
  'html',
  'refused',
] as const;
export type WireFault = (typeof wireFaults)[number];
export type WireMode = 'pass' | WireFault;

const LATENCY_MS = 150;
const SLOW_BYTES = 64;
const SLOW_MS = 5;
const PAGE = '<html><body>Welcome to our free network. Please accept the terms.</body></html>';
const PORTAL = `HTTP/1.1 200 OK\r\ncontent-type: text/html\r\ncontent-length: ${PAGE.length}\r\nconnection: close\r\n\r\n${PAGE}`;

/** Both ends of one connection. */
interface Pair {
  readonly near: Socket;
  readonly far: Socket;
  /** What is late keeps its order: nothing overtakes what was sent before it. */
  readonly freeAtMs: Record<Way, number>;
}
type Way = 'up' | 'down';

/**
 * The wire between feeders and their cloud, as bad as a wire can be. What it does is asked anew
 * for every piece of data, so connections that are open get into trouble in their middle:
 *
 *   latency, slow  everything arrives, late or in drops
 *   cut, reset     the request's first half arrives, then the connection ends or is reset
 *   deaf           half-open: requests are swallowed. mute: they arrive, and answers are swallowed
 *   truncated      half of the answer, then the end
 *   html           a captive portal answers 200 in the cloud's place
 *   refused        nobody takes the connection
 */
export class FaultWire {
  readonly #server: Server;
  readonly #pairs = new Set<Pair>();
  #targets: readonly number[] = [];
  #next = 0;
  #mode: WireMode = 'pass';
  /** Pieces of data that met each fault. */
  readonly hits: Record<WireFault, number> = Object.fromEntries(
    wireFaults.map((fault) => [fault, 0]),
  ) as Record<WireFault, number>;

  private constructor(server: Server) {
    this.#server = server;
    server.on('connection', (near) => this.#join(near));
  }

  static async open(): Promise<FaultWire> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return new FaultWire(server);
  }

  get url(): string {
    const address = this.#server.address();
    return `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`;
  }

  /** Where it leads: to one of these ports after the other. */
  leadTo(ports: readonly number[]): void {
    this.#targets = ports;
  }

  /** Connections that are open stay so: whoever waits for what was swallowed must find out. */
  become(mode: WireMode): void {
    this.#mode = mode;
  }

  /** Ends all connections that are open. */
  hangUp(): void {
    for (const { near, far } of this.#pairs) end(near, far);
  }

  async close(): Promise<void> {
    this.hangUp();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }

  #join(near: Socket): void {
    const port = this.#targets[this.#next++ % Math.max(1, this.#targets.length)] ?? 0;
    if (this.#mode === 'refused' || port === 0) {
      this.hits.refused += 1;
      near.resetAndDestroy();
      return;
    }
    const far = createConnection({ host: '127.0.0.1', port });
    const pair: Pair = { near, far, freeAtMs: { up: 0, down: 0 } };
    this.#pairs.add(pair);
    this.#carry(pair, 'up');
    this.#carry(pair, 'down');
    for (const socket of [near, far]) {
      socket.on('error', () => end(near, far));
      socket.on('close', () => {
        this.#pairs.delete(pair);
        end(near, far);
      });
    }
  }

  #carry(pair: Pair, way: Way): void {
    const from = way === 'up' ? pair.near : pair.far;
    from.on('data', (piece: Buffer) => this.#take(pair, way, piece));
  }

  #take(pair: Pair, way: Way, piece: Buffer): void {
    const mode = this.#mode;
    const isMet = mode !== 'pass' && mode !== 'refused' && this.#meet(pair, mode, way, piece);
    if (isMet) this.hits[mode] += 1;
    else this.#send(pair, way, [piece], 0);
  }

  /** Does to a piece what the fault does; false: nothing in this direction. */
  #meet(pair: Pair, fault: WireFault, way: Way, piece: Buffer): boolean {
    const { near, far } = pair;
    const half = piece.subarray(0, Math.ceil(piece.length / 2));
    if (fault === 'latency') this.#send(pair, way, [piece], LATENCY_MS);
    else if (fault === 'slow') this.#send(pair, way, dropsOf(piece), SLOW_MS);
    else if (fault === 'cut' && way === 'up') far.write(half, () => end(near, far));
    else if (fault === 'reset' && way === 'up') far.write(half, () => reset(near, far));
    else if (fault === 'truncated' && way === 'down') near.write(half, () => end(near, far));
    else if (fault === 'html' && way === 'up') near.end(PORTAL, () => far.destroy());
    else return (fault === 'deaf' && way === 'up') || (fault === 'mute' && way === 'down');
    return true;
  }

  /** Each piece so much after the one before it. */
  #send(pair: Pair, way: Way, pieces: readonly Buffer[], lateMs: number): void {
    const to = way === 'up' ? pair.far : pair.near;
    for (const piece of pieces) {
      const nowMs = performance.now();
      const atMs = Math.max(nowMs, pair.freeAtMs[way]) + lateMs;
      pair.freeAtMs[way] = atMs;
      if (atMs <= nowMs) write(to, piece);
      else setTimeout(() => write(to, piece), atMs - nowMs);
    }
  }
}

function dropsOf(piece: Buffer): Buffer[] {
  const count = Math.ceil(piece.length / SLOW_BYTES);
  return Array.from({ length: count }, (_, i) =>
    piece.subarray(i * SLOW_BYTES, (i + 1) * SLOW_BYTES),
  );
}

function write(to: Socket, piece: Buffer): void {
  if (to.writable) to.write(piece);
}

function end(near: Socket, far: Socket): void {
  near.destroy();
  far.destroy();
}

function reset(near: Socket, far: Socket): void {
  near.resetAndDestroy();
  far.resetAndDestroy();
}
