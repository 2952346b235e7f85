import { FeederError } from '@cat-feeder/shared';
import { expect, test } from 'vitest';
import type { DispenseProgress } from '../dispensing/feed-station.ts';
import type { FeedingJournal } from './feeding-journal.ts';
import { ProgressNotes } from './progress-notes.ts';

const still: DispenseProgress = {
  feedingId: 'f',
  stage: 'disturbed',
  servedGrams: null,
  turns: 1,
  motorMs: 0,
  attempts: 0,
  bowlBeforeGrams: 5,
};

function noted() {
  const rows: DispenseProgress[] = [];
  const journal = { progress: (row: DispenseProgress) => rows.push(row) };
  const notes = new ProgressNotes(journal as unknown as FeedingJournal, () => undefined);
  return { rows, notes };
}

test('I5 motion is noted however long the feeder waited for a cat before', () => {
  const { rows, notes } = noted();
  for (let wait = 0; wait < 400; wait += 1) notes.note(still, wait * 500);
  expect(rows.length).toBeLessThanOrEqual(31);
  for (let push = 1; push <= 20; push += 1) {
    const moved = { ...still, motorMs: push * 1000, turns: 1 + push };
    notes.note(moved, 200_000 + push * 2000);
  }
  expect(rows.at(-1)).toMatchObject({ motorMs: 20_000, turns: 21 });
});

test('a row of one stage comes at most every two seconds', () => {
  const { rows, notes } = noted();
  for (let step = 1; step <= 20; step += 1) {
    notes.note({ ...still, motorMs: step * 500 }, step * 500);
  }
  expect(rows).toHaveLength(5);
});

test('a row that the disk refuses is left out', () => {
  const journal = {
    progress: () => {
      throw new FeederError('ERR_STORAGE');
    },
  };
  const notes = new ProgressNotes(journal as unknown as FeedingJournal, () => undefined);
  notes.note({ ...still, motorMs: 500 }, 500);
  expect(notes.rowsLeftOut).toBe(1);
});
