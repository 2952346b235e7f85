import {
  canonicalJson,
  type DocState,
  editMs,
  FeederError,
  type GroupStamp,
  hlcMs,
  makeHlc,
  makeUlid,
  type RandomBytes,
} from '@cat-feeder/shared';
import type Database from 'better-sqlite3';
import type { StationTime } from '../platform/clock.ts';
import type { Collection, Entity, Single } from '../platform/collection.ts';
import { CheckedTable } from './checked-table.ts';
import {
  changedGroups,
  type DocumentKind,
  documentKinds,
  type Fields,
  fromGroups,
  type Groups,
  toGroups,
} from './document-groups.ts';
import { timeQuality } from './event-encoding.ts';
import type { EventLog } from './event-log.ts';
import { type DocRow, docTable } from './schema.ts';
import type { Transactor } from './transactor.ts';
import { bytesToUlid, ulidToBytes } from './ulid-bytes.ts';

/** The id under which the only document of its kind stands. */
const SINGLE_ID = '0'.repeat(26);

/** When a group was last changed: its own revision, the wall time and how far that was believed. */
interface OwnStamp {
  readonly rev: number;
  readonly ms: number;
  readonly tq: number;
}
type Stamps = Record<string, OwnStamp>;

/** A document in memory. A tombstone keeps its revision and has no fields. */
interface StoredDocument {
  readonly kind: DocumentKind;
  readonly id: string;
  readonly rev: number;
  readonly deleted: boolean;
  readonly groups: Groups;
  readonly stamps: Stamps;
  /** The entity as callers get it: frozen, so that nobody changes it beside the store. */
  readonly entity: Entity & Fields;
}

export interface DocumentStoreOptions {
  readonly db: Database.Database;
  readonly transactor: Transactor;
  readonly log: EventLog;
  readonly time: () => StationTime;
  readonly random: RandomBytes;
}

/** Which groups of which document changed. */
export interface DocumentChange {
  readonly kind: DocumentKind;
  readonly id: string;
  readonly groups: readonly string[];
}

/** What a change needs to become a row, an entry of the ledger and a value in memory. */
interface Change {
  readonly kind: DocumentKind;
  readonly id: string;
  readonly before: StoredDocument | undefined;
  readonly fields: Fields;
  readonly deleted: boolean;
}

/**
 * The small editable things: pets, kibbles, meals, plans, overlays, settings, calibration. All of
 * them are in memory; each change writes the row and its `doc.changed` entry in one transaction.
 */
export class DocumentStore {
  readonly table: CheckedTable<DocRow>;
  readonly #options: DocumentStoreOptions;
  readonly #listeners = new Set<(change: DocumentChange) => void>();
  #documents: Map<DocumentKind, Map<string, StoredDocument>> | null = null;
  #lists = new Map<DocumentKind, readonly (Entity & Fields)[]>();

  constructor(options: DocumentStoreOptions) {
    this.#options = options;
    this.table = new CheckedTable(options.db, docTable);
  }

  /** A collection over one kind. The caller promises that the kind's fields are those of `T`. */
  collection<T extends Entity>(kind: DocumentKind): Collection<T> {
    return {
      list: () => this.#list(kind) as readonly unknown[] as readonly T[],
      get: (id) => this.#living(kind, id)?.entity as unknown as T | undefined,
      add: (value) => this.#add(kind, value) as unknown as T,
      change: (id, patch, expectedRev) =>
        this.#change(kind, id, patch, expectedRev) as unknown as T,
      remove: (id) => this.#remove(kind, id),
    };
  }

  /** The one document of a kind; its defaults hold, with revision 0, until it is first changed. */
  single<T extends { readonly rev: number }>(kind: DocumentKind, defaults: T): Single<T> {
    const initial = Object.freeze({ ...defaults, rev: 0 });
    let known: { entity: Entity & Fields; value: T } | null = null;
    const get = (): T => {
      const entity = this.#living(kind, SINGLE_ID)?.entity;
      if (entity === undefined) return initial;
      if (known?.entity === entity) return known.value;
      // Fields that a newer version added have their defaults.
      const { id: _, ...fields } = entity;
      const value = Object.freeze({ ...initial, ...fields }) as unknown as T;
      known = { entity, value };
      return value;
    };
    return {
      get,
      change: (patch, expectedRev) => {
        const present = get();
        refuseStale(present.rev, expectedRev);
        const { rev: _, ...fields } = { ...present, ...withoutUndefined(patch) };
        const before = this.#living(kind, SINGLE_ID);
        this.#store({ kind, id: SINGLE_ID, before, fields, deleted: false });
        return get();
      },
    };
  }

