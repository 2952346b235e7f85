import { type Clip, type EventBody, makeUlid } from '@cat-feeder/shared';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ClipCatalogue, ClipFilter, ShelfRow } from '../../src/camera/clip-catalogue.ts';
import { clipOf } from '../support/clip-fixtures.ts';
import { codeOf } from '../support/thrown-code.ts';

/** What the ledger was told, in its order. */
export type ClipEntry =
  | { readonly name: 'clip.recorded'; readonly clipId: string }
  | { readonly name: 'clip.dropped'; readonly body: EventBody<'clip.dropped'> };

/** A catalogue under test. */
export interface ClipCatalogueSubject {
  readonly catalogue: ClipCatalogue;
  readonly ledger: () => readonly ClipEntry[];
  /** The disk refuses every write from now on. */
  readonly refuse: () => void;
  /** The same catalogue as another start of the program would see it. */
  readonly reopen: () => ClipCatalogue;
}

const START_MS = 1_800_000_000_000;

/** The id of the clip that was made `n` seconds after the first. */
export function clipId(n: number): string {
  return makeUlid(START_MS + n * 1000, (length) => new Uint8Array(length).fill(n % 256));
}

const feedings = [1, 2, 3].map((n) => clipId(10_000 + n));
const pets = [1, 2].map((n) => clipId(20_000 + n));

/** Every clip, oldest first. */
const allOf = (catalogue: ClipCatalogue) => catalogue.list({ limit: 500 }).toReversed();

function clip(n: number, more: Partial<Clip> = {}): Clip {
  return clipOf({ id: clipId(n), startedMs: START_MS + n * 1000, ...more });
}

/** What every catalogue of clips promises. */
export function clipCatalogueContract(name: string, make: () => ClipCatalogueSubject): void {
  describe(`${name} as a catalogue of clips`, () => {
    remembers(make);
    finds(make);
    shelves(make);
    forgets(make);
    expects(make);
  });
}

function expects(make: () => ClipCatalogueSubject): void {
  const noted = (n: number) => ({ id: clipId(n), feedingIds: feedings, startedMs: START_MS + n });

  it('C4 notes what is to be until it is there, lost or not wanted, also over a restart', () => {
    const { catalogue, reopen, ledger } = make();
    expect(catalogue.expected()).toEqual([]);
    catalogue.expect([noted(1), noted(2)]);
    catalogue.expect([noted(3), noted(4)]);
    expect(reopen().expected()).toEqual([1, 2, 3, 4].map(noted));
    const more = { ...noted(4), feedingIds: feedings.slice(0, 1) };
    catalogue.expect([more]);
    expect(reopen().expected()).toEqual([...[1, 2, 3].map(noted), more]);
    catalogue.expect([noted(4)]);
    const again = reopen();
    again.add(clip(1));
    again.withdraw([clipId(2), clipId(9)]);
    const { id: lostId, feedingIds, startedMs } = noted(3);
    const lost = { clipId: lostId, feedingIds, startedMs, bytes: null, sha256: null };
    again.noteLost({ ...lost, reason: 'not_made', why: 'x' });
    expect(reopen().expected()).toEqual([noted(4)]);
    expect(ledger()).toHaveLength(2);
  });

  it('C4 keeps the note when the disk refuses what would take it away', () => {
    const { catalogue, refuse } = make();
    catalogue.expect([noted(1)]);
    refuse();
    expect(codeOf(() => catalogue.add(clip(1)))).toBe('ERR_STORAGE');
    expect(codeOf(() => catalogue.withdraw([clipId(1)]))).toBe('ERR_STORAGE');
    expect(codeOf(() => catalogue.expect([noted(2)]))).toBe('ERR_STORAGE');
    expect(catalogue.expected()).toEqual([noted(1)]);
  });
}

