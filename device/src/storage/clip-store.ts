import { setImmediate } from 'node:timers/promises';
import {
  type Clip,
  type ClipDropReason,
  type ClipRank,
  type ClipVisit,
  type EpochMs,
  type EventBody,
  FeederError,
} from '@cat-feeder/shared';
import type Database from 'better-sqlite3';
import type {
  ClipCatalogue,
  ClipFilter,
  ExpectedClip,
  ShelfRow,
} from '../camera/clip-catalogue.ts';
import { CheckedTable } from './checked-table.ts';
import {
  clipLinks,
  clipRow,
  feedingLink,
  linkedSql,
  linkRange,
  petLink,
  recordedBody,
  toClip,
  toShelfRow,
} from './clip-rows.ts';
import type { EventLog } from './event-log.ts';
import { clipWhy } from './feeding-rows.ts';
import { type ClipLinkRow, type ClipRow, clipLinkTable, clipTable } from './schema.ts';
import type { StateStore } from './state-store.ts';
import { type SqlValue, statement } from './statements.ts';
import type { Transactor } from './transactor.ts';

const PAGE_MAX = 500;
/** Read in a few milliseconds, also on a slow board; then whoever waits has a turn. */
const SHELF_PAGE = 100;
/** More clips than ever wait to be made; of more, the newest are noted. */
const EXPECTED_MAX = 32;

interface Totals {
  readonly count: number;
  readonly bytes: number;
}

export interface ClipStoreOptions {
  readonly db: Database.Database;
  readonly transactor: Transactor;
  readonly log: EventLog;
  readonly state: StateStore;
}

/** The rows of clips, each change in one transaction with its entry in the ledger. */
export class ClipStore implements ClipCatalogue {
  readonly #options: ClipStoreOptions;
  readonly #clips: CheckedTable<ClipRow>;
  readonly #links: CheckedTable<ClipLinkRow>;
  /** Null: to be counted. */
  #totals: Totals | null = null;

  constructor(options: ClipStoreOptions) {
    this.#options = options;
    this.#clips = new CheckedTable(options.db, clipTable);
    this.#links = new CheckedTable(options.db, clipLinkTable);
  }

  expect(clips: readonly ExpectedClip[]): void {
    const ids = clips.map(({ id }) => id);
    const others = this.expected().filter(({ id }) => !ids.includes(id));
    this.#note([...others, ...clips].slice(-EXPECTED_MAX));
  }

  expected(): readonly ExpectedClip[] {
    return this.#options.state.read<ExpectedClip[]>('expected_clips') ?? [];
  }

  withdraw(ids: readonly string[]): void {
    const before = this.expected();
    const rest = before.filter(({ id }) => !ids.includes(id));
    if (rest.length < before.length) this.#note(rest);
  }

