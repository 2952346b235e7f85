import {
  canonicalJson,
  DOWN_BODY_BYTES_MAX,
  type DownItem,
  type GroupOutcome,
  type Mutation,
} from '@cat-feeder/shared';
import { type Answer, accepted, refused } from './answer.ts';
import { type CloudContext, checkDevice } from './cloud-context.ts';
import type { DeviceRow, DeviceTransaction } from './cloud-store.ts';
import { asItem } from './downlink.ts';

/** Items that wait for one feeder; while it is away, nobody can pile up more. */
const OPEN_MAX = 200;
const FULL_RETRY_S = 60;

export interface ProposeAnswer {
  readonly outcomes: Readonly<Record<string, GroupOutcome>> | null;
  readonly item?: DownItem;
}

/** Notes an edit of a member of the home as a wish to the feeder; the id makes it safe to repeat. */
export function proposeMutation(
  context: CloudContext,
  deviceId: string,
  wish: { readonly mid: string; readonly mutation: Mutation },
): Promise<Answer<ProposeAnswer>> {
  return context.store.onDevice(deviceId, async (tx) => {
    const device = await tx.device();
    const bar = checkDevice(device);
    if (bar !== null || device === undefined) return refused(bar ?? 'unclaimed');
    const known = await tx.mutation(wish.mid);
    if (known !== undefined) return accepted({ outcomes: known.outcomes });
    if (canonicalJson(wish.mutation).length > DOWN_BODY_BYTES_MAX) return refused('too_large');
    if ((await tx.openDown(0, OPEN_MAX)).length >= OPEN_MAX) {
      return { ok: false, refusal: 'rate_limited', retryAfterS: FULL_RETRY_S };
    }
    const added = await addMutation(tx, device, { ...wish, nowMs: context.now() });
    await tx.putDevice(added.device);
    return accepted({ outcomes: null, item: added.item });
  });
}

/** Puts a mutation into the downlink; the caller writes the device's row. */
export async function addMutation(
  tx: DeviceTransaction,
  device: DeviceRow,
  wish: { readonly mid: string; readonly mutation: Mutation; readonly nowMs: number },
): Promise<{ device: DeviceRow; item: DownItem }> {
  const dseq = device.downHead + 1;
  const { mid, mutation, nowMs } = wish;
  await tx.putMutation({ mid, dseq, outcomes: null, reason: null, createdMs: nowMs });
  const row = { dseq, kind: 'mut', ref: mid, notAfterMs: null, body: mutation } as const;
  await tx.addDown(row);
  return { device: { ...device, downHead: dseq }, item: asItem(row) };
}
