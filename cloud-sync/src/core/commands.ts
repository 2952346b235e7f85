import {
  type Claim,
  type ClaimAnswer,
  COMMAND_TTL_CLOUD_MS,
  COMMAND_TTL_CLOUD_MS_MAX,
  COMMAND_UNCONFIRMED_MS,
  type CommandOrder,
  type CommandState,
  canonicalJson,
  type DownItem,
  LIVE_SESSION_MS,
} from '@cat-feeder/shared';
import { type Answer, accepted, refused } from './answer.ts';
import { type CloudContext, checkDevice, inSession } from './cloud-context.ts';
import type { CommandRow, DeviceTransaction } from './cloud-store.ts';
import { claimOf } from './command-states.ts';
import { asItem } from './downlink.ts';

/** A wish of a member of the home; the id is made by the caller and makes it safe to repeat. */
export interface IssueRequest {
  readonly commandId: string;
  readonly order: CommandOrder;
  readonly ttlMs?: number;
}

export interface IssueAnswer {
  readonly state: CommandState;
  /** For the doorbell; undefined when the command was known. */
  readonly item?: DownItem;
}

/** Queues a command, if the feeder is there to take it. */
export function issueCommand(
  context: CloudContext,
  deviceId: string,
  request: IssueRequest,
): Promise<Answer<IssueAnswer>> {
  return context.store.onDevice(deviceId, async (tx) => {
    const device = await tx.device();
    const bar = checkDevice(device);
    if (bar !== null || device === undefined) return refused(bar ?? 'unclaimed');
    const known = await tx.command(request.commandId);
    if (known !== undefined) {
      const isSame = canonicalJson(known.order) === canonicalJson(request.order);
      return isSame ? accepted({ state: known.state }) : refused('reused');
    }
    const now = context.now();
    if (device.session === 0 || now - device.sessionMs > LIVE_SESSION_MS) return refused('offline');
    const ttlMs = Math.min(request.ttlMs ?? COMMAND_TTL_CLOUD_MS, COMMAND_TTL_CLOUD_MS_MAX);
    const dseq = device.downHead + 1;
    const notAfterMs = now + ttlMs;
    const { commandId, order } = request;
    const row = { dseq, kind: 'cmd', ref: commandId, notAfterMs, body: order } as const;
    const claim = { nonce: null, claimedMs: null, reason: null };
    await tx.putCommand({
      ...{ commandId, dseq, order, notAfterMs, state: 'queued', issuedMs: now },
      ...claim,
    });
    await tx.addDown(row);
    await tx.putDevice({ ...device, downHead: dseq });
    return accepted({ state: 'queued', item: asItem(row) });
  });
}

/** May this command start now? The only place that says yes. */
export function claimCommand(
  context: CloudContext,
  who: { readonly deviceId: string; readonly commandId: string },
  claim: Claim,
): Promise<Answer<ClaimAnswer>> {
  const { deviceId, commandId } = who;
  return inSession(context, { deviceId, session: claim.session }, async (tx) => {
    const command = await tx.command(commandId);
    if (command === undefined) return refused('not_found');
    const claimed = claimOf(command, { nonce: claim.nonce, nowMs: context.now() });
    if (typeof claimed === 'string') {
      if (claimed === 'expired') await expire(tx, command);
      return refused(claimed);
    }
    await tx.putCommand(claimed);
    return accepted({ ok: true, nonce: claim.nonce });
  });
}

/** Takes a command back, as long as nobody has claimed it. */
export function cancelCommand(
  context: CloudContext,
  deviceId: string,
  commandId: string,
): Promise<Answer<{ state: CommandState }>> {
  return context.store.onDevice(deviceId, async (tx) => {
    const command = await tx.command(commandId);
    if (command === undefined) return refused('not_found');
    if (command.state !== 'queued') return accepted({ state: command.state });
    await tx.putCommand({ ...command, state: 'cancelled' });
    return accepted({ state: 'cancelled' });
  });
}

/** Closes what nobody claimed in time, and names what nobody answered. */
export function sweepCommands(context: CloudContext, deviceId: string): Promise<number> {
  return context.store.onDevice(deviceId, async (tx) => {
    const now = context.now();
    let swept = 0;
    for (const command of await tx.commandsIn(['queued', 'claimed'])) {
      const isUnanswered = now - (command.claimedMs ?? now) > COMMAND_UNCONFIRMED_MS;
      if (command.state === 'queued' && now > command.notAfterMs) await expire(tx, command);
      else if (command.state === 'claimed' && isUnanswered) {
        await tx.putCommand({ ...command, state: 'unconfirmed' });
      } else continue;
      swept += 1;
    }
    return swept;
  });
}

/** After a restore of the database, before anything is served: a queued command may have run. */
export function expireAfterRestore(context: CloudContext, deviceId: string): Promise<number> {
  return context.store.onDevice(deviceId, async (tx) => {
    const queued = await tx.commandsIn(['queued']);
    for (const command of queued) await expire(tx, command);
    return queued.length;
  });
}

async function expire(tx: DeviceTransaction, command: CommandRow): Promise<void> {
  if (command.state === 'queued') await tx.putCommand({ ...command, state: 'expired' });
}
