import { describe, expect, it } from 'vitest';
import type { Collection, Entity, Single } from '../../src/platform/collection.ts';
import { codeOf } from '../support/thrown-code.ts';

/** A collection under test, with two different values that it may hold. */
export interface CollectionSubject<T extends Entity> {
  readonly collection: Collection<T>;
  readonly first: Omit<T, 'id' | 'rev'>;
  readonly second: Omit<T, 'id' | 'rev'>;
  /** The same collection as another program would see it after a restart. */
  readonly reopen: () => Collection<T>;
}

/** What every collection of documents promises. */
export function collectionContract<T extends Entity>(
  name: string,
  make: () => CollectionSubject<T>,
): void {
  describe(`${name} as a collection`, () => {
    it('gives a new entity an id and revision 1', () => {
      const { collection, first, second } = make();
      const added = collection.add(first);
      expect(added).toMatchObject({ ...first, rev: 1 });
      expect(added.id).toMatch(/^[0-7][0-9a-hjkmnp-tv-z]{25}$/);
      expect(collection.add(second).id).not.toBe(added.id);
      expect(collection.get(added.id)).toEqual(added);
      expect(collection.list()).toHaveLength(2);
    });

    it('raises the revision with each change and keeps the other fields', () => {
      const { collection, first, second } = make();
      const { id } = collection.add(first);
      const [field = ''] = Object.keys(first);
      const patch = { [field]: Reflect.get(second, field) } as Partial<Omit<T, 'id' | 'rev'>>;
      expect(collection.change(id, patch)).toEqual({ ...first, ...patch, id, rev: 2 });
      expect(collection.get(id)?.rev).toBe(2);
    });

    it('refuses a change of an old revision', () => {
      const { collection, first, second } = make();
      const { id } = collection.add(first);
      expect(collection.change(id, second, 1).rev).toBe(2);
      expect(codeOf(() => collection.change(id, first, 1))).toBe('ERR_CONFLICT');
      expect(collection.get(id)).toMatchObject(second);
    });

    it('forgets what was removed and never finds it again', () => {
      const { collection, first } = make();
      const { id } = collection.add(first);
      collection.remove(id);
      expect(collection.get(id)).toBeUndefined();
      expect(collection.list()).toEqual([]);
      expect(codeOf(() => collection.remove(id))).toBe('ERR_NOT_FOUND');
      expect(codeOf(() => collection.change(id, first))).toBe('ERR_NOT_FOUND');
    });

    it('keeps everything over a restart', () => {
      const { collection, first, second, reopen } = make();
      const kept = collection.add(first);
      const gone = collection.add(second);
      const changed = collection.change(kept.id, second);
      collection.remove(gone.id);
      const again = reopen();
      expect(again.list()).toEqual([changed]);
      expect(again.get(gone.id)).toBeUndefined();
    });

    it('does not let a caller change an entity beside it', () => {
      const { collection, first } = make();
      const { id } = collection.add(first);
      const read = collection.get(id);
      expect(() => Object.assign(read ?? {}, { rev: 99 })).toThrow(TypeError);
      expect(collection.get(id)?.rev).toBe(1);
    });
  });
}

/** What every document that is the only one of its kind promises. */
export function singleContract<T extends { readonly rev: number }>(
  name: string,
  make: () => {
    single: Single<T>;
    patch: Partial<Omit<T, 'rev'>>;
    reopen: () => Single<T>;
  },
): void {
  describe(`${name} as the only document of its kind`, () => {
    it('has its defaults, with revision 0, until it is first changed', () => {
      expect(make().single.get().rev).toBe(0);
    });

    it('changes the named fields and keeps the others, over a restart, too', () => {
      const { single, patch, reopen } = make();
      const before = single.get();
      const after = single.change(patch);
      expect(after).toEqual({ ...before, ...patch, rev: 1 });
      expect(single.get()).toEqual(after);
      expect(reopen().get()).toEqual(after);
    });

    it('refuses a change of an old revision', () => {
      const { single, patch } = make();
      single.change(patch, 0);
      expect(codeOf(() => single.change(patch, 0))).toBe('ERR_CONFLICT');
      expect(single.change(patch, 1).rev).toBe(2);
    });
  });
}
