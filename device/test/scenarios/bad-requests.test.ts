import { describe, expect, test } from 'vitest';
import { VirtualFeeder } from './virtual-feeder.ts';

const nobody = '00000000000000000000000000';
/** Bodies, each of them wrong for every route that changes something. */
const bodies: readonly unknown[] = [
  { surprise: 1 },
  { expectedRev: -1 },
  { name: 'x'.repeat(10_000) },
  { requestId: 'a', portionGrams: 1e308 },
  { portionGrams: -1, time: '24:00' },
  [],
];
const keys = ['9999-99-99', '9999-12-31', '2026-02-30', '0000-01-01', '2099-12-31'];

/** The paths of one route with odd values in the places of its parameters. */
function addresses(path: string): string[] {
  if (path.includes(':key')) return keys.map((date) => path.replace(':key', `${nobody}@${date}`));
  return [path.replace(':id', nobody).replace(':fault', 'jam')];
}

async function state(feeder: VirtualFeeder): Promise<unknown> {
  const paths = ['/plans', '/meals', '/overlays', '/pets', '/kibbles', '/settings', '/faults'];
  const shown = [];
  for (const path of paths) shown.push((await feeder.ask('GET', path)).data);
  const head = feeder.device.store.log.page({ afterSeq: 0, limit: 500 }).entries.length;
  return { shown, head, landed: feeder.landed() };
}

describe('A-30, FMEA-44 bad requests to the whole feeder', () => {
  test('change nothing, move nothing, and are all answered', async () => {
    const feeder = await VirtualFeeder.start();
    await feeder.ask('POST', '/pets', { name: 'Mia' });
    await feeder.ask('POST', '/meals', { time: '18:00', portionGrams: 10 });
    const before = await state(feeder);
    const { items } = (await feeder.ask('GET', '/meta/routes')).data as {
      items: { method: string; path: string }[];
    };
    const statuses = new Set<number>();
    for (const { method, path } of items) {
      for (const address of addresses(path.replace('/api/v1', ''))) {
        if (method === 'GET' && !path.includes(':')) continue;
        for (const body of method === 'GET' ? [undefined] : bodies) {
          const { status, error } = await feeder.ask(method, address, body);
          statuses.add(status);
          expect([method, address, status, error?.code]).toEqual([
            method,
            address,
            expect.toSatisfy((code: number) => code >= 400 && code < 500),
            expect.stringMatching(/^ERR_/),
          ]);
        }
      }
    }
    await feeder.pass(60_000);
    expect(await state(feeder)).toEqual(before);
    expect(statuses).toContain(400);
    expect(feeder.fatal).toEqual([]);
  });
});
