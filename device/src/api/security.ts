import { FeederError } from '@cat-feeder/shared';

/** Headers of every response, errors and files included. */
export const securityHeaders: Readonly<Record<string, string>> = {
  'content-security-policy':
    "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; object-src 'none'",
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  // The old filter of browsers could be turned against a page; the policy above replaces it.
  'x-xss-protection': '0',
};

/** The names by which a browser on this machine may know the feeder. */
export const loopbackHosts = ['127.0.0.1', 'localhost', '[::1]'] as const;

/** `Host` values that are this feeder's own: the loopback names with the bound port. */
export function ownHosts(port: number): readonly string[] {
  const names = loopbackHosts.map((name) => `${name}:${port}`);
  return port === 80 ? [...names, ...loopbackHosts] : names;
}

/** Knows by which names the feeder may be called once its port is bound. */
export class OwnNames {
  readonly #port: () => number;
  #forPort = 0;
  #hosts: readonly string[] = [];

  constructor(port: () => number) {
    this.#port = port;
  }

  /**
   * Refuses a request that names another host. A page of a rebound name reaches this address, but
   * still sends its own name. The target of a request may be a whole URL with a host of its own,
   * so both must fit.
   */
  refuseOthers(request: Request): void {
    const port = this.#port();
    if (port !== this.#forPort) {
      this.#forPort = port;
      this.#hosts = ownHosts(port);
    }
    const { url } = request;
    const target = this.#hosts.find((host) => url.startsWith(`http://${host}/`));
    const named = request.headers.get('host')?.toLowerCase() ?? target;
    if (target !== undefined && named !== undefined && this.#hosts.includes(named)) return;
    throw new FeederError('ERR_HOST_NOT_ALLOWED');
  }
}

/**
 * Refuses what a page of another site makes a browser send. Programs send neither header. For
 * safe methods this keeps event streams and answers from other pages, too.
 */
export function refuseCrossSite(request: Request): void {
  const { headers } = request;
  const site = headers.get('sec-fetch-site');
  if (site !== null && site !== 'same-origin' && site !== 'none') {
    throw new FeederError('ERR_CROSS_SITE');
  }
  const origin = headers.get('origin');
  if (origin === null) return;
  const own = `http://${(headers.get('host') ?? new URL(request.url).host).toLowerCase()}`;
  if (origin !== own) throw new FeederError('ERR_CROSS_SITE');
}
