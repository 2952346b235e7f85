import { type CommandState, LIVE_SESSION_MS, type SyncDoc } from '@cat-feeder/shared';
import { type Answer, accepted, refused } from '../core/answer.ts';
import type { CloudContext } from '../core/cloud-context.ts';
import type { CommandRow, MutationRow } from '../core/cloud-store.ts';
import { sweepCommands } from '../core/commands.ts';
import { docsOfHome } from '../core/epochs.ts';

/** What a member sees of a feeder's link. */
export interface DeviceView {
  readonly device: string;
  readonly status: 'active' | 'revoked';
  readonly live: boolean;
  readonly seen_ms: number;
  /** When a second copy of this feeder was noticed. */
  readonly cloned_ms: number | null;
  /** Wishes that the feeder has not settled. */
  readonly pending: number;
}

const PENDING_COUNTED_MAX = 1000;

export function readDevice(context: CloudContext, deviceId: string): Promise<Answer<DeviceView>> {
  return context.store.onDevice(deviceId, async (tx) => {
    const row = await tx.device();
    if (row === undefined) return refused('not_found');
    const { status, session, sessionMs, clonedMs } = row;
    return accepted({
      ...{ device: deviceId, status, seen_ms: sessionMs, cloned_ms: clonedMs },
      live: session > 0 && context.now() - sessionMs <= LIVE_SESSION_MS,
      pending: (await tx.openDown(0, PENDING_COUNTED_MAX)).length,
    });
  });
}

/** The newest entry that is stored and that this home may see; null: none. */
export function readHead(
  context: CloudContext,
  who: { readonly deviceId: string; readonly homeId: string },
): Promise<{ readonly epoch: number; readonly seq: number } | null> {
  return context.store.onDevice(who.deviceId, async (tx) => {
    const own = (await tx.epochs()).filter(({ homeId }) => homeId === who.homeId);
    const newest = own.toSorted((a, b) => a.epoch - b.epoch).at(-1);
    return newest === undefined ? null : { epoch: newest.epoch, seq: newest.ackedSeq };
  });
}

/** The documents as the feeder last reported them, as far as this home may see them. */
export function readDocs(
  context: CloudContext,
  who: { readonly deviceId: string; readonly homeId: string },
): Promise<Answer<{ readonly docs: readonly SyncDoc[] }>> {
  return context.store.onDevice(who.deviceId, async (tx) => {
    const docs = (await docsOfHome(tx, who.homeId)).map(({ doc }) => doc);
    return accepted({ docs: docs.filter(({ deleted }) => !deleted) });
  });
}

export interface CommandView {
  readonly state: CommandState;
  readonly reason: string | null;
}

/** A command as it stands now: what nobody claimed in time has ended by then. */
export async function readCommand(
  context: CloudContext,
  deviceId: string,
  commandId: string,
): Promise<Answer<CommandView>> {
  await sweepCommands(context, deviceId);
  return context.store.onDevice(deviceId, async (tx) => {
    const command: CommandRow | undefined = await tx.command(commandId);
    if (command === undefined) return refused('not_found');
    return accepted({ state: command.state, reason: command.reason });
  });
}

export type MutationView = Pick<MutationRow, 'outcomes' | 'reason'>;

/** What became of a wish; outcomes null: the feeder has not settled it. */
export function readMutation(
  context: CloudContext,
  deviceId: string,
  mid: string,
): Promise<Answer<MutationView>> {
  return context.store.onDevice(deviceId, async (tx) => {
    const mutation = await tx.mutation(mid);
    if (mutation === undefined) return refused('not_found');
    return accepted({ outcomes: mutation.outcomes, reason: mutation.reason });
  });
}

/** Takes a feeder's rights: it goes on feeding, and says so on its page. */
export function revokeDevice(
  context: CloudContext,
  deviceId: string,
): Promise<Answer<{ readonly status: 'revoked' }>> {
  return context.store.onDevice(deviceId, async (tx) => {
    const row = await tx.device();
    if (row === undefined) return refused('not_found');
    await tx.putDevice({ ...row, status: 'revoked' });
    return accepted({ status: 'revoked' });
  });
}
