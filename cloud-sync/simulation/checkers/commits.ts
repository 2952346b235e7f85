import { isAfter } from '../../src/core/projection.ts';
import type { DeviceRows } from '../memory-cloud.ts';
import type { WorldView } from '../world-view.ts';

const said = new Set(['done', 'failed', 'refused']);

/** Looks at each commit of the cloud: what the feeder has, and what must never go back. */
export function checkCommit(
  world: WorldView,
  deviceId: string,
  { before, after }: { readonly before: DeviceRows; readonly after: DeviceRows },
): void {
  const household = world.households?.find((one) => one.deviceId === deviceId);
  if (household === undefined) return;
  if (after.events !== before.events) {
    for (const [key, { eid }] of after.events) {
      if (!before.events.has(key)) household.truth.committed.add(eid);
    }
  }
  for (const [id, command] of after.commands) {
    const former = before.commands.get(id);
    if (former === undefined || former === command || !said.has(former.state)) continue;
    if (former.state !== command.state) {
      world.recorder.violate('C3', `${id} went from ${former.state} to ${command.state}`);
    }
  }
  for (const [key, row] of after.docs) {
    const former = before.docs.get(key);
    if (former === undefined || former === row || isAfter(row, former)) continue;
    world.recorder.violate('D3', `${key} went back from ${former.epoch}:${former.seq}`);
  }
  for (const [epoch, row] of after.epochs) {
    const former = before.epochs.get(epoch);
    if (former === undefined && !household.truth.genesis.has(row.genesis)) {
      world.recorder.violate('U1', `epoch ${epoch} is opened for a genesis that no card has`);
    }
    if (former !== undefined && former.ackedSeq > row.ackedSeq) {
      world.recorder.violate('U1', `epoch ${epoch} went back from ${former.ackedSeq}`);
    }
  }
}
