import { defaultSettings, FeederError, type Settings } from '@cat-feeder/shared';
import type { Collection, Entity, Single } from '../../src/platform/collection.ts';

/** Ids in the form of real ones, in the order they were made. */
export function numberedIds(): () => string {
  let count = 0;
  return () => {
    count += 1;
    return `01${String(count).padStart(24, '0')}`;
  };
}

/** A set of documents in memory: the twin of the stored one, for tests. */
export class MemoryCollection<T extends Entity> implements Collection<T> {
  readonly #items = new Map<string, T>();
  readonly #nextId: () => string;
  /** The same array until something changes. */
  #list: readonly T[] | null = null;

  constructor(nextId: () => string) {
    this.#nextId = nextId;
  }

  list(): readonly T[] {
    this.#list ??= [...this.#items.values()];
    return this.#list;
  }

  get(id: string): T | undefined {
    return this.#items.get(id);
  }

  add(value: Omit<T, 'id' | 'rev'>): T {
    const item = { ...value, id: this.#nextId(), rev: 1 } as T;
    this.#items.set(item.id, item);
    this.#list = null;
    return item;
  }

  change(id: string, patch: Partial<Omit<T, 'id' | 'rev'>>, expectedRev?: number): T {
    const present = this.#items.get(id);
    if (present === undefined) throw new FeederError('ERR_NOT_FOUND');
    refuseStale(present.rev, expectedRev);
    const changed = { ...present, ...patch, rev: present.rev + 1 };
    this.#items.set(id, changed);
    this.#list = null;
    return changed;
  }

  remove(id: string): void {
    if (!this.#items.delete(id)) throw new FeederError('ERR_NOT_FOUND');
    this.#list = null;
  }
}

/** The settings in memory. */
export class MemorySettings implements Single<Settings> {
  #settings: Settings;

  constructor(patch: Partial<Settings> = {}) {
    this.#settings = { ...defaultSettings, ...patch };
  }

  get(): Settings {
    return this.#settings;
  }

  change(patch: Partial<Omit<Settings, 'rev'>>, expectedRev?: number): Settings {
    refuseStale(this.#settings.rev, expectedRev);
    this.#settings = { ...this.#settings, ...patch, rev: this.#settings.rev + 1 };
    return this.#settings;
  }
}

function refuseStale(rev: number, expectedRev: number | undefined): void {
  if (expectedRev !== undefined && expectedRev !== rev) throw new FeederError('ERR_CONFLICT');
}
