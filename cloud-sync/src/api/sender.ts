/**
 * Who sends, for limits on what needs no token: the address, or of IPv6 the network, since one sender
 * has all the rest. With own proxies in front (`proxies` of them) it is what the outermost of them
 * wrote into `X-Forwarded-For`; what stands further left was written by the sender.
 */
export function senderOf(
  request: {
    readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
    readonly socket: { readonly remoteAddress?: string | undefined };
  },
  proxies: number,
): string {
  const { headers, socket } = request;
  const told = String(headers['x-forwarded-for'] ?? '').split(',');
  const forwarded = proxies === 0 ? undefined : told.at(-proxies)?.trim();
  return networkOf(forwarded === undefined || forwarded === '' ? socket.remoteAddress : forwarded);
}

const GROUPS = 8;
const NETWORK_GROUPS = 4;

function networkOf(address = ''): string {
  // Also `::ffff:192.0.2.1`, as a socket for both families has it.
  if (address.includes('.')) return address.slice(address.lastIndexOf(':') + 1);
  const [front = '', back] = address.split('::');
  const groups = front === '' ? [] : front.split(':');
  if (back !== undefined) {
    const rest = back === '' ? [] : back.split(':');
    while (groups.length + rest.length < GROUPS) groups.push('0');
    groups.push(...rest);
  }
  return groups.slice(0, NETWORK_GROUPS).join(':');
}
