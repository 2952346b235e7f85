import fc from 'fast-check';
import type {
  ClipRow,
  CommandRow,
  DeviceRow,
  DeviceTransaction,
  DocRow,
  DownRow,
  EventRow,
  GapRow,
} from '../../src/core/cloud-store.ts';

/* Operations on the port as data, drawn from few keys so that they meet. */

const text8 = (n: number) => Buffer.alloc(8, n).toString('base64url');
const ulid = (n: number) => `0${'0123456789abcdefghjkmnpqrstvwxyz'.charAt(n).repeat(25)}`;
const home = 'b'.repeat(25).concat('a');

const few = fc.integer({ min: 1, max: 6 });
const epoch = fc.integer({ min: 1, max: 3 });
const big = fc.constantFrom(0, 1, 2 ** 32, 2 ** 53 - 1);
const wall = fc.constantFrom(0, 1_795_000_000_000, 2 ** 48);
const words = fc.constantFrom(
  '',
  'space',
  'ä\u{1F408}',
  "'; DROP TABLE device; --",
  'a',
  'a ',
  'A',
);
const bodies = fc.jsonValue({ maxDepth: 2 }).map((value) => JSON.stringify(value));
const states = fc.constantFrom('queued', 'claimed', 'done', 'expired') as fc.Arbitrary<
  CommandRow['state']
>;

const event: fc.Arbitrary<EventRow> = fc.record({
  epoch,
  seq: few,
  eid: few.map(text8),
  hash: few.map(text8),
  kind: fc.constantFrom(0, 65_535),
  kver: fc.constantFrom(0, 255),
  boot: few.map(text8),
  monoMs: big,
  occurredMs: wall,
  receivedMs: wall,
  tq: fc.constantFrom(0, 3),
  quarantined: fc.boolean(),
  body: bodies,
});
const gap: fc.Arbitrary<GapRow> = fc.record({
  epoch,
  from: few,
  to: few,
  why: words,
  hash: few.map(text8),
});
const doc: fc.Arbitrary<DocRow> = fc.record({
  doc: fc.record({
    kind: words,
    id: few.map(ulid),
    rev: big,
    deleted: fc.boolean(),
    groups: fc.dictionary(words, fc.dictionary(words, fc.jsonValue({ maxDepth: 1 }))),
    grevs: fc.dictionary(words, big),
  }),
  isGone: fc.boolean(),
  epoch,
  seq: few,
});
const device: fc.Arbitrary<Omit<DeviceRow, 'deviceId'>> = fc.record({
  homeId: fc.constantFrom(null, home),
  status: fc.constantFrom('active', 'revoked') as fc.Arbitrary<DeviceRow['status']>,
  session: big,
  sessionMs: wall,
  boots: fc.array(few.map(text8), { maxLength: 8 }),
  clonedMs: fc.constantFrom(null, 5),
  maxEpoch: fc.constantFrom(0, 2 ** 32 - 1),
  downHead: few,
  downAcked: few,
});

const clip: fc.Arbitrary<ClipRow> = fc.record({
  clipId: few.map(ulid),
  homeId: fc.constant(home),
  feedId: fc.option(few.map(ulid)),
  state: fc.constantFrom('open', 'stored', 'removing', 'removed') as fc.Arbitrary<ClipRow['state']>,
  bytes: fc.constantFrom(0, 1, 2 ** 40),
  sha256: few.map((n) => Buffer.alloc(32, n).toString('base64url')),
  key: words,
  uploadId: fc.option(words),
  createdMs: few,
  storedMs: fc.option(wall),
  dueMs: fc.option(few),
});

type Operation = (tx: DeviceTransaction) => Promise<unknown>;
type Named = { readonly text: string; readonly run: Operation };

function op<T>(
  name: string,
  values: fc.Arbitrary<T>,
  run: (tx: DeviceTransaction, value: T) => Promise<unknown>,
) {
  return values.map(
    (value): Named => ({
      text: `${name} ${JSON.stringify(value)}`,
      run: (tx) => run(tx, value),
    }),
  );
}

