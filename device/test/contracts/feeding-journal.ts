import { type Occurrence, occurrenceKey } from '@cat-feeder/shared';
import { describe, expect, it } from 'vitest';
import type {
  ClaimRecord,
  FeedingJournal,
  FinishRecord,
  RefusalRecord,
} from '../../src/feeding/feeding-journal.ts';
import type { StationTime } from '../../src/platform/clock.ts';
import { codeOf } from '../support/thrown-code.ts';

/** A journal under test, and how another start of the program would see it. */
export interface JournalSubject {
  readonly journal: FeedingJournal;
  readonly reopen: () => FeedingJournal;
}

export const JOURNAL_START_MS = 1_795_000_000_000;

/** The time `afterMs` into the first boot. */
export function journalTime(afterMs: number, bootId = 'boot-1'): StationTime {
  return {
    wallMs: JOURNAL_START_MS + afterMs,
    monoMs: afterMs,
    ageMs: afterMs,
    bootId,
    quality: 'synchronized',
  };
}

export function sampleOccurrence(
  date = '2026-11-22',
  changes: Partial<Occurrence> = {},
): Occurrence {
  const mealId = '01hzzzzzzz0000000000000000';
  return {
    key: occurrenceKey(mealId, date),
    mealId,
    mealName: 'Breakfast',
    petId: null,
    localDate: date,
    localTime: '07:00',
    dueAtMs: JOURNAL_START_MS,
    portionGrams: 20,
    state: 'due',
    verdict: null,
    rule: null,
    feedingId: null,
    servedGrams: null,
    decidedAtMs: null,
    why: '',
    ...changes,
  };
}

export function sampleClaim(id: string, changes: Partial<ClaimRecord> = {}): ClaimRecord {
  return {
    feedingId: id,
    requestId: `request-${id}`,
    cause: 'person',
    occurrence: null,
    petId: null,
    kibbleId: null,
    portionGrams: 20,
    reservedGrams: 24,
    time: journalTime(0),
    why: 'Somebody asked for 20 g.',
    ...changes,
  };
}

export function sampleFinish(id: string, changes: Partial<FinishRecord> = {}): FinishRecord {
  return {
    feedingId: id,
    result: 'served',
    fault: null,
    dose: { lowGrams: 19.5, likelyGrams: 20.1, highGrams: 20.7, method: 'measured' },
    bowlBeforeGrams: 1.5,
    bowlAfterGrams: 21.6,
    turns: 6.25,
    attempts: 1,
    motorMs: 5400,
    trace: [
      [0, 0],
      [500, 12.5],
    ],
    verdict: null,
    time: journalTime(15_000),
    why: '20.1 g were served.',
    learned: null,
    ...changes,
  };
}

export function sampleRefusal(id: string, changes: Partial<RefusalRecord> = {}): RefusalRecord {
  return {
    feedingId: id,
    requestId: `request-${id}`,
    cause: 'mqtt',
    petId: null,
    portionGrams: 30,
    rule: 'cap_day',
    numbers: { limitGrams: 200, bookedGrams: 190 },
    time: journalTime(0),
    why: 'The day has had 190 g of 200 g.',
    ...changes,
  };
}

const fedVerdict = { verdict: 'fed', rule: 'on_time', numbers: { lateMs: 0 } } as const;

