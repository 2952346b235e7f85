import {
  canonicalJson,
  type EventBody,
  type EventName,
  eventBodies,
  eventName,
  FeederError,
} from '@cat-feeder/shared';
import * as v from 'valibot';
import type { EventRow } from './schema.ts';

/** One ledger entry, as it is read. */
export interface LogEntry {
  readonly epoch: number;
  readonly seq: number;
  readonly eid: Buffer;
  readonly hash: Buffer;
  /** Undefined when a newer version wrote the entry. */
  readonly name: EventName | undefined;
  readonly kind: number;
  readonly kver: number;
  readonly boot: Buffer;
  readonly monoMs: number;
  readonly wallMs: number;
  /** Time quality: 0 unsynced, 1 restored, 2 set by NTP or RTC, 3 from the cloud. */
  readonly tq: number;
  readonly body: unknown;
}

/** Entries that were given up for room or lost to damage; the numbers stay dense. */
export interface LogGap {
  readonly fromSeq: number;
  readonly toSeq: number;
  readonly why: string;
}

export interface LogPage {
  readonly entries: readonly LogEntry[];
  /** Gaps that touch the range from `afterSeq + 1` to the last entry of the page. */
  readonly gaps: readonly LogGap[];
  readonly headSeq: number;
}

export interface LogHead {
  readonly epoch: number;
  readonly seq: number;
  readonly hash: Buffer;
  readonly baseSeq: number;
  readonly ackedSeq: number;
  readonly genesis: Buffer;
}

export interface PageQuery {
  readonly afterSeq: number;
  /** 1 to 500. */
  readonly limit: number;
  readonly kinds?: readonly EventName[];
}

/** The body as it is stored. `ERR_INTERNAL` names what does not fit its schema. */
export function encodeBody<Name extends EventName>(name: Name, body: EventBody<Name>): string {
  const parsed = v.safeParse(eventBodies[name], body);
  if (parsed.success) return canonicalJson(parsed.output);
  const [first] = parsed.issues;
  throw new FeederError('ERR_INTERNAL', {
    message: `A ledger entry ${name} has a wrong body: ${v.getDotPath(first) ?? ''} ${first.message}`,
  });
}

/** A row as it is read. */
export function toEntry(row: EventRow): LogEntry {
  return {
    epoch: row.epoch,
    seq: row.seq,
    eid: row.eid,
    hash: row.hash,
    name: eventName(row.kind),
    kind: row.kind,
    kver: row.kver,
    boot: row.boot,
    monoMs: row.mono_ms,
    wallMs: row.wall_ms,
    tq: row.tq,
    body: JSON.parse(row.body),
  };
}
