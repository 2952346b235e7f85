import { createConnection, createServer, type Server, type Socket } from 'node:net';

/**
 * A line to a server on which everything takes half of the round trip in each direction, with a count
 * of the bytes that went over it, both ways together.
 */
export async function delayedWire(target: string | (() => string), roundTripMs: number) {
  const sockets = new Set<Socket>();
  let bytes = 0;
  const server: Server = createServer((near) => {
    const { hostname: host, port } = new URL(typeof target === 'string' ? target : target());
    const far = createConnection({ host, port: Number(port) });
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(from);
      from.setNoDelay(true);
      from.on('data', (chunk) => {
        bytes += chunk.length;
        setTimeout(() => to.write(chunk), roundTripMs / 2);
      });
      from.on('error', () => to.destroy());
      // After what came before, which is still under way.
      from.on('close', () => {
        sockets.delete(from);
        setTimeout(() => to.end(), roundTripMs / 2);
      });
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' ? address?.port : 0;
  return {
    url: `http://127.0.0.1:${port}`,
    bytes: () => bytes,
    close: () => {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}
