import { Refused } from '../api/reply.ts';
import type { CloudStore, DeviceTransaction } from '../core/cloud-store.ts';

/**
 * The store as members of one home have it: every transaction begins with the question whose the
 * device is, under the lock of its row. Another home's device does not exist here.
 */
export class HomeStore implements CloudStore {
  readonly #store: CloudStore;
  readonly #homeId: string;

  constructor(store: CloudStore, homeId: string) {
    this.#store = store;
    this.#homeId = homeId;
  }

  onDevice<T>(deviceId: string, work: (tx: DeviceTransaction) => Promise<T>): Promise<T> {
    return this.#store.onDevice(deviceId, async (tx) => {
      const device = await tx.device();
      if (device?.homeId !== this.#homeId) throw new Refused('not_found');
      return work(tx);
    });
  }
}
