import { ulidToBytes as toBytes } from '@cat-feeder/shared';

export { bytesToUlid } from '@cat-feeder/shared';

/** The 16 bytes of an id of 26 characters: the form of a document's key. Throws on any other text. */
export function ulidToBytes(id: string): Buffer {
  return Buffer.from(toBytes(id));
}