/** Items get their numbers from one counter, as under the lock of the device's row. */
let lastDseq = 0;

async function wish(tx: DeviceTransaction, n: number) {
  const ref = ulid(n);
  if ((await tx.mutation(ref)) !== undefined) return;
  lastDseq += 1;
  const down: DownRow = { dseq: lastDseq, kind: 'mut', ref, notAfterMs: null, body: { n } };
  const mutation = { mid: ref, dseq: lastDseq, outcomes: null, reason: null, createdMs: 7 };
  await tx.putMutation(mutation);
  await tx.addDown(down);
}

async function order(tx: DeviceTransaction, n: number) {
  const ref = ulid(n);
  if ((await tx.command(ref)) !== undefined) return;
  lastDseq += 1;
  await tx.putCommand({
    ...{ commandId: ref, dseq: lastDseq, state: 'queued', order: { op: 'stop' } },
    ...{ issuedMs: 1, notAfterMs: 2, nonce: null, claimedMs: null, reason: null },
  });
  await tx.addDown({ dseq: lastDseq, kind: 'cmd', ref, notAfterMs: 2, body: { op: 'stop' } });
}

async function renumber(tx: DeviceTransaction, limit: number) {
  for (const row of await tx.openDown(0, limit)) {
    lastDseq += 1;
    await tx.addDown({ ...row, dseq: lastDseq });
    const mutation = row.kind === 'mut' ? await tx.mutation(row.ref) : undefined;
    if (mutation !== undefined) await tx.putMutation({ ...mutation, dseq: lastDseq });
    const command = row.kind === 'cmd' ? await tx.command(row.ref) : undefined;
    if (command !== undefined) await tx.putCommand({ ...command, dseq: lastDseq });
  }
}

async function close(tx: DeviceTransaction, n: number) {
  const mutation = await tx.mutation(ulid(n));
  if (mutation === undefined) return;
  await tx.putMutation({ ...mutation, outcomes: { label: 'applied' }, reason: 'ä' });
}

async function settle(
  tx: DeviceTransaction,
  { n, state }: { n: number; state: CommandRow['state'] },
) {
  const command = await tx.command(ulid(n));
  if (command === undefined || command.state !== 'queued') return;
  await tx.putCommand({ ...command, state, nonce: text8(n), claimedMs: 5, reason: 'late' });
}

