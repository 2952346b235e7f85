import { createServer, type RequestListener, type Server } from 'node:http';
import { FeederError, type Milliseconds } from '@cat-feeder/shared';
import { getRequestListener } from '@hono/node-server';
import type { Clock } from '../platform/clock.ts';
import type { Logger } from '../platform/logger.ts';
import { errorReply } from './error-reply.ts';
import { securityHeaders } from './security.ts';
import type { Api } from './server.ts';

/** Open connections at a time; more wait in the kernel or are dropped. */
const CONNECTIONS_MAX = 64;
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
    },
    requestListener(api, options.log),
  );
  server.maxConnections = CONNECTIONS_MAX;
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
    // Only what is no request at all comes here: a target or a host that is no address.
    errorHandler: () => {
      const error = new FeederError('ERR_VALIDATION', {
        message: 'The request line or the Host header is not an address.',
      });
      const body = errorReply(error, 'none', log);
      return Response.json(body, {
        status: 400,
        headers: { ...securityHeaders, 'cache-control': 'no-store' },
      });
    },
  });
  return (incoming, outgoing) => {
    answer(incoming, outgoing).catch((error: unknown) => {
      log.error({ err: error }, 'An answer could not be sent.');
      outgoing.destroy();
    });
  };
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
