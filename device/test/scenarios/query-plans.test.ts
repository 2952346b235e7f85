import { DAY_MS } from '@cat-feeder/shared';
import { expect, test } from 'vitest';
import { forgetStatements } from '../../src/storage/statements.ts';
import { VirtualFeeder } from './virtual-feeder.ts';

/** The newest first, for as long as somebody reads on: the key's own order. */
const NEWEST_FIRST =
  /(ORDER BY n DESC( LIMIT (\?|1))?|FROM clip WHERE 1 = 1 ORDER BY clip_id DESC LIMIT \?)$/;
/** Questions that are asked once a start or once a day, and the total of a list. */
const MAY_SCAN = [
  /^SELECT count\(\*\) AS entries, sum\(length\(body\)/,
  /^SELECT count\(\*\) AS total FROM feeding WHERE/,
  /FROM feeding WHERE state = 'running' ORDER BY n$/,
  /^SELECT count\(\*\) AS count, coalesce\(sum\(bytes\), 0\) AS bytes FROM clip$/,
];
/** The tables that grow over the years. */
const GROWING =
  /\b(SCAN) (event_log|feeding|feeding_progress|feeding_trace|occurrence|clip|clip_link)\b(?! USING)/;

async function live(feeder: VirtualFeeder): Promise<void> {
  for (const time of ['07:00', '18:00']) {
    await feeder.ask('POST', '/meals', { time, portionGrams: 12 });
  }
  await feeder.pass(2 * DAY_MS);
  const { id } = await feeder.feed(8, 'by-hand');
  await feeder.passUntilIdle();
  for (const path of [
    '/status',
    `/feedings/${id}`,
    '/feedings?limit=10',
    '/feedings?limit=10&skip=2&state=done',
    '/occurrences',
    '/clips?limit=10',
    `/clips?feedingId=${id}`,
    '/clips?date=2026-06-15',
    '/ledger?afterSeq=3&limit=10',
    '/preview?days=7',
    '/health/ready',
  ]) {
    expect((await feeder.ask('GET', path)).status).toBe(200);
  }
  feeder.cutPower();
  await feeder.powerUp();
}

test('A-12 no question of daily life reads a growing table from end to end', async () => {
  const feeder = await VirtualFeeder.start();
  const { db } = feeder;
  const asked = new Set<string>();
  const prepare = db.prepare.bind(db);
  forgetStatements(db);
  Object.assign(db, {
    prepare: (sql: string) => {
      asked.add(sql);
      return prepare(sql);
    },
  });
  await live(feeder);
  const questions = [...asked].filter((sql) => /^\s*(SELECT|UPDATE|DELETE)/i.test(sql));
  expect(questions.length).toBeGreaterThan(20);
  const watched = questions.filter(
    (sql) => !NEWEST_FIRST.test(sql) && !MAY_SCAN.some((known) => known.test(sql)),
  );
  const scans = watched.flatMap((sql) => {
    const plan = prepare(`EXPLAIN QUERY PLAN ${sql}`);
    const parameters = (sql.match(/\?/g) ?? []).map(() => null);
    const steps = plan.all(...parameters) as { detail: string }[];
    return steps
      .filter(({ detail }) => GROWING.test(detail))
      .map(({ detail }) => `${detail}: ${sql}`);
  });
  expect(scans).toEqual([]);
});
