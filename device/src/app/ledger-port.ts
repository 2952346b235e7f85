import type { LedgerPage } from '@cat-feeder/shared';
import type { LedgerPort } from '../api/deps.ts';
import type { DeviceIdentity } from '../cloud/device-identity.ts';
import { ledgerFile } from '../cloud/ledger-file.ts';
import type { StationClock } from '../platform/clock.ts';
import { syncNow } from '../storage/event-encoding.ts';
import type { LogEntry } from '../storage/log-entry.ts';
import type { DeviceStore } from '../storage/store.ts';

export interface LedgerPortParts {
  readonly store: DeviceStore;
  readonly time: StationClock;
  /** Null: the feeder has none. */
  readonly key: DeviceIdentity | null;
}

/** The ledger in the words of the API. */
export function ledgerPort({ store, time, key }: LedgerPortParts): LedgerPort {
  return {
    page: ({ afterSeq, limit }): LedgerPage => {
      const { entries, headSeq } = store.log.page({ afterSeq, limit });
      const last = entries.at(-1)?.seq ?? headSeq;
      return {
        items: entries.map(entryView),
        lastSeq: headSeq,
        nextAfterSeq: last < headSeq ? last : null,
      };
    },
    verify: () => {
      const report = store.verify();
      const { seq } = store.log.head();
      return {
        ok: report.ok,
        entries: report.entries,
        lastSeq: seq,
        brokenSeq: report.firstBad ?? null,
        why: report.ok
          ? `All ${report.entries} entries and rows fit.`
          : report.problems.slice(0, 3).join('; '),
        key: key?.publicKey.x ?? null,
      };
    },
    file: () => {
      const { name } = store.settings.get();
      const pieces = ledgerFile({ store: store.sync, identity: key, name, now: syncNow(time) });
      return {
        next: async () => pieces.next().value ?? null,
        close: async () => void pieces.return(),
      };
    },
  };
}

function entryView(entry: LogEntry): LedgerPage['items'][number] {
  return {
    seq: entry.seq,
    wallMs: entry.wallMs,
    kind: entry.name ?? null,
    kindNumber: entry.kind,
    version: entry.kver,
    body: entry.body,
    hash: entry.hash.toString('hex'),
  };
}
