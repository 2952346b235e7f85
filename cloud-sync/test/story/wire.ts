import { createConnection, createServer, type Server, type Socket } from 'node:net';

/** A wire between a feeder and its cloud that can be pulled out and put back. */
export class Wire {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #targetPort = 0;
  #isPulled = false;

  private constructor(server: Server) {
    this.#server = server;
    server.on('connection', (socket) => this.#join(socket));
  }

  /** On a port of its own choice unless one is given. */
  static async open(port = 0): Promise<Wire> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
    return new Wire(server);
  }

  get url(): string {
    const address = this.#server.address();
    return `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`;
  }

  /** Where it leads. */
  leadTo(url: string): void {
    this.#targetPort = Number(new URL(url).port);
  }

  get isPulled(): boolean {
    return this.#isPulled;
  }

  pull(): void {
    this.#isPulled = true;
    for (const socket of this.#sockets) socket.destroy();
  }

  putBack(): void {
    this.#isPulled = false;
  }

  async close(): Promise<void> {
    this.pull();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }

  #join(socket: Socket): void {
    if (this.#isPulled) {
      socket.destroy();
      return;
    }
    const target = createConnection({ host: '127.0.0.1', port: this.#targetPort });
    for (const [one, other] of [
      [socket, target],
      [target, socket],
    ] as const) {
      this.#sockets.add(one);
      one.pipe(other);
      one.on('error', () => other.destroy());
      one.on('close', () => {
        this.#sockets.delete(one);
        other.destroy();
      });
    }
  }
}
