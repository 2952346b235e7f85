/** A stored entity: an id that is never reused and a revision that grows with each change. */
export interface Entity {
  readonly id: string;
  readonly rev: number;
}

/**
 * A set of small editable entities (documents of the sync protocol). Every write commits the
 * entity and its `doc.changed` ledger entry in one durable transaction before it returns; it
 * throws `ERR_STORAGE` and changes nothing when the disk refuses.
 */
export interface Collection<T extends Entity> {
  list(): readonly T[];
  get(id: string): T | undefined;
  /** Stores a new entity; the store gives id and revision 1. */
  add(value: Omit<T, 'id' | 'rev'>): T;
  /** Replaces the named fields; `ERR_NOT_FOUND`, or `ERR_CONFLICT` when `expectedRev` is given and is not the present one. */
  change(id: string, patch: Partial<Omit<T, 'id' | 'rev'>>, expectedRev?: number): T;
  /** Leaves a tombstone. `ERR_NOT_FOUND`. */
  remove(id: string): void;
}

/** The one document of its kind, with defaults until it is first changed. */
export interface Single<T extends { readonly rev: number }> {
  get(): T;
  change(patch: Partial<Omit<T, 'rev'>>, expectedRev?: number): T;
}