  add(clip: Clip): void {
    this.#write('clip.add', () => {
      this.withdraw([clip.id]);
      this.#clips.insert(clipRow(clip));
      for (const link of clipLinks(clip)) this.#links.insert(link);
      this.#options.log.append('clip.recorded', recordedBody(clip));
      this.#count(1, clip.bytes);
    });
  }

  get(id: string): Clip | undefined {
    const row = this.#clips.get(id);
    return row === undefined ? undefined : toClip(row);
  }

  list(filter: ClipFilter): readonly Clip[] {
    const { where, params } = conditions(filter);
    const limit = Math.min(Math.max(1, Math.floor(filter.limit)), PAGE_MAX);
    return this.#clips
      .all(`WHERE ${where} ORDER BY clip_id DESC LIMIT ?`, ...params, limit)
      .map(toClip);
  }

  async *shelf(): AsyncGenerator<readonly ShelfRow[]> {
    let after = '';
    for (;;) {
      const page = this.#clips
        .all('WHERE clip_id > ? ORDER BY clip_id LIMIT ?', after, SHELF_PAGE)
        .map(toShelfRow);
      yield page;
      const last = page.at(-1);
      if (last === undefined || page.length < SHELF_PAGE) return;
      after = last.id;
      await setImmediate();
    }
  }

  totals(): Totals {
    this.#totals ??= statement<Totals>(
      this.#options.db,
      'SELECT count(*) AS count, coalesce(sum(bytes), 0) AS bytes FROM clip',
    ).get() ?? { count: 0, bytes: 0 };
    return this.#totals;
  }

  unsent(): number {
    const sql = 'SELECT count(*) AS count FROM clip WHERE sent_ms IS NULL';
    return statement<{ count: number }>(this.#options.db, sql).get()?.count ?? 0;
  }

  setKeep(id: string, keep: boolean): Clip {
    return this.#change(id, { keep });
  }

  setRank(id: string, rank: ClipRank): Clip {
    return this.#change(id, { rank });
  }

  setVisits(id: string, visits: readonly ClipVisit[]): Clip {
    const clip = this.#found(id);
    const petIds = [...new Set([...clip.petIds, ...visits.flatMap(({ petId }) => petId ?? [])])];
    const changed = { ...clip, visits: [...visits], petIds };
    const known = new Set(clipLinks(clip).map(({ k }) => k));
    this.#write('clip.change', () => {
      this.#clips.update(clipRow(changed));
      for (const link of clipLinks(changed)) if (!known.has(link.k)) this.#links.insert(link);
    });
    return changed;
  }

  setSent(id: string, atMs: EpochMs): Clip {
    return this.#change(id, { sentAtMs: Math.round(atMs) });
  }

  drop(id: string, reason: ClipDropReason, why: string): void {
    const clip = this.get(id);
    if (clip === undefined) return;
    this.#write('clip.drop', () => {
      this.#clips.remove(id);
      for (const { k } of clipLinks(clip)) this.#links.remove(k);
      const { feedingIds, startedMs, bytes, sha256, sentAtMs } = clip;
      // The cloud is to delete it, too.
      if (sentAtMs === null || reason === 'person') {
        this.#appendDropped({ clipId: id, feedingIds, startedMs, bytes, sha256, reason, why });
      }
      this.#count(-1, -bytes);
    });
  }

  noteLost(lost: EventBody<'clip.dropped'>): void {
    this.#write('clip.lost', () => {
      this.withdraw([lost.clipId]);
      this.#appendDropped(lost);
    });
  }

  #note(clips: readonly ExpectedClip[]): void {
    this.#options.state.write('expected_clips', clips.length === 0 ? null : clips);
  }

  #found(id: string): Clip {
    const clip = this.get(id);
    if (clip === undefined) throw new FeederError('ERR_NOT_FOUND');
    return clip;
  }

  #change(id: string, patch: Partial<Clip>): Clip {
    const changed = { ...this.#found(id), ...patch };
    this.#write('clip.change', () => this.#clips.update(clipRow(changed)));
    return changed;
  }

  #appendDropped(body: EventBody<'clip.dropped'>): void {
    this.#options.log.append('clip.dropped', { ...body, why: clipWhy(body.why) });
  }

  /** Memory follows the disk: counted with the commit, not before it. */
  #count(clips: number, bytes: number): void {
    this.#options.transactor.afterCommit(() => {
      if (this.#totals === null) return;
      this.#totals = { count: this.#totals.count + clips, bytes: this.#totals.bytes + bytes };
    });
  }

  #write(name: string, work: () => void): void {
    this.#options.transactor.write(name, work);
  }
}

function conditions({ feedingId, petId, keep, isSent, rank, fromMs, toMs, before }: ClipFilter): {
  where: string;
  params: SqlValue[];
} {
  const terms = ['1 = 1'];
  const params: SqlValue[] = [];
  const term = (sql: string, ...values: SqlValue[]) => {
    terms.push(sql);
    params.push(...values);
  };
  if (feedingId !== undefined) term(linkedSql, ...linkRange(feedingLink(feedingId)));
  if (petId !== undefined) term(linkedSql, ...linkRange(petLink(petId)));
  if (keep !== undefined) term('keep = ?', Number(keep));
  if (isSent !== undefined) term('(sent_ms IS NOT NULL) = ?', Number(isSent));
  if (rank !== undefined) term('rank = ?', rank);
  if (fromMs !== undefined) term('started_ms >= ?', fromMs);
  if (toMs !== undefined) term('started_ms < ?', toMs);
  if (before !== undefined) term('clip_id < ?', before);
  return { where: terms.join(' AND '), params };
}
