import { type EventBody, eventKinds } from '@cat-feeder/shared';
import type Database from 'better-sqlite3';
import type { StateStore } from './state-store.ts';
import { statement } from './statements.ts';

/** Documents that are remembered by name; of all others, only the newest epoch. */
const NAMES_MAX = 500;

const changed = eventKinds['doc.changed'].number;
const closed = eventKinds['mutation.closed'].number;

interface Memory {
  /** By `kind/id`: the epoch of the newest entry about it that is gone. */
  readonly epochs: Readonly<Record<string, number>>;
  /** The same for all documents that have no name here. */
  readonly others: number;
}

/** What the ledger knew of edits before retention took the entries: in which epoch a document was last edited. */
export class TouchedDocuments {
  readonly #db: Database.Database;
  readonly #state: StateStore;

  constructor(parts: { readonly db: Database.Database; readonly state: StateStore }) {
    this.#db = parts.db;
    this.#state = parts.state;
  }

  /** Notes what the entries of a range were about, in the transaction that removes them. */
  noteGone(epoch: number, from: number, to: number): void {
    const sql = `SELECT kind, body FROM event_log
      WHERE epoch = ? AND seq BETWEEN ? AND ? AND kind IN (?, ?)`;
    const rows = statement<{ kind: number; body: string }>(this.#db, sql);
    const names = new Set<string>();
    for (const { kind, body } of rows.iterate(epoch, from, to, changed, closed)) {
      const name = documentOf(kind, JSON.parse(body));
      if (name !== null) names.add(name);
    }
    if (names.size === 0) return;
    const { epochs, others } = this.#memory();
    const noted = [...names].map((name) => [name, Math.max(epochs[name] ?? 0, epoch)] as const);
    const memory = { epochs: { ...epochs, ...Object.fromEntries(noted) }, others };
    this.#state.write('touched_documents', bounded(memory));
  }

  /** Whether such an entry of a later epoch than this was about this document. */
  isAfter(kind: string, id: string, epoch: number): boolean {
    const { epochs, others } = this.#memory();
    return (epochs[`${kind}/${id}`] ?? others) > epoch;
  }

  #memory(): Memory {
    return this.#state.read<Memory>('touched_documents') ?? { epochs: {}, others: 0 };
  }
}

function documentOf(kind: number, body: unknown): string | null {
  if (kind === changed) {
    const doc = body as EventBody<'doc.changed'>;
    return `${doc.kind}/${doc.id}`;
  }
  return (body as EventBody<'mutation.closed'>).target?.join('/') ?? null;
}

/** The newest names; the others lose theirs, and count as edited in the newest epoch of them. */
function bounded({ epochs, others }: Memory): Memory {
  const byAge = Object.entries(epochs).sort(([, a], [, b]) => b - a);
  const [oldest = [null, 0]] = byAge.slice(NAMES_MAX);
  return {
    epochs: Object.fromEntries(byAge.slice(0, NAMES_MAX)),
    others: Math.max(others, oldest[1]),
  };
}
