import { FeederError } from '@cat-feeder/shared';
import type { Collection, Entity } from '../../src/platform/collection.ts';

/** A collection that lives in memory. */
export class MemoryCollection<T extends Entity> implements Collection<T> {
  readonly #items = new Map<string, T>();
  readonly #newId: () => string;
  readonly #onChange: () => void;

  constructor(newId: () => string, onChange: () => void) {
    this.#newId = newId;
    this.#onChange = onChange;
  }

  list(): readonly T[] {
    return [...this.#items.values()];
  }

  get(id: string): T | undefined {
    return this.#items.get(id);
  }

  add(value: Omit<T, 'id' | 'rev'>): T {
    const entity = { ...value, id: this.#newId(), rev: 1 } as unknown as T;
    return this.#keep(entity);
  }

  change(id: string, patch: Partial<Omit<T, 'id' | 'rev'>>, expectedRev?: number): T {
    const old = this.#items.get(id);
    if (old === undefined) throw new FeederError('ERR_NOT_FOUND');
    if (expectedRev !== undefined && expectedRev !== old.rev) throw new FeederError('ERR_CONFLICT');
    return this.#keep({ ...old, ...patch, rev: old.rev + 1 });
  }

  remove(id: string): void {
    if (!this.#items.delete(id)) throw new FeederError('ERR_NOT_FOUND');
    this.#onChange();
  }

  #keep(entity: T): T {
    this.#items.set(entity.id, entity);
    this.#onChange();
    return entity;
  }
}