const range = fc.record({ epoch, from: few, to: few });
const operation: fc.Arbitrary<Named> = fc.oneof(
  op('putDevice', device, async (tx, row) => {
    const before = await tx.device();
    if (before !== undefined) await tx.putDevice({ ...before, ...row });
  }),
  op('putEpoch', fc.record({ epoch, ackedSeq: big, n: few }), (tx, { n, ...row }) =>
    tx.putEpoch({
      ...{ ...row, genesis: text8(row.epoch), homeId: home, ackedHash: text8(n) },
      ...{ openedMs: 3, isAdopted: row.epoch === 2 },
    }),
  ),
  op('epochs', few, async (tx) => [...(await tx.epochs())].sort((a, b) => a.epoch - b.epoch)),
  op('epoch', epoch, (tx, n) => tx.epoch(n)),
  op(
    'addEvents',
    fc.uniqueArray(event, { maxLength: 6, selector: (e) => `${e.epoch}:${e.seq}` }),
    (tx, rows) => tx.addEvents(rows),
  ),
  op('hashes', range, async (tx, { epoch: e, from, to }) =>
    [...(await tx.hashes(e, from, to))].sort(),
  ),
  op('heldEids', fc.array(few.map(text8)), async (tx, eids) =>
    [...(await tx.heldEids(eids))].sort(),
  ),
  op('putGap', gap, (tx, row) => tx.putGap(row)),
  op('removeGap', range, (tx, { epoch: e, to }) => tx.removeGap(e, to)),
  op('gaps', range, (tx, { epoch: e, to }) => tx.gaps(e, to)),
  op('gapEndingAt', range, (tx, { epoch: e, to }) => tx.gapEndingAt(e, to)),
  op('putDoc', doc, (tx, row) => tx.putDoc(row)),
  op('doc', fc.record({ kind: words, n: few }), (tx, { kind, n }) => tx.doc(kind, ulid(n))),
  op('wish', few, wish),
  op('order', few, order),
  op('renumber', few, renumber),
  op('close', few, close),
  op('settle', fc.record({ n: few, state: states }), settle),
  op('commandsIn', fc.array(states, { minLength: 1, maxLength: 3 }), async (tx, some) =>
    [...(await tx.commandsIn(some))].map(({ commandId }) => commandId).sort(),
  ),
  op('putClip', clip, (tx, row) => tx.putClip(row)),
  op('clip', few, (tx, n) => tx.clip(ulid(n))),
  op('clipsIn', fc.record({ row: clip, before: fc.option(few), limit: few }), (tx, asked) => {
    const before = asked.before === null ? null : ulid(asked.before);
    return tx.clipsIn(asked.row.state, { before, limit: asked.limit });
  }),
  op('dueClips', fc.record({ now: few, limit: few }), (tx, { now, limit }) =>
    tx.dueClips(now, limit),
  ),
  op('clipBytes', few, (tx, n) => tx.clipBytes(n)),
  op('forgetClips', few, (tx, n) => tx.forgetClips(n)),
  op('openDown', fc.record({ after: few, limit: few }), (tx, { after, limit }) =>
    tx.openDown(after, limit),
  ),
);

/** A transaction: some operations, and whether it ends well. */
export const transactions = fc.array(
  fc.record({ work: fc.array(operation, { minLength: 1, maxLength: 6 }), fails: fc.boolean() }),
  { minLength: 1, maxLength: 12 },
);

/** Everything that the port can say about a device. */
export async function dump(tx: DeviceTransaction): Promise<unknown> {
  const kinds = ['', 'space', 'a', 'a ', 'A'];
  return {
    device: await tx.device(),
    epochs: [...(await tx.epochs())].sort((a, b) => a.epoch - b.epoch),
    hashes: await Promise.all([1, 2, 3].map(async (e) => [...(await tx.hashes(e, 1, 6))].sort())),
    gaps: await Promise.all([1, 2, 3].map((e) => tx.gaps(e, 10))),
    docs: (await tx.docs()).map((row) => JSON.stringify(row.doc)).sort().length,
    doc: await Promise.all(kinds.map((kind) => tx.doc(kind, ulid(1)))),
    open: await tx.openDown(0, 100),
    clips: await Promise.all([1, 2, 3, 4, 5, 6].map((n) => tx.clip(ulid(n)))),
    mutations: await Promise.all([1, 2, 3, 4, 5, 6].map((n) => tx.mutation(ulid(n)))),
    commands: await Promise.all([1, 2, 3, 4, 5, 6].map((n) => tx.command(ulid(n)))),
  };
}

/** Runs the transactions and returns what every operation said. Numbers begin anew. */
export async function perform(
  onDevice: <T>(work: (tx: DeviceTransaction) => Promise<T>) => Promise<T>,
  plan: readonly { readonly work: readonly Named[]; readonly fails: boolean }[],
): Promise<unknown> {
  lastDseq = 0;
  const said: unknown[] = [];
  for (const { work, fails } of plan) {
    const before = lastDseq;
    try {
      await onDevice(async (tx) => {
        for (const { run } of work) said.push((await run(tx)) ?? null);
        if (fails) throw new Error('on purpose');
      });
    } catch (error) {
      if (!fails) throw error;
      lastDseq = before;
    }
  }
  return { said, after: await onDevice(dump) };
}
