import type { Server } from 'node:http';
import { createAdaptorServer } from '@hono/node-server';
import type { CloudApp } from '../api/route.ts';

const HEADERS_TIMEOUT_MS = 10_000;
const REQUEST_TIMEOUT_MS = 30_000;
/** A feeder's next batch comes within a minute. */
const KEEP_ALIVE_MS = 75_000;

export interface Listening {
  readonly url: string;
  readonly server: Server;
}

/** Opens a port; rejects when it is taken. */
export function listen(
  app: CloudApp,
  place: { readonly host: string; readonly port: number },
): Promise<Listening> {
  const { host, port } = place;
  const server = createAdaptorServer({ fetch: app.fetch }) as Server;
  server.headersTimeout = HEADERS_TIMEOUT_MS;
  server.requestTimeout = REQUEST_TIMEOUT_MS;
  server.keepAliveTimeout = KEEP_ALIVE_MS;
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      const address = server.address();
      const bound = address === null || typeof address === 'string' ? port : address.port;
      const name = host.includes(':') ? `[${host}]` : host;
      resolve({ url: `http://${name}:${bound}`, server });
    });
  });
}

/** Takes no more connections and ends those that are idle; resolves when none is left. */
export function closeServer({ server }: Listening): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeIdleConnections();
  });
}