function remembers(make: () => ClipCatalogueSubject): void {
  it('remembers a clip with all that is known of it', () => {
    const { catalogue, ledger, reopen } = make();
    const whole = clip(1, {
      rank: 'failed_feeding',
      feedingIds: feedings.slice(0, 2),
      petIds: pets,
      visits: [{ startedMs: START_MS, endedMs: START_MS + 5000, petId: pets[0] ?? null }],
      continues: clipId(0),
      pictures: ['thumbnail', 'after'],
      hasAudio: true,
      gapMs: 1500,
    });
    catalogue.add(whole);
    expect(catalogue.get(whole.id)).toEqual(whole);
    expect(reopen().get(whole.id)).toEqual(whole);
    expect(allOf(reopen())).toEqual([whole]);
    expect(ledger()).toEqual([{ name: 'clip.recorded', clipId: whole.id }]);
    expect(catalogue.get(clipId(2))).toBeUndefined();
  });

  it('keeps the wishes of the owner and the word of the cloud', () => {
    const { catalogue, ledger, reopen } = make();
    catalogue.add(clip(1));
    expect(catalogue.setKeep(clipId(1), true).keep).toBe(true);
    expect(catalogue.setRank(clipId(1), 'failed_feeding').rank).toBe('failed_feeding');
    expect(reopen().get(clipId(1))).toEqual(clip(1, { keep: true, rank: 'failed_feeding' }));
    catalogue.setRank(clipId(1), clip(1).rank);
    expect(catalogue.setSent(clipId(1), START_MS + 9).sentAtMs).toBe(START_MS + 9);
    expect(reopen().get(clipId(1))).toEqual(clip(1, { keep: true, sentAtMs: START_MS + 9 }));
    expect(catalogue.setKeep(clipId(1), false).keep).toBe(false);
    expect(ledger()).toHaveLength(1);
    for (const id of [clipId(2), '', '../../etc/passwd', 'a\nb']) {
      expect(codeOf(() => catalogue.setKeep(id, true))).toBe('ERR_NOT_FOUND');
      expect(codeOf(() => catalogue.setRank(id, 'visit'))).toBe('ERR_NOT_FOUND');
      expect(codeOf(() => catalogue.setSent(id, 1))).toBe('ERR_NOT_FOUND');
    }
  });

  it('remembers visits that are known later, and finds the clip by who they were', () => {
    const { catalogue, ledger, reopen } = make();
    const [first = '', second = ''] = pets;
    const visits = [null, second].map((petId, n) => ({
      ...{ startedMs: START_MS + n, endedMs: START_MS + n + 5000 },
      petId,
    }));
    catalogue.add(clip(1, { petIds: [first] }));
    for (const known of [visits.slice(0, 1), visits, visits]) {
      expect(catalogue.setVisits(clipId(1), known).visits).toEqual(known);
    }
    const shown = clip(1, { petIds: [first, second], visits });
    expect(reopen().list({ limit: 5, petId: second })).toEqual([shown]);
    expect(codeOf(() => catalogue.setVisits(clipId(2), visits))).toBe('ERR_NOT_FOUND');
    catalogue.drop(clipId(1), 'age', 'Too old.');
    expect(reopen().list({ limit: 5, petId: second })).toEqual([]);
    expect(ledger()).toHaveLength(2);
  });

  it('counts clips and bytes, also after a restart', () => {
    const { catalogue, reopen } = make();
    expect(catalogue.totals()).toEqual({ count: 0, bytes: 0 });
    for (const n of [1, 2, 3]) catalogue.add(clip(n, { bytes: 10 ** n }));
    catalogue.drop(clipId(2), 'quota', 'To make room.');
    expect(catalogue.totals()).toEqual({ count: 2, bytes: 1010 });
    expect(reopen().totals()).toEqual({ count: 2, bytes: 1010 });
  });
}

function finds(make: () => ClipCatalogueSubject): void {
  it('lists the newest first, page by page, without a hole or a repetition', () => {
    const { catalogue } = make();
    const numbers = [5, 1, 4, 2, 3];
    for (const n of numbers) catalogue.add(clip(n));
    const seen: string[] = [];
    for (let before: string | undefined; seen.length < 5; before = seen.at(-1)) {
      const page = catalogue.list({ limit: 2, ...(before === undefined ? {} : { before }) });
      expect(page.length).toBeGreaterThan(0);
      seen.push(...page.map(({ id }) => id));
    }
    expect(seen).toEqual([5, 4, 3, 2, 1].map(clipId));
    expect(allOf(catalogue).map(({ id }) => id)).toEqual([1, 2, 3, 4, 5].map(clipId));
  });

  it('finds what fits every word of the question, as a walk over all clips does', () => {
    const some = (ids: readonly string[]) => fc.subarray([...ids]);
    const clips = fc.array(
      fc.record({ feedingIds: some(feedings), petIds: some(pets), keep: fc.boolean() }),
      {
        maxLength: 12,
      },
    );
    const option = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined });
    const filter = fc.record({
      feedingId: option(fc.constantFrom(...feedings)),
      petId: option(fc.constantFrom(...pets)),
      keep: option(fc.boolean()),
      fromMs: option(fc.nat(12).map((n) => START_MS + n * 1000)),
      toMs: option(fc.nat(12).map((n) => START_MS + n * 1000)),
      before: option(fc.nat(12).map(clipId)),
      limit: fc.integer({ min: 1, max: 12 }),
    });
    fc.assert(
      fc.property(clips, filter, (given, asked) => {
        const { catalogue } = make();
        for (const [n, more] of given.entries()) catalogue.add(clip(n, more));
        const question = Object.fromEntries(
          Object.entries(asked).filter(([, value]) => value !== undefined),
        ) as unknown as ClipFilter;
        const wanted = allOf(catalogue).filter((one) => fits(one, question));
        const found = catalogue.list(question).map(({ id }) => id);
        expect(found).toEqual(
          wanted
            .map(({ id }) => id)
            .reverse()
            .slice(0, asked.limit),
        );
      }),
      { numRuns: 60 },
    );
  });
}

function fits(one: Clip, asked: ClipFilter): boolean {
  return [
    asked.feedingId === undefined || one.feedingIds.includes(asked.feedingId),
    asked.petId === undefined || one.petIds.includes(asked.petId),
    asked.keep === undefined || one.keep === asked.keep,
    asked.fromMs === undefined || one.startedMs >= asked.fromMs,
    asked.toMs === undefined || one.startedMs < asked.toMs,
    asked.before === undefined || one.id < asked.before,
  ].every(Boolean);
}

