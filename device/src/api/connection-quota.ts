import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/** One open connection, and what it is doing. */
interface Seat {
  readonly socket: Socket;
  /** The newest request whose headers are all here; null before the first. */
  request: IncomingMessage | null;
  response: ServerResponse | null;
}

/**
 * Keeps a place for whoever comes next: when more than `max` connections are open, the one that has
 * waited longest without giving the feeder a whole request to answer is closed. So clients that
 * dribble their headers or bodies, sit idle, or do not read what they are told cannot keep the
 * emergency stop out.
 *
 *   waiting --whole request--> answered --read to its end--> waiting
 *
 * Q1 A request that is all here is answered, however many connections come.
 * Q2 A connection that was just opened is the last to go.
 */
export class ConnectionQuota {
  readonly #max: number;
  /** In the order in which they began to wait. */
  readonly #seats = new Map<Socket, Seat>();

  constructor(max: number) {
    this.#max = max;
  }

  /** Watches every connection of this server from now on. */
  watch(server: Server): void {
    server.on('connection', (socket: Socket) => this.#enter(socket));
    server.on('request', (request: IncomingMessage, response: ServerResponse) =>
      this.#begin(request, response),
    );
  }

  #enter(socket: Socket): void {
    this.#seats.set(socket, { socket, request: null, response: null });
    socket.once('close', () => this.#seats.delete(socket));
    if (this.#seats.size > this.#max) this.#makeRoom(socket);
  }

  #begin(request: IncomingMessage, response: ServerResponse): void {
    const { socket } = request;
    const seat = this.#seats.get(socket);
    if (seat === undefined) return;
    seat.request = request;
    seat.response = response;
    response.once('close', () => {
      // It waits from now on; a pipelined request may have taken the seat already.
      if (seat.response !== response || !this.#seats.delete(socket)) return;
      this.#seats.set(socket, { socket, request: null, response: null });
    });
  }

  #makeRoom(newest: Socket): void {
    for (const seat of this.#seats.values()) {
      if (seat.socket === newest || isAnswered(seat)) continue;
      this.#seats.delete(seat.socket);
      seat.socket.destroy();
      return;
    }
  }
}

/** Whether the feeder has the whole request and its client takes the answer. */
function isAnswered({ socket, request, response }: Seat): boolean {
  if (request === null || response === null || response.closed) return false;
  return request.complete && socket.writableLength === 0;
}
