import { describe, expect, test } from 'vitest';
import { MONDAY_SIX, VirtualFeeder } from './virtual-feeder.ts';

const HOUR_MS = 3_600_000;
const meal = (time: string) => ({ name: time, time, portionGrams: 12 });
const claims = (feeder: VirtualFeeder) => feeder.ledger('feeding.claimed').map(({ body }) => body);

describe('I1, I2 a wall clock that jumps', () => {
  test('FMEA-34 three days forward: no burst, every missed meal has its verdict, and time heals', async () => {
    const feeder = await VirtualFeeder.start();
    for (const time of ['07:00', '12:00', '18:00']) await feeder.ask('POST', '/meals', meal(time));
    await feeder.pass(2 * HOUR_MS);
    const before = feeder.landed();
    feeder.stepWall(72 * HOUR_MS);
    await feeder.pass(300_000);
    expect(feeder.landed() - before).toBeLessThan(14);
    const days = await feeder.occurrences('?from=2026-06-15&to=2026-06-18');
    const due = days.filter(({ dueAtMs }) => dueAtMs <= MONDAY_SIX + 74 * HOUR_MS);
    expect(due.length).toBeGreaterThanOrEqual(9);
    for (const occurrence of due) expect(occurrence.verdict).not.toBeNull();
  });

  test('FMEA-35 back by nine hours: the breakfast of today is not served again', async () => {
    const feeder = await VirtualFeeder.start();
    await feeder.ask('POST', '/meals', meal('07:00'));
    await feeder.pass(2 * HOUR_MS);
    feeder.stepWall(-9 * HOUR_MS);
    await feeder.pass(9 * HOUR_MS);
    expect(claims(feeder).filter(({ cause }) => cause === 'schedule')).toHaveLength(1);
  });

  test('verdicts given in a false future are void when the clock comes back, and meals are served', async () => {
    const feeder = await VirtualFeeder.start();
    await feeder.ask('POST', '/meals', meal('12:00'));
    await feeder.feedToEnd(12);
    feeder.stepWall(400 * 24 * HOUR_MS);
    await feeder.pass(120_000);
    feeder.stepWall(-400 * 24 * HOUR_MS);
    await feeder.pass(7 * HOUR_MS);
    const [noon] = await feeder.occurrences('?from=2026-06-15&to=2026-06-15');
    expect(noon?.verdict).toMatch(/^fed/);
  });
});

describe('I9 an unproven clock', () => {
  const NOWHERE = Date.UTC(1970, 0, 2);

  test('FMEA-30 unknown at boot: nothing on schedule; after half an hour by elapsed time, and it says so', async () => {
    const feeder = await VirtualFeeder.start();
    for (const time of ['06:30', '12:00', '18:00']) await feeder.ask('POST', '/meals', meal(time));
    await feeder.stop();
    feeder.db.exec("DELETE FROM sync_state WHERE k = 'clock'");
    feeder.origin = 'none';
    feeder.stepWall(NOWHERE - MONDAY_SIX);
    const before = feeder.landed();
    await feeder.powerUp();
    expect((await feeder.status()).clockQuality).toBe('unknown');
    await feeder.pass(29 * 60_000);
    expect(feeder.landed()).toBe(before);
    await feeder.pass(24 * HOUR_MS);
    const causes = new Set(claims(feeder).map(({ cause }) => cause));
    expect(causes).toEqual(new Set(['elapsed_time']));
    expect(feeder.landed() - before).toBeGreaterThan(0.75 * 36 * 0.6);
    expect(feeder.landed() - before).toBeLessThan(0.75 * 36 + 12);
  });

  test('FMEA-31 estimated: meals are served, and the record says how far the clock was believed', async () => {
    const feeder = await VirtualFeeder.start();
    await feeder.ask('POST', '/meals', meal('08:00'));
    feeder.cutPower();
    feeder.origin = 'none';
    await feeder.powerUp();
    expect((await feeder.status()).clockQuality).toBe('estimated');
    await feeder.pass(2 * HOUR_MS + 60_000);
    const [breakfast] = await feeder.occurrences();
    expect(breakfast?.verdict).toMatch(/^fed/);
    expect((await feeder.feeding(breakfast?.feedingId ?? '')).clockQuality).toBe('estimated');
  });
});

describe('edits while something is due', () => {
  test('FMEA-43 the meal that runs is what it was; the edit holds for the next', async () => {
    const feeder = await VirtualFeeder.start();
    const { data } = await feeder.ask('POST', '/meals', meal('08:00'));
    const { id } = data as { id: string };
    await feeder.pass(2 * HOUR_MS - 1500);
    for (let i = 0; i < 500 && !feeder.device.feeding.isBusy(); i++) await feeder.pass(20);
    await feeder.ask('PATCH', `/meals/${id}`, { portionGrams: 30, time: '08:05' });
    await feeder.pass(HOUR_MS);
    expect(claims(feeder)).toHaveLength(1);
    expect(feeder.landed()).toBeLessThan(14);
    await feeder.pass(24 * HOUR_MS);
    expect(claims(feeder)).toHaveLength(2);
    expect(feeder.landed()).toBeGreaterThan(40);
  });

  test('a power cut over two days: one late or missed verdict each, one portion at most at once', async () => {
    const feeder = await VirtualFeeder.start();
    for (const time of ['07:00', '12:00', '18:00']) await feeder.ask('POST', '/meals', meal(time));
    await feeder.pass(2 * HOUR_MS);
    feeder.cutPower();
    await feeder.pass(48 * HOUR_MS);
    const before = feeder.landed();
    await feeder.powerUp();
    await feeder.pass(10 * 60_000);
    expect(feeder.landed() - before).toBeLessThan(14);
    const days = await feeder.occurrences('?from=2026-06-15&to=2026-06-17');
    const due = days.filter(({ dueAtMs }) => dueAtMs < MONDAY_SIX + 50 * HOUR_MS);
    for (const { verdict, why } of due) {
      expect(verdict).not.toBeNull();
      expect(why).not.toBe('');
    }
  });
});

test('I2 a meal that is due and held, then moved back by a new zone, still gets its verdict', async () => {
  const feeder = await VirtualFeeder.start();
  await feeder.ask('POST', '/meals', meal('08:00'));
  await feeder.feedToEnd(12);
  feeder.world.undervoltage();
  await feeder.pass(2 * HOUR_MS + 120_000);
  expect((await feeder.ask('PATCH', '/settings', { zone: 'Asia/Tokyo' })).status).toBe(200);
  feeder.world.undervoltage(false);
  await feeder.pass(HOUR_MS);
  const [breakfast] = await feeder.occurrences('?from=2026-06-15&to=2026-06-15');
  expect(breakfast).toMatchObject({ state: 'closed', verdict: 'missed', rule: 'zone_moved' });
});
