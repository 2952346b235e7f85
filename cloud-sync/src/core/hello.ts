import {
  BACKOFF_CAP_MS,
  BATCH_BYTES_MAX,
  BATCH_ITEMS_MAX,
  docsDigest,
  GAPS_REPORTED_MAX,
  type Hello,
  type HelloAnswer,
  POLL_MS,
  type SegmentAnswer,
  SYNC_VERSION,
} from '@cat-feeder/shared';
import { type Answer, accepted, refused } from './answer.ts';
import { type ClaimedDevice, type CloudContext, checkDevice } from './cloud-context.ts';
import type { DeviceRow, DeviceTransaction, EpochRow } from './cloud-store.ts';
import { downAfter, renumberOpen } from './downlink.ts';
import { docsOfHome, openEpoch } from './epochs.ts';
import { offerForgotten } from './lost-docs.ts';

/** Starts remembered for telling a second copy of a feeder. */
const BOOTS_KEPT = 8;
/** Feeders come back over this time after an outage. */
const SPREAD_S = 60;

/** Answers a hello: a new session, and what the cloud knows. */
export function greet(
  context: CloudContext,
  deviceId: string,
  hello: Hello,
): Promise<Answer<HelloAnswer>> {
  const t1 = context.now();
  return context.store.onDevice(deviceId, async (tx) => {
    if (hello.proto.min > SYNC_VERSION || hello.proto.max < SYNC_VERSION) return refused('proto');
    const found = await tx.device();
    const bar = checkDevice(found);
    if (bar !== null || found === undefined) return refused(bar ?? 'unclaimed');
    let device: DeviceRow = withSession(found, hello, context.now());
    const segs: SegmentAnswer[] = [];
    const named: Hello['segs'] = [];
    for (const segment of hello.segs) {
      const asked = { ...segment, isActive: segment === hello.segs.at(-1) };
      const known = await knownSegment(context, tx, device as ClaimedDevice, asked);
      device = known.device;
      segs.push(await segmentAnswer(tx, asked, known.row));
      named.push({ ...segment, epoch: known.row?.epoch ?? asked.epoch });
    }
    device = await renumberOpen(tx, device, hello.dcur);
    if (!hasDiverged(hello, segs, device.maxEpoch)) {
      device = await offerForgotten(context, tx, { device, segs: named });
    }
    device = { ...device, downAcked: Math.min(hello.dcur, device.downHead) };
    await tx.putDevice(device);
    const down = await downAfter(tx, device, hello.dcur);
    const isSettled = down.items.length === 0 && isAllHere(hello, segs);
    return accepted({
      ...{ v: SYNC_VERSION, proto: SYNC_VERSION, session: device.session },
      ...{ max_epoch: device.maxEpoch, segs, down },
      cloned: device.clonedMs !== null,
      need_docs: isSettled && (await digest(context, tx, device)) !== hello.docs,
      ...{ t1, t2: context.now(), limits },
    });
  });
}

const limits: HelloAnswer['limits'] = {
  max_events: BATCH_ITEMS_MAX,
  max_bytes: BATCH_BYTES_MAX,
  backoff_cap_s: BACKOFF_CAP_MS / 1000,
  spread_s: SPREAD_S,
  poll_s: POLL_MS / 1000,
};

/** The next session. A start that comes back after another one is a second copy of the feeder. */
function withSession(device: DeviceRow, hello: Hello, nowMs: number): DeviceRow {
  const { boot, session_prev } = hello;
  // A restored database has forgotten sessions: what is still under way from one must stay fenced.
  const session = Math.max(device.session, session_prev) + 1;
  const isNewest = device.boots.at(-1) === boot;
  const isBack = !isNewest && device.boots.includes(boot);
  const boots = isNewest ? device.boots : [...device.boots, boot].slice(-BOOTS_KEPT);
  const clonedMs = isBack ? nowMs : device.clonedMs;
  return { ...device, session, sessionMs: nowMs, boots, clonedMs };
}