/** What every feeding journal promises; the names of the invariants are those of feeding.md. */
export function feedingJournalContract(name: string, make: () => JournalSubject): void {
  describe(`${name} as a feeding journal`, () => {
    it('has a claimed feeding at once, over a restart, too', () => {
      const { journal, reopen } = make();
      journal.claim(sampleClaim('one'));
      for (const seen of [journal, reopen()]) {
        expect(seen.find('one')).toMatchObject({
          id: 'one',
          requestId: 'request-one',
          state: 'running',
          stage: 'claimed',
          portionGrams: 20,
          dose: null,
          startedAtMs: JOURNAL_START_MS,
        });
        expect(seen.findByRequestId('request-one')?.id).toBe('one');
        expect(seen.open().map((open) => open.feeding.id)).toEqual(['one']);
      }
    });

    it('I1 claims a request only once, before and after its end and over a restart', () => {
      const { journal, reopen } = make();
      const again = sampleClaim('two', { requestId: 'request-one' });
      journal.claim(sampleClaim('one'));
      expect(codeOf(() => journal.claim(again))).toBe('ERR_CONFLICT');
      journal.finish(sampleFinish('one'));
      expect(codeOf(() => journal.claim(again))).toBe('ERR_CONFLICT');
      expect(codeOf(() => reopen().claim(again))).toBe('ERR_CONFLICT');
      expect(reopen().find('two')).toBeUndefined();
    });

    it('I1 claims an occurrence only once', () => {
      const { journal, reopen } = make();
      const occurrence = sampleOccurrence();
      journal.claim(sampleClaim('one', { occurrence }));
      const again = sampleClaim('two', { occurrence });
      expect(codeOf(() => journal.claim(again))).toBe('ERR_CONFLICT');
      expect(codeOf(() => reopen().claim(again))).toBe('ERR_CONFLICT');
    });

    it('ends a feeding with its outcome and its curve', () => {
      const { journal, reopen } = make();
      journal.claim(sampleClaim('one'));
      journal.finish(sampleFinish('one'));
      for (const seen of [journal, reopen()]) {
        expect(seen.find('one')).toMatchObject({
          state: 'done',
          stage: 'done',
          result: 'served',
          dose: { lowGrams: 19.5, likelyGrams: 20.1, highGrams: 20.7, method: 'measured' },
          bowlBeforeGrams: 1.5,
          bowlAfterGrams: 21.6,
          turns: 6.25,
          motorMs: 5400,
          endedAtMs: JOURNAL_START_MS + 15_000,
        });
        expect(seen.trace('one')).toEqual([
          [0, 0],
          [500, 12.5],
        ]);
        expect(seen.open()).toEqual([]);
      }
    });

    it('ends each feeding once, and only one that was claimed', () => {
      const { journal } = make();
      expect(codeOf(() => journal.finish(sampleFinish('none')))).toBe('ERR_NOT_FOUND');
      journal.claim(sampleClaim('one'));
      journal.finish(sampleFinish('one'));
      const other = sampleFinish('one', { result: 'short' });
      expect(codeOf(() => journal.finish(other))).toBe('ERR_CONFLICT');
      expect(journal.find('one')?.result).toBe('served');
    });

    it('tells of a feeding that was cut off how far it had come', () => {
      const { journal, reopen } = make();
      const occurrence = sampleOccurrence();
      journal.claim(sampleClaim('one', { occurrence }));
      const progress = {
        feedingId: 'one',
        stage: 'coarse',
        turns: 3.5,
        motorMs: 2500,
        attempts: 1,
        servedGrams: 11.25,
        bowlBeforeGrams: 2,
      } as const;
      journal.progress({ ...progress, turns: 1 });
      journal.progress(progress);
      const [open] = reopen().open();
      expect(open).toMatchObject({
        reservedGrams: 24,
        lastProgress: progress,
        occurrence: { key: occurrence.key, state: 'feeding', feedingId: 'one' },
        claimedAt: { wallMs: JOURNAL_START_MS, ageMs: 0, bootId: 'boot-1' },
      });
      expect(open?.feeding).toMatchObject({ stage: 'coarse', turns: 3.5, motorMs: 2500 });
    });

    it('books the reservation while a feeding runs and its interval after', () => {
      const { journal, reopen } = make();
      journal.claim(sampleClaim('one', { petId: 'tom' }));
      for (const seen of [journal, reopen()]) {
        expect(seen.doses(journalTime(1000))).toMatchObject([
          { feedingId: 'one', petId: 'tom', lowGrams: 0, highGrams: 24, rationGrams: 24 },
        ]);
      }
      journal.finish(sampleFinish('one'));
      for (const seen of [journal, reopen()]) {
        expect(seen.doses(journalTime(20_000))).toMatchObject([
          { lowGrams: 19.5, highGrams: 20.7, rationGrams: 20.1, at: { ageMs: 15_000 } },
        ]);
      }
    });

    it('counts an estimated dose against the ration by its high end', () => {
      const { journal } = make();
      journal.claim(sampleClaim('one'));
      const dose = { lowGrams: 14, likelyGrams: 20, highGrams: 26, method: 'estimated' } as const;
      journal.finish(sampleFinish('one', { dose }));
      expect(journal.doses(journalTime(20_000))).toMatchObject([{ rationGrams: 26 }]);
    });

    it('I3 forgets no dose that a window of 24 hours can see', () => {
      const { journal } = make();
      const hourMs = 3_600_000;
      for (const hour of [0, 10, 23, 30]) {
        const id = `at-${hour}`;
        journal.claim(sampleClaim(id, { time: journalTime(hour * hourMs) }));
        journal.finish(sampleFinish(id, { time: journalTime(hour * hourMs + 15_000) }));
      }
      const ids = journal.doses(journalTime(33 * hourMs)).map((dose) => dose.feedingId);
      expect(ids).toEqual(['at-10', 'at-23', 'at-30']);
      const late = journal.doses(journalTime(60 * hourMs));
      expect(late).toEqual([]);
    });

    it('writes a refusal with its rule, and lets the request be claimed later', () => {
      const { journal, reopen } = make();
      journal.refuse(sampleRefusal('one'));
      expect(journal.find('one')).toMatchObject({ state: 'refused', refusal: 'cap_day' });
      expect(reopen().findByRequestId('request-one')).toMatchObject({ id: 'one' });
      expect(journal.doses(journalTime(0))).toEqual([]);
      journal.claim(sampleClaim('two', { requestId: 'request-one' }));
      expect(journal.findByRequestId('request-one')?.id).toBe('two');
      journal.refuse(sampleRefusal('three', { requestId: 'request-one' }));
      expect(journal.findByRequestId('request-one')?.id).toBe('two');
    });

    it('lists newest first, page by page, each feeding once', () => {
      const { journal } = make();
      for (let i = 0; i < 5; i++) {
        journal.claim(sampleClaim(`f${i}`, { petId: i % 2 === 0 ? 'tom' : null }));
        if (i < 4) journal.finish(sampleFinish(`f${i}`));
      }
      const first = journal.list({ limit: 3 });
      expect(first.items.map((item) => item.id)).toEqual(['f4', 'f3', 'f2']);
      expect(first.total).toBe(5);
      const rest = journal.list({ limit: 3, before: first.nextCursor ?? '' });
      expect(rest.items.map((item) => item.id)).toEqual(['f1', 'f0']);
      expect(rest.nextCursor).toBeNull();
      expect(journal.list({ limit: 10, state: 'running' }).items).toHaveLength(1);
      expect(journal.list({ limit: 1, petId: 'tom' })).toMatchObject({ total: 3 });
      expect(codeOf(() => journal.list({ limit: 3, before: 'x' }))).toBe('ERR_VALIDATION');
    });

    it('closes the occurrence with the feeding', () => {
      const { journal } = make();
      const occurrence = sampleOccurrence();
      journal.claim(sampleClaim('one', { occurrence }));
      expect(journal.find('one')?.occurrenceKey).toBe(occurrence.key);
      expect(codeOf(() => journal.finish(sampleFinish('one')))).toBe('ERR_INTERNAL');
      expect(journal.find('one')?.state).toBe('running');
      journal.finish(sampleFinish('one', { verdict: fedVerdict }));
      expect(journal.find('one')?.state).toBe('done');
    });
  });
}