  /** Calls the listener after each commit that changed a document. Returns the unsubscribe. */
  onChange(listener: (change: DocumentChange) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Every document, tombstones included, for the second copy and for the digest of the sync. */
  all(): readonly {
    kind: DocumentKind;
    id: string;
    rev: number;
    deleted: boolean;
    groups: Groups;
  }[] {
    return [...this.#loaded().values()].flatMap((documents) =>
      [...documents.values()].map(({ kind, id, rev, deleted, groups }) => ({
        kind,
        id,
        rev,
        deleted,
        groups,
      })),
    );
  }

  /** A document with the stamps of its groups, tombstones included. */
  state(kind: string, id: string): DocState | undefined {
    const stored = isKind(kind) ? this.#loaded().get(kind)?.get(id) : undefined;
    return stored === undefined ? undefined : stateOf(stored);
  }

  /** All of them. */
  states(): readonly DocState[] {
    return [...this.#loaded().values()].flatMap((documents) =>
      [...documents.values()].map(stateOf),
    );
  }

  /**
   * Writes a document as it is, in the running transaction and without an entry of its own: what
   * changed it is told by another one. A kind that this version does not know is left out.
   */
  putState({ kind, id, rev, deleted, groups, stamps }: DocState): void {
    if (!isKind(kind)) return;
    const own: Stamps = {};
    for (const [name, stamp] of Object.entries(stamps)) {
      own[name] = { rev: stamp.rev, ms: hlcMs(stamp.hlc), tq: stamp.tq };
    }
    const stored = toStored({ kind, id, rev, deleted, groups: groups as Groups, stamps: own });
    this.#put(stored, this.#loaded().get(kind)?.get(id));
  }

  /** Takes over a document from the second copy when it is newer than what is here. */
  restore(document: {
    kind: DocumentKind;
    id: string;
    rev: number;
    deleted: boolean;
    groups: Groups;
  }): boolean {
    const { kind, id, deleted } = document;
    const before = this.#loaded().get(kind)?.get(id);
    if (before !== undefined && before.rev >= document.rev) return false;
    const fields = fromGroups(document.groups);
    this.#store({ kind, id, before, fields, deleted }, document.rev);
    return true;
  }

  /** Forgets tombstones that are older than this and acknowledged; returns how many. */
  purgeTombstones(isForgettable: (stamp: { ms: number; tq: number }) => boolean): number {
    const dead = [...this.#loaded().values()]
      .flatMap((documents) => [...documents.values()])
      .filter((doc) => doc.deleted && isForgettable(doc.stamps['deleted'] ?? { ms: 0, tq: 0 }));
    if (dead.length === 0) return 0;
    this.#options.transactor.write('doc.purge', () => {
      for (const { kind, id } of dead) this.table.remove(documentKinds[kind], ulidToBytes(id));
      this.#options.transactor.afterCommit(() => {
        for (const { kind, id } of dead) this.#loaded().get(kind)?.delete(id);
      });
    });
    return dead.length;
  }

  #list(kind: DocumentKind): readonly (Entity & Fields)[] {
    let list = this.#lists.get(kind);
    if (list === undefined) {
      const documents = [...(this.#loaded().get(kind)?.values() ?? [])];
      list = Object.freeze(documents.filter((doc) => !doc.deleted).map((doc) => doc.entity));
      this.#lists.set(kind, list);
    }
    return list;
  }

  #living(kind: DocumentKind, id: string): StoredDocument | undefined {
    const found = this.#loaded().get(kind)?.get(id);
    return found?.deleted === false ? found : undefined;
  }

  #add(kind: DocumentKind, value: object): Entity & Fields {
    const { time, random } = this.#options;
    const id = makeUlid(time().wallMs, random);
    return this.#store({ kind, id, before: undefined, fields: { ...value }, deleted: false });
  }

  #change(kind: DocumentKind, id: string, patch: object, expectedRev?: number): Entity & Fields {
    const before = this.#living(kind, id);
    if (before === undefined) throw new FeederError('ERR_NOT_FOUND');
    refuseStale(before.rev, expectedRev);
    const fields = { ...fromGroups(before.groups), ...withoutUndefined(patch) };
    return this.#store({ kind, id, before, fields, deleted: false });
  }

  #remove(kind: DocumentKind, id: string): void {
    const before = this.#living(kind, id);
    if (before === undefined) throw new FeederError('ERR_NOT_FOUND');
    this.#store({ kind, id, before, fields: {}, deleted: true });
  }

  #store(change: Change, rev = (change.before?.rev ?? 0) + 1): Entity & Fields {
    const { transactor, log } = this.#options;
    const { kind, id, deleted } = change;
    const groups = toGroups(kind, withoutIdentity(change.fields));
    const stamps = this.#stamp(change, groups);
    const stored = toStored({ kind, id, rev, deleted, groups, stamps });
    transactor.write('doc.change', () => {
      this.#put(stored, change.before);
      log.append('doc.changed', { kind, id, rev, deleted, groups, grevs: revsOf(stamps) });
    });
    return stored.entity;
  }

  /** The row, the value in memory, and the word to those who watch; in the running transaction. */
  #put(stored: StoredDocument, before: StoredDocument | undefined): void {
    const { transactor } = this.#options;
    const { kind, id, rev, deleted, groups, stamps } = stored;
    this.table.put({
      kind: documentKinds[kind],
      id: ulidToBytes(id),
      rev,
      deleted: Number(deleted),
      groups: canonicalJson(groups),
      stamps: canonicalJson(stamps),
    });
    this.#remember(stored);
    transactor.afterRollback(() => this.#forget(stored, before));
    transactor.tell(() => {
      const groupsChanged = deleted ? ['deleted'] : changedGroups(before?.groups ?? {}, groups);
      for (const tell of this.#listeners) tell({ kind, id, groups: groupsChanged });
    });
  }

  #stamp({ before, deleted }: Change, groups: Groups): Stamps {
    const { wallMs, quality } = this.#options.time();
    const seen = Object.values(before?.stamps ?? {}).map(({ ms }) => ms);
    const ms = editMs(Math.round(wallMs), Math.max(0, ...seen));
    const stamp = (rev: number) => ({ rev, ms, tq: timeQuality[quality] });
    if (deleted) return { deleted: stamp(1) };
    const stamps = { ...before?.stamps };
    for (const name of changedGroups(before?.groups ?? {}, groups)) {
      stamps[name] = stamp((stamps[name]?.rev ?? 0) + 1);
    }
    return stamps;
  }

  #remember(stored: StoredDocument): void {
    const documents = this.#loaded();
    let ofKind = documents.get(stored.kind);
    if (ofKind === undefined) {
      ofKind = new Map();
      documents.set(stored.kind, ofKind);
    }
    ofKind.set(stored.id, stored);
    this.#lists.delete(stored.kind);
  }

  #forget({ kind, id }: StoredDocument, before: StoredDocument | undefined): void {
    if (before !== undefined) this.#remember(before);
    else this.#loaded().get(kind)?.delete(id);
    this.#lists.delete(kind);
  }

  #loaded(): Map<DocumentKind, Map<string, StoredDocument>> {
    if (this.#documents !== null) return this.#documents;
    const documents = new Map<DocumentKind, Map<string, StoredDocument>>();
    const names = new Map(
      Object.entries(documentKinds).map(([name, number]) => [number, name as DocumentKind]),
    );
    for (const row of this.table.all('ORDER BY kind, id')) {
      // A kind that only a newer version knows stays in the table and out of the way.
      const kind = names.get(row.kind as (typeof documentKinds)[DocumentKind]);
      if (kind === undefined) continue;
      const ofKind = documents.get(kind) ?? new Map<string, StoredDocument>();
      documents.set(kind, ofKind);
      const stored = toStored({
        kind,
        id: bytesToUlid(row.id),
        rev: row.rev,
        deleted: row.deleted === 1,
        groups: JSON.parse(row.groups) as Groups,
        stamps: JSON.parse(row.stamps) as Stamps,
      });
      ofKind.set(stored.id, stored);
    }
    this.#documents = documents;
    return documents;
  }
}

