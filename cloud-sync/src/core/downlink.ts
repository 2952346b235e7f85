import {
  type CommandOrder,
  DOWN_ITEMS_MAX,
  type DownAnswer,
  type DownItem,
  type DownQuery,
  type Mutation,
} from '@cat-feeder/shared';
import { type Answer, accepted } from './answer.ts';
import { type CloudContext, inSession } from './cloud-context.ts';
import type { DeviceRow, DeviceTransaction, DownRow } from './cloud-store.ts';

/** A downlink row as it travels. */
export function asItem(row: DownRow): DownItem {
  const { dseq: d, ref } = row;
  if (row.kind === 'mut') return { d, ref, k: 'mut', b: row.body as Mutation };
  return { d, ref, k: 'cmd', na: row.notAfterMs ?? 0, b: row.body as CommandOrder };
}

/** The open items after a number, and how far the cursor may go when they are settled. */
export async function downAfter(
  tx: DeviceTransaction,
  device: DeviceRow,
  after: number,
): Promise<DownAnswer> {
  const rows = await tx.openDown(after, DOWN_ITEMS_MAX);
  const isAll = rows.length < DOWN_ITEMS_MAX;
  const upto = isAll ? Math.max(after, device.downHead) : (rows.at(-1)?.dseq ?? after);
  return { items: rows.map(asItem), upto, head: device.downHead };
}

/** Answers a pull. */
export function pullDown(
  context: CloudContext,
  deviceId: string,
  query: DownQuery,
): Promise<Answer<DownAnswer>> {
  return inSession(context, { deviceId, session: query.session }, async (tx, device) =>
    accepted(await downAfter(tx, device, query.after)),
  );
}

/**
 * Gives open items at or below the feeder's cursor new numbers above it: after a restore of this
 * database a number may exist twice. Who settled them already knows them by their ids.
 */
export async function renumberOpen(
  tx: DeviceTransaction,
  device: DeviceRow,
  cursor: number,
): Promise<DeviceRow> {
  let downHead = Math.max(device.downHead, cursor);
  const behind = (await tx.openDown(0, DOWN_ITEMS_MAX)).filter((row) => row.dseq <= cursor);
  for (const row of behind) {
    downHead += 1;
    await tx.addDown({ ...row, dseq: downHead });
    if (row.kind === 'mut') {
      const mutation = await tx.mutation(row.ref);
      if (mutation !== undefined) await tx.putMutation({ ...mutation, dseq: downHead });
      continue;
    }
    const command = await tx.command(row.ref);
    if (command !== undefined) await tx.putCommand({ ...command, dseq: downHead });
  }
  return { ...device, downHead };
}
