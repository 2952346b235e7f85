import type { Preview } from '@cat-feeder/shared';
import { expect, test } from 'vitest';
import { MONDAY_SIX, VirtualFeeder } from './virtual-feeder.ts';

const HOUR_MS = 3_600_000;

test('a meal of today whose time has passed is previewed with what became of it', async () => {
  const feeder = await VirtualFeeder.start({ wallMs: MONDAY_SIX });
  for (const time of ['07:00', '20:00']) {
    await feeder.ask('POST', '/meals', { name: time, time, portionGrams: 12 });
  }
  await feeder.pass(2 * HOUR_MS);
  const preview = (await feeder.ask('GET', '/preview?days=2')).data as Preview;
  const [breakfast, supper] = preview.days[0]?.occurrences ?? [];
  const [served] = await feeder.occurrences();
  expect(breakfast).toMatchObject({ effect: 'past', state: 'closed', verdict: 'fed' });
  expect(breakfast).toMatchObject({
    feedingId: served?.feedingId,
    servedGrams: served?.servedGrams,
    decidedAtMs: served?.decidedAtMs,
    why: served?.why,
  });
  expect(supper).toMatchObject({ effect: 'none', state: 'planned', verdict: null });
  expect(preview.days[1]?.occurrences[0]).toMatchObject({ effect: 'none', verdict: null });
});
