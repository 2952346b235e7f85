import type { EpochMs, RandomBytes, Sha256 } from '@cat-feeder/shared';
import { type Answer, refused } from './answer.ts';
import type { CloudStore, DeviceRow, DeviceTransaction } from './cloud-store.ts';

/** Everything that enters the service's cores besides requests. */
export interface CloudContext {
  readonly store: CloudStore;
  /** The clock of this node. */
  readonly now: () => EpochMs;
  readonly random: RandomBytes;
  readonly sha256: Sha256;
}

/** A device that belongs to a home and may speak. */
export type ClaimedDevice = DeviceRow & { readonly homeId: string };

/** The last sign of life is written again when it is older than this. */
const SEEN_STEP_MS = 15_000;

/** Why a device may not speak at all; null when it may. */
export function checkDevice(device: DeviceRow | undefined): 'revoked' | 'unclaimed' | null {
  if (device === undefined || device.homeId === null) return 'unclaimed';
  return device.status === 'revoked' ? 'revoked' : null;
}

/** Runs one transaction for a request of the newest session; every other one is fenced. */
export function inSession<T>(
  context: CloudContext,
  who: { readonly deviceId: string; readonly session: number },
  work: (tx: DeviceTransaction, device: ClaimedDevice) => Promise<Answer<T>>,
): Promise<Answer<T>> {
  return context.store.onDevice(who.deviceId, async (tx) => {
    const device = await tx.device();
    const bar = checkDevice(device);
    if (bar !== null || device === undefined) return refused(bar ?? 'unclaimed');
    if (device.session !== who.session) return refused('fenced');
    const now = context.now();
    const seen = { ...device, sessionMs: now } as ClaimedDevice;
    if (Math.abs(now - device.sessionMs) > SEEN_STEP_MS) await tx.putDevice(seen);
    return work(tx, seen);
  });
}
