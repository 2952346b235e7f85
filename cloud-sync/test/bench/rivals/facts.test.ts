import { expect, test } from 'vitest';
import { factId, fateOf, paced } from './facts.ts';

const range = { first: 10, events: 4 };
const ids = [10, 11, 12, 13].map(factId);

test('facts that are stored once each are neither lost nor doubled, in whatever order', () => {
  expect(fateOf(range, ids.toReversed())).toEqual({ lost: 0, duplicated: 0 });
});

test('a fact that is not there is lost, however often another one is', () => {
  const stored = [factId(10), factId(11), factId(11), factId(11), factId(13)];
  expect(fateOf(range, stored)).toEqual({ lost: 1, duplicated: 2 });
});

test('facts of other runs neither replace a lost one nor count as doubled', () => {
  expect(fateOf(range, [...ids.slice(1), factId(9), factId(14), factId(14)])).toEqual({
    lost: 1,
    duplicated: 0,
  });
  expect(fateOf(range, [])).toEqual({ lost: 4, duplicated: 0 });
});

test('facts come in order and each once, also when they are late', async () => {
  const seen: number[] = [];
  await paced({ events: 5, perSecond: 1_000_000 }, (n) => seen.push(n));
  expect(seen).toEqual([0, 1, 2, 3, 4]);
});
