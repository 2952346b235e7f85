import type { EventRow } from '../core/cloud-store.ts';
import type { Position } from '../core/projection.ts';

/** Reads the ledger of a device for a home. */
export interface EventReader {
  /** Entries after a place, oldest first, of the epochs that belong to this home only. */
  page(
    who: { readonly deviceId: string; readonly homeId: string },
    query: { readonly after: Position; readonly limit: number },
  ): Promise<readonly EventRow[]>;
}
