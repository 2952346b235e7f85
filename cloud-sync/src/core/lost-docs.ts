import { canonicalJson, type Hello, type Mutation, makeHlc } from '@cat-feeder/shared';
import type { CloudContext } from './cloud-context.ts';
import type { DeviceRow, DeviceTransaction, DocRow } from './cloud-store.ts';
import { addMutation } from './mutations.ts';

/*
 * A feeder that came back from an old image does not have the documents that it had later. Its
 * segments tell: an entry beyond the head of a closed segment, or of an epoch between its own that
 * it does not name, belongs to a life that it forgot.
 */

/** Whether the feeder's ledger cannot have the entry that a document comes from. */
export function isForgotten(row: DocRow, segments: Hello['segs']): boolean {
  // Absence is never deletion: what merely was not there is no reason to delete it anywhere.
  if (row.isGone) return false;
  const segment = segments.find(({ epoch }) => epoch === row.epoch);
  if (segment !== undefined) return row.seq > segment.head;
  return segments.some(({ epoch }) => epoch !== 0 && epoch < row.epoch);
}

/** Offers such documents, each once for each of its entries. */
export async function offerForgotten(
  context: CloudContext,
  tx: DeviceTransaction,
  hello: { readonly device: DeviceRow; readonly segs: Hello['segs'] },
): Promise<DeviceRow> {
  let { device } = hello;
  const forgotten = (await tx.docs()).filter((row) => isForgotten(row, hello.segs));
  if (forgotten.length === 0) return device;
  const homes = new Map((await tx.epochs()).map(({ epoch, homeId }) => [epoch, homeId]));
  for (const row of forgotten) {
    // What another home wrote stays with that home.
    if (homes.get(row.epoch) !== device.homeId) continue;
    const mid = offerId(context, row);
    if ((await tx.mutation(mid)) !== undefined) continue;
    const mutation = restoreOf(row, context.now());
    ({ device } = await addMutation(tx, device, { mid, mutation, nowMs: context.now() }));
  }
  return device;
}

function restoreOf({ doc, epoch }: DocRow, nowMs: number): Mutation {
  const { kind, id, rev, grevs, groups, deleted } = doc;
  return {
    ...{ doc: [kind, id], op: 'restore', base: {}, rev, grevs, groups, deleted, epoch },
    ...{ hlc: makeHlc(nowMs), why: 'restore' },
  };
}

const CROCKFORD = '0123456789abcdefghjkmnpqrstvwxyz';
const utf8 = new TextEncoder();

/** An id that follows from the entry: the same offer is never made twice. */
function offerId({ sha256 }: CloudContext, { doc, epoch, seq }: DocRow): string {
  const digest = sha256(utf8.encode(canonicalJson([doc.kind, doc.id, epoch, seq])));
  const letters = [...digest.subarray(0, 26)].map((byte) => CROCKFORD.charAt(byte & 31));
  return CROCKFORD.charAt((digest[0] ?? 0) & 7) + letters.slice(1).join('');
}
