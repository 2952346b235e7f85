import { createHash } from 'node:crypto';
import { eventName, FeederError, type FileClaim, fileWords } from '@cat-feeder/shared';
import type { LogItem, LogSegment, SyncNow, SyncStore } from '../sync/sync-store.ts';
import type { DeviceIdentity } from './device-identity.ts';
import { signText } from './ledger-signing.ts';

/** Items that are read at once: the daemon has other things to do in between. */
const PAGE_ITEMS = 200;

export interface LedgerFileParts {
  readonly store: Pick<SyncStore, 'segments' | 'items' | 'hashAt'>;
  /** Null: the feeder has no key, and the file no signature. */
  readonly identity: DeviceIdentity | null;
  /** What people call the feeder. */
  readonly name: string;
  readonly now: SyncNow;
}

/**
 * The whole ledger as a file, piece by piece: a line that says what follows, one for each entry
 * and gap, and a last one with the signature over all of it. What is written meanwhile is not in
 * it. Throws `ERR_CONFLICT` when entries are taken away meanwhile: the file then has no last line.
 */
export function* ledgerFile(parts: LedgerFileParts): Generator<Buffer, void> {
  const { store, identity, name, now } = parts;
  const segments = store.segments();
  const heads = segments.map(({ epoch, genesis, head }) => {
    const hash = store.hashAt(epoch, head);
    if (hash === undefined) throw changed();
    return [genesis, head, hash] as const;
  });
  const key = identity?.publicKey.x ?? null;
  const atMs = Math.max(0, Math.round(now.wallMs));
  const whole = createHash('sha256');
  let lines = 0;
  const piece = (values: readonly object[]): Buffer => {
    const bytes = Buffer.from(values.map((value) => `${JSON.stringify(value)}\n`).join(''));
    whole.update(bytes);
    lines += values.length;
    return bytes;
  };
  yield piece([{ catFeederLedger: 1, name, key, segments: segments.map(segmentLine) }]);
  for (const segment of segments) {
    for (const items of pagesOf(store, segment)) {
      yield piece(items.map((item) => itemLine(segment.epoch, item)));
    }
  }
  const claim = { atMs, tq: now.tq, lines, sha256: whole.digest('base64url'), heads };
  yield Buffer.from(`${JSON.stringify(lastLine(claim, identity))}\n`);
}

function lastLine(claim: Omit<FileClaim, 'key'>, identity: DeviceIdentity | null): object {
  if (identity === null) return { signed: { ...claim, key: null }, signature: null };
  const signed: FileClaim = { ...claim, key: identity.publicKey.x };
  return { signed, signature: signText(identity, fileWords(signed)) };
}

function segmentLine({ epoch, genesis, base, baseHash, head }: LogSegment): object {
  return { epoch, genesis, base, baseHash, head };
}

/** A segment up to the head it had at the beginning. */
function* pagesOf(
  store: LedgerFileParts['store'],
  { epoch, base, head }: LogSegment,
): Generator<readonly LogItem[]> {
  for (let next = base; next <= head; ) {
    const items: LogItem[] = [];
    for (const item of store.items(epoch, next, PAGE_ITEMS)) {
      if (firstOf(item) > head) break;
      if (firstOf(item) !== next) throw changed();
      items.push(item);
      next = lastOf(item) + 1;
    }
    if (items.length === 0) throw changed();
    yield items;
  }
}

const firstOf = (item: LogItem) => (item.item === 'event' ? item.seq : item.from);
const lastOf = (item: LogItem) => (item.item === 'event' ? item.seq : item.to);

function itemLine(epoch: number, item: LogItem): object {
  if (item.item === 'gap') {
    const { from, to, why, hash } = item;
    return { epoch, gap: [from, to], why, hash };
  }
  const { seq, kind, kver, eid, boot, monoMs, wallMs, tq, hash } = item;
  const name = eventName(kind) ?? null;
  const body: unknown = JSON.parse(item.body);
  return { epoch, seq, name, kind, kver, eid, boot, monoMs, wallMs, tq, body, hash };
}

function changed(): FeederError {
  return new FeederError('ERR_CONFLICT', {
    message: 'The ledger gave up entries while it was read.',
    hint: 'Export it again.',
  });
}
