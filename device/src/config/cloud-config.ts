import * as v from 'valibot';
import { plain, words } from './setting.ts';

const loopback = new Set(['127.0.0.1', '[::1]', 'localhost']);

/** The origin of a cloud: encrypted, unless it is on this machine. */
const origin = v.pipe(
  words(255),
  v.check(isOrigin, 'must be an address such as https://cloud.example.org, without a path'),
  v.transform((text) => new URL(text).origin),
);

function isOrigin(text: string): boolean {
  const url = URL.parse(text);
  if (url === null || url.username !== '' || url.password !== '') return false;
  if (url.pathname !== '/' || url.search !== '' || url.hash !== '') return false;
  return url.protocol === 'https:' || (url.protocol === 'http:' && loopback.has(url.hostname));
}

/** The link to a cloud. Without an address there is none, and the feeder is whole without it. */
export const cloudEntries = {
  cloudUrl: v.pipe(
    v.optional(v.nullable(origin), null),
    v.description(
      'Address of the cloud service that this feeder may be linked to; empty means none. The feeder is linked only when its owner claims it.',
    ),
    v.metadata({ ...plain, values: 'https address' }),
  ),
};
