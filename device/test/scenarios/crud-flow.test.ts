import { expect, test } from 'vitest';
import { VirtualFeeder } from './virtual-feeder.ts';

const flows: [string, object, object][] = [
  ['/pets', { name: 'Mia', bodyKg: 4.2 }, { bodyKg: 4.4 }],
  ['/kibbles', { name: 'Chicken' }, { kcalPer100g: 380 }],
  ['/plans', { name: 'Weekend' }, { name: 'Holidays' }],
  ['/meals', { time: '08:00', portionGrams: 12 }, { portionGrams: 15, time: '08:30' }],
];

test.each(flows)(
  'B-64 %s: created, read, changed, kept over a power cut, removed',
  async (path, first, change) => {
    const feeder = await VirtualFeeder.start();
    const created = await feeder.ask('POST', path, first);
    const { id } = created.data as { id: string };
    expect([created.status, created.data]).toEqual([201, expect.objectContaining(first)]);
    expect((await feeder.ask('GET', `${path}/${id}`)).data).toEqual(created.data);
    const changed = await feeder.ask('PATCH', `${path}/${id}`, { ...change, expectedRev: 1 });
    expect(changed.data).toMatchObject({ ...first, ...change, rev: 2 });
    const stale = await feeder.ask('PATCH', `${path}/${id}`, { ...first, expectedRev: 1 });
    expect(stale.error?.code).toBe('ERR_CONFLICT');
    feeder.cutPower();
    await feeder.powerUp();
    expect((await feeder.ask('GET', `${path}/${id}`)).data).toEqual(changed.data);
    expect((await feeder.ask('DELETE', `${path}/${id}`)).status).toBe(200);
    expect((await feeder.ask('GET', `${path}/${id}`)).status).toBe(404);
  },
);

test('B-31 a name has 1 to 100 characters once it is trimmed', async () => {
  const feeder = await VirtualFeeder.start();
  const nameFor = async (name: string) => {
    const { status, data } = await feeder.ask('POST', '/pets', { name });
    return [status, (data as { name: string } | undefined)?.name];
  };
  expect(await nameFor('')).toEqual([400, undefined]);
  expect(await nameFor(' \t ')).toEqual([400, undefined]);
  expect(await nameFor('M')).toEqual([201, 'M']);
  expect(await nameFor('  Mia  ')).toEqual([201, 'Mia']);
  expect(await nameFor('x'.repeat(100))).toEqual([201, 'x'.repeat(100)]);
  expect(await nameFor('x'.repeat(101))).toEqual([400, undefined]);
});