/** Finds a segment's epoch, opens one for a new genesis, or takes over one from a later life. */
async function knownSegment(
  context: CloudContext,
  tx: DeviceTransaction,
  device: ClaimedDevice,
  asked: Hello['segs'][number] & { readonly isActive: boolean },
): Promise<{ device: DeviceRow; row: EpochRow | undefined }> {
  const rows = await tx.epochs();
  const row = rows.find(
    ({ epoch, genesis }) => genesis === asked.gen && (asked.epoch === 0 || epoch === asked.epoch),
  );
  if (row !== undefined) {
    const isForeign = asked.isActive && row.homeId !== device.homeId;
    return { device, row: isForeign ? undefined : row };
  }
  if (asked.epoch !== 0 && !isFree(asked, rows, device.maxEpoch)) return { device, row: undefined };
  const epoch = asked.epoch === 0 ? device.maxEpoch + 1 : asked.epoch;
  const isAdopted = asked.epoch !== 0;
  return openEpoch(tx, device, { epoch, genesis: asked.gen, nowMs: context.now(), isAdopted });
}

/**
 * Whether an epoch can be taken over under its number: a restored database never gives a number below
 * its newest one again. An active segment below it is forked anyway.
 */
function isFree(
  asked: { readonly epoch: number; readonly isActive: boolean },
  rows: readonly EpochRow[],
  maxEpoch: number,
): boolean {
  if (asked.epoch > maxEpoch) return true;
  return !asked.isActive && rows.every(({ epoch }) => epoch !== asked.epoch);
}

async function segmentAnswer(
  tx: DeviceTransaction,
  asked: Hello['segs'][number],
  row: EpochRow | undefined,
): Promise<SegmentAnswer> {
  if (row === undefined) {
    return { asked: asked.epoch, epoch: null, acked: 0, hash: asked.gen, gaps: [] };
  }
  const gaps = (await tx.gaps(row.epoch, GAPS_REPORTED_MAX))
    .filter(({ to }) => to >= asked.base && to <= asked.head)
    .map(({ from, to }) => [from, to] as [number, number]);
  const hash = await hashWithin(tx, row, asked.head);
  return { asked: asked.epoch, epoch: row.epoch, acked: row.ackedSeq, hash, gaps };
}

/** What both sides can compare: the hash at the end of the shorter one. */
async function hashWithin(
  tx: DeviceTransaction,
  { epoch, genesis, ackedSeq, ackedHash }: EpochRow,
  head: number,
): Promise<string | null> {
  if (head >= ackedSeq) return ackedHash;
  if (head === 0) return genesis;
  return (await tx.hashes(epoch, head, head)).get(head) ?? null;
}

/** Whether every entry is here: only then the documents of both sides can be compared. */
function isAllHere(hello: Hello, segs: readonly SegmentAnswer[]): boolean {
  if (hello.docs === null) return false;
  return hello.segs.every(({ base, head }, i) => head < base || (segs[i]?.acked ?? 0) >= head);
}

/** Whether the feeder will have to fork, as far as the cloud can see. */
function hasDiverged(hello: Hello, segs: readonly SegmentAnswer[], maxEpoch: number): boolean {
  const active = segs.at(-1);
  const head = hello.segs.at(-1)?.head ?? 0;
  if (active === undefined || active.epoch === null) return true;
  // Of a closed segment without entries there is nothing that could be forked.
  const isUnknown = hello.segs.some((one, i) => segs[i]?.epoch === null && one.head >= one.base);
  if (isUnknown) return true;
  return active.epoch < maxEpoch || active.acked > head;
}

/** Of the present home's documents: what the feeder told another one, it tells this one once more. */
async function digest(
  { sha256 }: CloudContext,
  tx: DeviceTransaction,
  { homeId }: DeviceRow,
): Promise<string> {
  return docsDigest(
    sha256,
    (await docsOfHome(tx, homeId)).map(({ doc }) => doc),
  );
}