function isKind(kind: string): kind is DocumentKind {
  return Object.hasOwn(documentKinds, kind);
}

function revsOf(stamps: Stamps): Record<string, number> {
  return Object.fromEntries(Object.entries(stamps).map(([name, { rev }]) => [name, rev]));
}

function stateOf({ kind, id, rev, deleted, groups, stamps }: StoredDocument): DocState {
  const told: Record<string, GroupStamp> = {};
  for (const [name, stamp] of Object.entries(stamps)) {
    told[name] = { rev: stamp.rev, hlc: makeHlc(stamp.ms), tq: stamp.tq };
  }
  return { kind, id, rev, deleted, groups, stamps: told };
}

function toStored(parts: Omit<StoredDocument, 'entity'>): StoredDocument {
  const { id, rev } = parts;
  return { ...parts, entity: Object.freeze({ ...fromGroups(parts.groups), id, rev }) };
}

function refuseStale(rev: number, expectedRev: number | undefined): void {
  if (expectedRev === undefined || expectedRev === rev) return;
  throw new FeederError('ERR_CONFLICT', {
    message: `The present revision is ${rev}, not ${expectedRev}.`,
  });
}

/** Who spreads an entity into `add` must not smuggle in its old identity. */
function withoutIdentity(fields: Fields): Fields {
  const { id: _id, rev: _rev, ...rest } = fields;
  return rest;
}

function withoutUndefined(patch: object): Fields {
  return Object.fromEntries(Object.entries(patch).filter(([, value]) => value !== undefined));
}
