import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { memoryStore } from '../../test/contracts/store-fixture.ts';
import { codeOf } from '../../test/support/thrown-code.ts';
import { DeviceIdentity } from './device-identity.ts';
import { ledgerFile } from './ledger-file.ts';
import { signHead } from './ledger-signing.ts';

const now = { monoMs: 5, wallMs: 1_780_000_000_000.4, tq: 2 };

function identity(): DeviceIdentity {
  const folder = mkdtempSync(join(tmpdir(), 'feeder-ledger-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  return DeviceIdentity.open(join(folder, 'identity.json'), 'board');
}

function linesOf(pieces: Iterable<Buffer>): Record<string, unknown>[] {
  return Buffer.concat([...pieces])
    .toString()
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
}

it('signs the head once for what has happened, not once more for nothing', () => {
  const { store } = memoryStore();
  const key = identity();
  store.record('daemon.stopped', { reason: 'one' });
  const before = store.log.head();
  expect(signHead(store.sync, key, now)).toBe(true);
  expect(signHead(store.sync, key, now)).toBe(false);
  expect(store.log.head().seq).toBe(before.seq + 1);
  const [entry] = store.log.latest({ limit: 1 });
  expect(entry).toMatchObject({
    name: 'ledger.signed',
    body: { seq: before.seq, hash: before.hash.toString('base64url'), key: key.publicKey.x },
  });
  store.record('daemon.stopped', { reason: 'two' });
  expect(signHead(store.sync, key, now)).toBe(true);
});

it('writes all entries and gaps in pieces, and none that came meanwhile', () => {
  const { store } = memoryStore();
  const { sync } = store;
  for (let n = 0; n < 450; n++) store.record('daemon.stopped', { reason: `${n}` });
  const head = store.log.head().seq;
  const pieces = ledgerFile({ store: sync, identity: null, name: 'Kitchen', now });
  const taken: Buffer[] = [];
  for (const piece of pieces) {
    taken.push(piece);
    store.record('daemon.stopped', { reason: 'meanwhile' });
  }
  const lines = linesOf(taken);
  expect(taken.length).toBeGreaterThan(4);
  expect(lines).toHaveLength(head + 2);
  expect(lines.at(-1)).toMatchObject({ signed: { lines: head + 1, key: null }, signature: null });
});

it('ends without its last line when entries are taken away meanwhile', () => {
  const { store } = memoryStore();
  for (let n = 0; n < 450; n++) store.record('daemon.stopped', { reason: `${n}` });
  const pieces = ledgerFile({ store: store.sync, identity: identity(), name: 'Kitchen', now });
  pieces.next();
  pieces.next();
  store.sync.nameEpoch(4);
  expect(codeOf(() => pieces.next())).toBe('ERR_CONFLICT');
  expect(pieces.next()).toEqual({ done: true, value: undefined });
});
