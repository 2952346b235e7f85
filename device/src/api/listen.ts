import { randomUUID } from 'node:crypto';
import { createServer, type RequestListener, type Server, STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import { FeederError, type Milliseconds } from '@cat-feeder/shared';
import { getRequestListener } from '@hono/node-server';
import type { Clock } from '../platform/clock.ts';
import type { Logger } from '../platform/logger.ts';
import { ConnectionQuota } from './connection-quota.ts';
import { errorReply } from './error-reply.ts';
import { securityHeaders } from './security.ts';
import type { Api } from './server.ts';

/** Open connections at a time; for one more, the one that has waited longest has to go. */
export const CONNECTIONS_MAX = 64;
/** While one goes and the next comes both are open. */
const CONNECTIONS_OVERLAP = 16;
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
  server.maxConnections = CONNECTIONS_MAX + CONNECTIONS_OVERLAP;
  new ConnectionQuota(CONNECTIONS_MAX).watch(server);
  server.on('clientError', (error, socket) => answerGarbage(error, socket, options.log));
  refuseOddities(server, options.log);
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

const oddities: Readonly<Record<number, string>> = {
  405: 'The feeder is no proxy: it opens no tunnel with CONNECT.',
  417: 'The feeder knows no expectation but 100-continue.',
};

/** What Node would answer by itself, without the envelope or not at all. */
function refuseOddities(server: Server, log: Logger): void {
  server.on('checkExpectation', (_request, response) => {
    const { status, headers, text } = notARequest(417, log);
    // The body that may follow was never asked for.
    const length = Buffer.byteLength(text);
    response.writeHead(status, { ...headers, 'content-length': length, connection: 'close' });
    response.end(text);
  });
  server.on('connect', (_request, socket) => sendByHand(socket, notARequest(405, log)));
}

/** What is told to a client whose bytes are no request, too large or too slow. */
function notARequest(status: 400 | 405 | 408 | 417 | 431, log: Logger) {
  const requestId = randomUUID();
  const error = new FeederError(status === 405 ? 'ERR_METHOD_NOT_ALLOWED' : 'ERR_VALIDATION', {
    message: oddities[status] ?? 'This is no HTTP request that the feeder understands.',
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
  sendByHand(socket, notARequest(parserStatus[error.code ?? ''] ?? 400, log));
}

function sendByHand(
  socket: Duplex,
  { status, headers, text }: ReturnType<typeof notARequest>,
): void {
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