function shelves(make: () => ClipCatalogueSubject): void {
  it('shows every clip once, oldest first, though some come and go between the pages', async () => {
    const { catalogue } = make();
    const count = 250;
    for (let n = 1; n <= count; n++) catalogue.add(clip(n, { keep: n === 7 }));
    const shown: ShelfRow[] = [];
    for await (const page of catalogue.shelf()) {
      shown.push(...page);
      if (shown.length === page.length && page.length < count) {
        catalogue.drop(clipId(1), 'age', 'Too old.');
        catalogue.drop(clipId(count), 'age', 'Too old.');
      }
    }
    const ids = shown.map(({ id }) => id);
    expect(ids.slice(0, count - 1)).toEqual(
      Array.from({ length: count - 1 }, (_, at) => clipId(at + 1)),
    );
    const { id, rank, startedMs, bytes, keep, sentAtMs } = clip(7, { keep: true });
    expect(shown[6]).toMatchObject({ id, rank, startedMs, bytes, keep, sentAtMs });
  });
}

function forgets(make: () => ClipCatalogueSubject): void {
  it('C1 leaves an entry for every clip that is given up before the cloud has it', () => {
    const { catalogue, ledger } = make();
    const unsent = clip(1, { feedingIds: feedings.slice(0, 1), bytes: 77 });
    catalogue.add(unsent);
    catalogue.add(clip(2));
    catalogue.setSent(clipId(2), START_MS);
    for (const n of [1, 2]) catalogue.drop(clipId(n), 'age', 'x'.repeat(400));
    const dropped = ledger().filter((entry) => entry.name === 'clip.dropped');
    const { id, feedingIds, startedMs, bytes, sha256 } = unsent;
    const body = { clipId: id, feedingIds, startedMs, bytes, sha256 };
    const why = 'x'.repeat(400);
    expect(dropped).toEqual([{ name: 'clip.dropped', body: { ...body, reason: 'age', why } }]);
    expect(allOf(catalogue)).toEqual([]);
    expect(catalogue.list({ limit: 5, feedingId: feedings[0] ?? '' })).toEqual([]);
  });

  it('tells the cloud of a clip that its owner deletes, and lists what it does not have', () => {
    const { catalogue, ledger } = make();
    for (const n of [1, 2]) catalogue.add(clip(n, { rank: n === 1 ? 'failed_feeding' : 'visit' }));
    catalogue.setSent(clipId(1), START_MS);
    expect(catalogue.unsent()).toBe(1);
    expect(catalogue.list({ isSent: false, limit: 5 }).map(({ id }) => id)).toEqual([clipId(2)]);
    expect(catalogue.list({ isSent: true, limit: 5 }).map(({ id }) => id)).toEqual([clipId(1)]);
    expect(catalogue.list({ rank: 'failed_feeding', limit: 5 })).toHaveLength(1);
    catalogue.drop(clipId(1), 'person', 'Removed by hand.');
    expect(ledger().at(-1)).toMatchObject({ body: { clipId: clipId(1), reason: 'person' } });
  });

  it('does nothing for an id without a row, and takes the id again after a removal', () => {
    const { catalogue, ledger } = make();
    catalogue.drop(clipId(1), 'person', 'Removed by hand.');
    expect(ledger()).toEqual([]);
    const shown = clip(1, { petIds: pets });
    for (let round = 0; round < 2; round++) {
      catalogue.add(shown);
      expect(catalogue.list({ limit: 5, petId: pets[1] ?? '' })).toEqual([shown]);
      catalogue.drop(clipId(1), 'person', 'Removed by hand.');
    }
    expect(ledger()).toHaveLength(4);
  });

  it('tells of a clip that never came to be', () => {
    const { catalogue, ledger } = make();
    const body: EventBody<'clip.dropped'> = {
      clipId: clipId(3),
      feedingIds: feedings,
      startedMs: START_MS,
      bytes: null,
      sha256: null,
      reason: 'not_made',
      why: 'There was no picture.',
    };
    catalogue.noteLost(body);
    expect(ledger()).toEqual([{ name: 'clip.dropped', body }]);
    expect(catalogue.totals().count).toBe(0);
  });

  it('C2 changes nothing when the disk refuses', () => {
    const { catalogue, ledger, refuse } = make();
    catalogue.add(clip(1));
    catalogue.totals();
    refuse();
    const works: (() => unknown)[] = [
      () => catalogue.add(clip(2)),
      () => catalogue.setKeep(clipId(1), true),
      () => catalogue.setRank(clipId(1), 'visit'),
      () => catalogue.setSent(clipId(1), 1),
      () => catalogue.drop(clipId(1), 'quota', 'To make room.'),
    ];
    for (const work of works) expect(codeOf(work)).toBe('ERR_STORAGE');
    expect(allOf(catalogue)).toEqual([clip(1)]);
    expect(catalogue.totals()).toEqual({ count: 1, bytes: 100 });
    expect(ledger()).toHaveLength(1);
  });
}
