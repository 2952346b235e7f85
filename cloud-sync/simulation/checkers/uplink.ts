import { chainText } from '@cat-feeder/shared';
import { endOf } from '../memory-disk.ts';
import { sha256 } from '../sim-sha256.ts';
import type { Found } from './found.ts';

/** U1 the numbers of each epoch are 1 to acked, entries or gaps; U2 no eid twice. */
export function checkDensity({ world, rows }: Found): void {
  for (const { epoch, ackedSeq } of rows.epochs.values()) {
    const times = new Array<number>(ackedSeq + 1).fill(0);
    for (const row of rows.events.values()) {
      if (row.epoch === epoch) times[row.seq] = (times[row.seq] ?? 0) + 1;
    }
    for (const gap of rows.gaps.values()) {
      if (gap.epoch !== epoch) continue;
      for (let seq = gap.from; seq <= gap.to; seq++) times[seq] = (times[seq] ?? 0) + 1;
    }
    const wrong = times.findIndex((count, seq) => seq > 0 && count !== 1);
    if (wrong > 0 || times.length !== ackedSeq + 1) {
      const what = times[wrong] === 0 ? 'is missing' : 'is there more than once';
      world.recorder.violate('U1', `${epoch}:${wrong} ${what} (acked ${ackedSeq})`);
    }
  }
  const eids = new Set<string>();
  for (const { epoch, seq, eid } of rows.events.values()) {
    if (eids.has(eid)) world.recorder.violate('U2', `${eid} is there again at ${epoch}:${seq}`);
    eids.add(eid);
  }
}

/** U3 every entry of the feeder is in the cloud; U7 it knows no more as acknowledged than is. */
export function checkDrained({ world, household, rows }: Found): void {
  const held = new Set([...rows.events.values()].map(({ eid }) => eid));
  const { disk, options } = household.feeder;
  for (const { epoch, base, acked, head } of disk.segments()) {
    const stored = rows.epochs.get(epoch)?.ackedSeq ?? 0;
    // Of a segment of which nothing is left, nothing can be lost.
    if (acked > stored && head >= base) {
      world.recorder.violate('U7', `${options.name}: ${epoch}:${acked} is not acknowledged`);
    }
    for (const item of disk.items(epoch, base, head)) {
      if (item.item === 'gap' || held.has(item.eid) || item.body.length > 8192 / 2) continue;
      world.recorder.violate('U3', `${options.name}: entry ${epoch}:${endOf(item)} is lost`);
    }
  }
}

/**
 * U3 the order by (epoch, seq) is the order of creation. Entries that the feeder gave up and an old
 * image brought back are the exception: nothing proves their place, so they come at the end.
 */
export function checkOrder({ world, household, rows }: Found): void {
  const { truth } = household;
  if (truth.hadClone) return;
  const inOrder = [...rows.events.values()].sort((a, b) => a.epoch - b.epoch || a.seq - b.seq);
  let last = -1;
  for (const { eid, epoch, seq } of inOrder) {
    const created = truth.created.get(eid);
    if (created === undefined) {
      world.recorder.violate('U3', `${epoch}:${seq} was never made`);
      return;
    }
    if (truth.letGo.has(eid)) continue;
    if (created < last) {
      world.recorder.violate(
        'U3',
        `${household.feeder.options.name}: ${epoch}:${seq} (made as ${created}) is older than the one before it (${last})`,
      );
      return;
    }
    last = created;
  }
}

/** U6 the stored chain follows from its genesis. */
export function checkChains({ world, rows }: Found): void {
  for (const { epoch, genesis, ackedSeq, ackedHash } of rows.epochs.values()) {
    const gaps = [...rows.gaps.values()].filter((gap) => gap.epoch === epoch);
    let hash = genesis;
    for (let seq = 1; seq <= ackedSeq; seq++) {
      const row = rows.events.get(`${epoch}:${seq}`);
      const gap = gaps.find(({ from }) => from === seq);
      if (row !== undefined) hash = chainText(sha256, hash, row);
      else if (gap !== undefined) {
        hash = gap.hash;
        seq = gap.to;
      }
      if (row === undefined || row.hash === hash) continue;
      world.recorder.violate('U6', `${epoch}:${seq} does not follow from the one before it`);
      return;
    }
    if (hash !== ackedHash) world.recorder.violate('U6', `${epoch}: the end of the chain is wrong`);
  }
}

/** U1 one epoch for a genesis and a home, and none that was opened for nothing but a loss of the card. */
export function checkEpochs({ world, household, rows }: Found): void {
  const { truth, feeder } = household;
  const genesis = new Set<string>();
  for (const row of rows.epochs.values()) {
    const key = `${row.genesis} ${row.homeId}`;
    // What was taken over from a feeder was given by a database that is gone.
    if (genesis.has(key) && !row.isAdopted) {
      world.recorder.violate('U1', `epoch ${row.epoch} has the genesis of another one`);
    }
    genesis.add(key);
  }
  if (truth.hadClone) return;
  const named = new Set(feeder.disk.segments().map(({ epoch }) => epoch));
  const unused = [...rows.epochs.values()].filter(
    ({ epoch, ackedSeq }) => ackedSeq === 0 && !named.has(epoch),
  );
  if (unused.length > truth.losses + truth.cloudRestores) {
    world.recorder.violate('U1', `${unused.length} epochs were opened for nothing`);
  }
}
