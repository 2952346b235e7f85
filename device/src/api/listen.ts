import { randomUUID } from 'node:crypto';
import { createServer, type RequestListener, type Server, STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import { FeederError, type Milliseconds } from '@cat-feeder/shared';
import { getRequestListener } from '@hono/node-server';
import type { Clock } from '../platform/clock.ts';
import type { Logger } from '../platform/logger.ts';
import { errorReply } from './error-reply.ts';
import { securityHeaders } from './security.ts';
import type { Api } from './server.ts';

/** Open connections at a time; more wait in the kernel or are dropped. */
export const CONNECTIONS_MAX = 64;
const HEADER_BYTES_MAX = 16_384;
const HEADERS_TIMEOUT_MS: Milliseconds = 10_000;
const REQUEST_TIMEOUT_MS: Milliseconds = 30_000;
const KEEP_ALIVE_MS: Milliseconds = 10_000;
/** How often slow requests are looked for. */
const CHECK_INTERVAL_MS: Milliseconds = 10_000;
/** Answers under way get this long when the feeder stops. */
const CLOSE_GRACE_MS: Milliseconds = 2_000;

/** A bound API. */
export interface Listening {
  readonly host: string;
  readonly port: number;
  readonly url: string;
  /** Ends event streams, lets answers finish, then closes every connection. Idempotent. */
  close(): Promise<void>;
}

export interface ListenOptions {
  readonly host: string;
  /** 0: any free port. */
  readonly port: number;
  readonly clock: Clock;
  readonly log: Logger;
}

/**
 * Binds the API. `makeApi` is given the port once it is known, because the feeder's own names
 * carry it. `ERR_BIND_REFUSED` for an address that others can reach, `ERR_PORT_IN_USE`.
 */
export async function listen(
  makeApi: (port: () => number) => Api,
  options: ListenOptions,
): Promise<Listening> {
  const host = loopbackAddress(options.host);
  let port = options.port;
  const api = makeApi(() => port);
  const server = createServer(
    {
      maxHeaderSize: HEADER_BYTES_MAX,
      headersTimeout: HEADERS_TIMEOUT_MS,
      requestTimeout: REQUEST_TIMEOUT_MS,
      keepAliveTimeout: KEEP_ALIVE_MS,
      connectionsCheckingInterval: CHECK_INTERVAL_MS,
      // A request without one is refused below, in the envelope.
      requireHostHeader: false,
    },
    requestListener(api, options.log),
  );
  server.maxConnections = CONNECTIONS_MAX;
  server.on('clientError', (error, socket) => answerGarbage(error, socket, options.log));
  await bind(server, host, options.port);
  const address = server.address();
  if (typeof address === 'object' && address !== null) port = address.port;
  const name = host.includes(':') ? `[${host}]` : host;
  let closing: Promise<void> | null = null;
  return {
    host,
    port,
    url: `http://${name}:${port}`,
    close: () => {
      closing ??= closeServer(server, api, options.clock);
      return closing;
    },
  };
}

function requestListener(api: Api, log: Logger): RequestListener {
  const answer = getRequestListener((request, env) => api.app.fetch(request, env), {
    // Only a target or a host that is no address comes here; the rest is answered by the API.
    errorHandler: () => {
      const { status, headers, text } = notARequest(400, log);
      return new Response(text, { status, headers });
    },
  });
  return (incoming, outgoing) => {
    answer(incoming, outgoing).catch((error: unknown) => {
      log.error({ err: error }, 'An answer could not be sent.');
      outgoing.destroy();
    });
  };
}

/** What is told to a client whose bytes are no request, too large or too slow. */
function notARequest(status: 400 | 408 | 431, log: Logger) {
  const requestId = randomUUID();
  const error = new FeederError('ERR_VALIDATION', {
    message: 'This is no HTTP request that the feeder understands.',
    hint: 'Check the request line, the Host header, and the size and speed of the headers.',
  });
  const { error: told } = errorReply(error, requestId, log);
  const headers = {
    ...securityHeaders,
    'content-type': 'application/json',
    'cache-control': 'no-store',
    'x-request-id': requestId,
  };
  return { status, headers, text: JSON.stringify({ error: { ...told, status } }) };
}

const parserStatus: Readonly<Record<string, 408 | 431>> = {
  HPE_HEADER_OVERFLOW: 431,
  ERR_HTTP_REQUEST_TIMEOUT: 408,
};

/** The parser gave up: the same envelope, written by hand because there is no response yet. */
function answerGarbage(error: NodeJS.ErrnoException, socket: Duplex, log: Logger): void {
  if (!socket.writable || error.code === 'ECONNRESET') {
    socket.destroy();
    return;
  }
  const { status, headers, text } = notARequest(parserStatus[error.code ?? ''] ?? 400, log);
  const length = { 'content-length': String(Buffer.byteLength(text)), connection: 'close' };
  const lines = Object.entries({ ...headers, ...length }).map(
    ([name, value]) => `${name}: ${value}`,
  );
  const reply = [`HTTP/1.1 ${status} ${STATUS_CODES[status]}`, ...lines, '', text].join('\r\n');
  // A client that never closes its own side must not keep one of the connections for ever.
  socket.end(reply, () => socket.destroy());
}

/** The address to bind; a name could be pointed elsewhere. */
function loopbackAddress(host: string): string {
  if (host === 'localhost') return '127.0.0.1';
  if (host === '127.0.0.1' || host === '::1') return host;
  throw new FeederError('ERR_BIND_REFUSED', {
    details: [{ path: 'host', message: `${host} is not 127.0.0.1, ::1 or localhost` }],
  });
}

function bind(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => {
      const details = [
        { path: 'port', message: `${host}:${port}: ${cause.code ?? cause.message}` },
      ];
      const code = cause.code === 'EADDRINUSE' ? 'ERR_PORT_IN_USE' : 'ERR_CONFIG';
      reject(new FeederError(code, { cause, details }));
    });
    server.listen({ host, port }, () => {
      server.removeAllListeners('error');
      resolve();
    });
  });
}

function closeServer(server: Server, api: Api, clock: Clock): Promise<void> {
  api.close('The feeder stops.');
  return new Promise((resolve) => {
    const cancel = clock.after('close of connections', CLOSE_GRACE_MS, () =>
      server.closeAllConnections(),
    );
    server.close(() => {
      cancel();
      resolve();
    });
    server.closeIdleConnections();
  });
}
