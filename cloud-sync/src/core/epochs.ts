import type { ClaimedDevice } from './cloud-context.ts';
import type { DeviceRow, DeviceTransaction, DocRow, EpochRow } from './cloud-store.ts';

/** Opens an epoch for the device's present home; the caller writes the device's row. */
export async function openEpoch(
  tx: DeviceTransaction,
  device: ClaimedDevice,
  opened: {
    readonly epoch: number;
    readonly genesis: string;
    readonly nowMs: number;
    readonly isAdopted: boolean;
  },
): Promise<{ device: DeviceRow; row: EpochRow }> {
  const { epoch, genesis, nowMs, isAdopted } = opened;
  const acked = { ackedSeq: 0, ackedHash: genesis };
  const row = { epoch, genesis, homeId: device.homeId, ...acked, openedMs: nowMs, isAdopted };
  await tx.putEpoch(row);
  return { device: { ...device, maxEpoch: Math.max(device.maxEpoch, epoch) }, row };
}

/** The documents that a home may see: those that the feeder reported in an epoch of this home. */
export async function docsOfHome(
  tx: DeviceTransaction,
  homeId: string | null,
): Promise<readonly DocRow[]> {
  const own = (await tx.epochs()).filter((row) => row.homeId === homeId);
  const epochs = new Set(own.map(({ epoch }) => epoch));
  return (await tx.docs()).filter(({ epoch }) => epochs.has(epoch));
}
