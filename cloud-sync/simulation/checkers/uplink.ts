import { chainText } from '@cat-feeder/shared';
import { endOf } from '../log-items.ts';
import { sha256 } from '../sim-sha256.ts';
import { isOversize } from '../storm.ts';
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
    if (acked > stored) {
      world.recorder.violate('U7', `${options.name}: ${epoch}:${acked} is not acknowledged`);
    }
    for (const item of disk.items(epoch, base, head)) {
      if (item.item === 'gap' || held.has(item.eid) || isOversize(item.body)) continue;
      world.recorder.violate('U3', `${options.name}: entry ${epoch}:${endOf(item)} is lost`);
    }
  }
}

/**
 * U3 the order by (epoch, seq) is the order of creation; with a second copy of the feeder, that of each
 * life of each copy. Entries that the feeder gave up and an old image brought back may come late:
 * nothing proves their place. Of two copies and a restored cloud, nobody knows which of the forgotten
 * epochs came first.
 */
export function checkOrder({ world, household, rows }: Found): void {
  const { truth } = household;
  const inOrder = [...rows.events.values()].sort((a, b) => a.epoch - b.epoch || a.seq - b.seq);
  if (truth.clones > 0 && truth.cloudRestores > 0) return;
  const newest = new Map<string, number>();
  for (const { eid, epoch, seq } of inOrder) {
    const made = truth.created.get(eid);
    if (made === undefined) {
      world.recorder.violate('U3', `${epoch}:${seq} was never made`);
      return;
    }
    const history = truth.historyOf(eid);
    const last = newest.get(history) ?? -1;
    if (made.n > last) newest.set(history, made.n);
    else if (!truth.letGo.has(eid)) {
      world.recorder.violate(
        'U3',
        `${made.by}: ${epoch}:${seq} (made as ${made.n}) is older than one before it (${last})`,
      );
      return;
    }
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

/** U1 one epoch for a genesis and a home. */
export function checkEpochs({ world, rows }: Found): void {
  const genesis = new Set<string>();
  for (const row of rows.epochs.values()) {
    const key = `${row.genesis} ${row.homeId}`;
    // What was taken over from a feeder was given by a database that is gone.
    if (genesis.has(key) && !row.isAdopted) {
      world.recorder.violate('U1', `epoch ${row.epoch} has the genesis of another one`);
    }
    genesis.add(key);
  }
}
