import {
  type CalibrationJob,
  FeederError,
  type Feeding,
  type FeedingsPage,
  type Ready,
  type StopResult,
} from '@cat-feeder/shared';
import * as v from 'valibot';
import { describe, expect, it } from 'vitest';
import { CONFLICT_ID } from '../../test/contracts/fake-cloud.ts';
import { FakeFeeder } from '../../test/contracts/fake-feeder.ts';
import { dataOf, errorOf, fakeId, sampleFeeding } from '../../test/contracts/fake-parts.ts';
import { isSchema } from './route.ts';

/** Ids of things that exist, for the paths of the table. */
async function furnished() {
  const feeder = new FakeFeeder();
  const post = async (path: string, body: unknown) =>
    (await dataOf<{ id: string }>(feeder.request('POST', `/api/v1${path}`, body))).id;
  const plan = await post('/plans', { name: 'Every day' });
  const meal = await post('/meals', { time: '07:30', portionGrams: 15, planId: plan });
  const pet = await post('/pets', { name: 'Mia' });
  const kibble = await post('/kibbles', { name: 'Chicken' });
  const overlay = await post('/overlays', { kind: 'skip', mealId: meal, date: '2026-12-24' });
  const feeding = sampleFeeding({ state: 'done', stage: 'done', result: 'served' });
  feeder.feedings.push(feeding);
  feeder.faults.push({ fault: 'jam', feedingId: null, sinceMs: 1, why: 'It jams.' });
  const clip = feeder.clips.put('video', { pictures: ['thumbnail'] }).id;
  const ids = { clip, plan, meal, pet, kibble, overlay, feeding: feeding.id };
  return { feeder, ids };
}
type Ids = Awaited<ReturnType<typeof furnished>>['ids'];

type Call = [method: string, path: (ids: Ids) => string, body: unknown, status: number];
const calls: Call[] = [
  ['GET', () => '/status', undefined, 200],
  ['GET', () => '/system', undefined, 200],
  ['POST', () => '/system/self-test', undefined, 200],
  ['GET', () => '/health/live', undefined, 200],
  ['GET', () => '/health/ready', undefined, 200],
  ['GET', () => '/meta/routes', undefined, 200],
  ['POST', () => '/feedings', { requestId: 'a', portionGrams: 12 }, 202],
  ['GET', () => '/feedings?limit=100&state=done&skip=0', undefined, 200],
  ['GET', (ids) => `/feedings/${ids.feeding}`, undefined, 200],
  ['POST', (ids) => `/feedings/${ids.feeding}/cancel`, undefined, 200],
  ['POST', () => '/stop', undefined, 200],
  ['GET', () => '/plans', undefined, 200],
  ['POST', () => '/plans', { name: 'Weekend' }, 201],
  ['GET', (ids) => `/plans/${ids.plan}`, undefined, 200],
  ['PATCH', (ids) => `/plans/${ids.plan}`, { name: 'Other' }, 200],
  ['POST', (ids) => `/plans/${ids.plan}/activate`, undefined, 200],
  ['DELETE', (ids) => `/plans/${ids.plan}`, undefined, 200],
  ['GET', (ids) => `/meals?planId=${ids.plan}`, undefined, 200],
  // 02:30 does not exist on one night of the year; the meal is due right after the gap.
  ['POST', () => '/meals', { time: '02:30', portionGrams: 15 }, 201],
  ['POST', () => '/meals', { time: { sun: 'sunset', offsetMinutes: -30 }, portionGrams: 15 }, 201],
  ['GET', (ids) => `/meals/${ids.meal}`, undefined, 200],
  ['PATCH', (ids) => `/meals/${ids.meal}`, { portionGrams: 20, expectedRev: 1 }, 200],
  ['DELETE', (ids) => `/meals/${ids.meal}`, undefined, 200],
  ['GET', () => '/overlays', undefined, 200],
  ['POST', () => '/overlays', { kind: 'pause', untilMs: 1_800_000_000_000 }, 201],
  ['DELETE', (ids) => `/overlays/${ids.overlay}`, undefined, 200],
  ['POST', () => '/plan/skip-next', undefined, 201],
  ['GET', () => '/preview?days=3', undefined, 200],
  ['GET', () => '/occurrences?from=2026-11-20&to=2026-11-22', undefined, 200],
  ['GET', (ids) => `/occurrences/${ids.meal}@2026-11-22`, undefined, 200],
  ['GET', () => '/pets', undefined, 200],
  ['POST', () => '/pets', { name: 'Leo', bodyKg: 5 }, 201],
  ['GET', (ids) => `/pets/${ids.pet}`, undefined, 200],
  ['PATCH', (ids) => `/pets/${ids.pet}`, { rationGrams: 60 }, 200],
  ['DELETE', (ids) => `/pets/${ids.pet}`, undefined, 200],
  ['GET', () => '/kibbles', undefined, 200],
  ['POST', () => '/kibbles', { name: 'Fish' }, 201],
  ['GET', (ids) => `/kibbles/${ids.kibble}`, undefined, 200],
  ['PATCH', (ids) => `/kibbles/${ids.kibble}`, { kcalPer100g: 380 }, 200],
  ['POST', (ids) => `/kibbles/${ids.kibble}/calibrate`, undefined, 202],
  ['DELETE', (ids) => `/kibbles/${ids.kibble}`, undefined, 200],
  ['GET', () => '/scale', undefined, 200],
  ['POST', () => '/scale/tare', {}, 200],
  ['POST', () => '/scale/calibrate', { knownGrams: 200 }, 200],
  ['POST', () => '/scale/hopper/tare?confirm=false', {}, 200],
  ['POST', () => '/scale/hopper/calibrate', { knownGrams: 900 }, 200],
  ['GET', () => '/camera', undefined, 200],
  ['GET', (ids) => `/clips?limit=5&feedingId=${ids.feeding}&keep=false`, undefined, 200],
  ['GET', (ids) => `/clips/${ids.clip}`, undefined, 200],
  ['PATCH', (ids) => `/clips/${ids.clip}`, { keep: true }, 200],
  ['DELETE', (ids) => `/clips/${ids.clip}`, undefined, 200],
  ['GET', () => '/cloud', undefined, 200],
  ['POST', () => '/cloud/claim', undefined, 200],
  ['POST', () => '/cloud/agree', { account: 'ada@example.org' }, 200],
  ['POST', () => '/cloud/key', undefined, 200],
  ['DELETE', () => '/cloud/claim', undefined, 200],
  ['GET', () => '/cloud/queue', undefined, 200],
  ['POST', () => '/cloud/hurry', undefined, 200],
  ['GET', () => '/cloud/conflicts', undefined, 200],
  ['POST', () => `/cloud/conflicts/${CONFLICT_ID}/restore`, undefined, 200],
  ['POST', () => `/cloud/conflicts/${CONFLICT_ID}/dismiss`, undefined, 200],
  ['DELETE', () => '/cloud', undefined, 200],
  ['GET', () => '/faults', undefined, 200],
  ['POST', () => '/faults/jam/clear', undefined, 200],
  ['GET', () => '/ledger?afterSeq=140&limit=5', undefined, 200],
  ['POST', () => '/ledger/verify', undefined, 200],
  ['GET', () => '/settings', undefined, 200],
  ['PATCH', () => '/settings', { zone: 'Europe/Berlin', expectedRev: 0 }, 200],
];

describe('A-01 every route', () => {
  it.each(calls)('%s answers by its schema (case %#)', async (method, path, body, status) => {
    const { feeder, ids } = await furnished();
    const response = await feeder.request(method, `/api/v1${path(ids)}`, body);
    const text = await response.text();
    expect([response.status, text.slice(0, 300)]).toEqual([status, expect.any(String)]);
    const template = new RegExp(
      `^/api/v1${path(ids).replace(/\?.*/, '')}$`.replace(/[0-9a-z]{26}(@[0-9-]+)?|jam/, ':[a-z]+'),
    );
    const route = feeder.api
      .routes()
      .find((candidate) => candidate.method === method && template.test(candidate.path));
    expect(route?.statuses[status]).toBeDefined();
    if (route === undefined || !isSchema(route.response)) throw new TypeError('no schema');
    const { data } = JSON.parse(text);
    expect(v.safeParse(route.response, data).issues).toBeUndefined();
    if (status === 201)
      expect(response.headers.get('location')).toMatch(/^\/api\/v1\/[a-z]+\/\w+$/);
  });

  it('is in that table, streams and documents apart', async () => {
    const { feeder, ids } = await furnished();
    const called = new Set(
      calls.map(([method, path]) => {
        const shape = path(ids)
          .replace(/\?.*/, '')
          .replace(/[0-9a-z]{26}(@[0-9-]+)?|jam/, ':');
        return `${method} /api/v1${shape}`;
      }),
    );
    const missing = feeder.api
      .routes()
      .map(({ method, path }) => `${method} ${path.replace(/:[a-z]+/, ':')}`)
      .filter((name) => !called.has(name));
    expect(missing).toEqual([
      'GET /api/v1/kibbles/:/calibrate',
      'GET /api/v1/camera/snapshot',
      'GET /api/v1/camera/live',
      'GET /api/v1/clips.zip',
      'GET /api/v1/clips/:/video',
      'GET /api/v1/clips/:/pictures/:picture',
      'GET /api/v1/ledger/file',
      'GET /healthz',
      'GET /api/v1/metrics',
      'GET /api/v1/events',
      'GET /api/v1/openapi.json',
    ]);
  });
});

describe('feeding', () => {
  const wish = { requestId: 'page-1', portionGrams: 12 };

  it('I1 the same requestId moves the motor once, whatever happens in between', async () => {
    const feeder = new FakeFeeder();
    const first = await feeder.request('POST', '/api/v1/feedings', wish);
    const again = await feeder.request('POST', '/api/v1/feedings', wish);
    feeder.finish();
    const later = await feeder.request('POST', '/api/v1/feedings', wish);
    expect([first.status, again.status, later.status]).toEqual([202, 200, 200]);
    const feedings = await Promise.all([first, again, later].map((r) => dataOf<Feeding>(r)));
    expect(new Set(feedings.map(({ id }) => id)).size).toBe(1);
    expect(feedings[2]?.state).toBe('done');
    expect(first.headers.get('location')).toBe(`/api/v1/feedings/${feedings[0]?.id}`);
    const other = await feeder.request('POST', '/api/v1/feedings', { ...wish, portionGrams: 13 });
    expect(other.status).toBe(409);
    expect(feeder.motorStarts).toBe(1);
  });

  it('passes the rule and the id of a refusal on', async () => {
    const feeder = new FakeFeeder();
    const details = [
      { path: 'rule', message: 'cap_day' },
      { path: 'feedingId', message: 'f1' },
    ];
    feeder.refuseWith = new FeederError('ERR_LIMIT_REACHED', { details });
    const response = await feeder.request('POST', '/api/v1/feedings', wish);
    expect(response.status).toBe(422);
    expect((await errorOf(response)).details).toEqual(details);
  });

  it('stops the motor and says what it stopped', async () => {
    const feeder = new FakeFeeder();
    await feeder.request('POST', '/api/v1/feedings', wish);
    const data = await dataOf<StopResult>(feeder.request('POST', '/api/v1/stop'));
    expect(data).toMatchObject({ motorOn: false, cancelled: { result: 'cancelled' } });
    const idle = await dataOf<StopResult>(feeder.request('POST', '/api/v1/stop'));
    expect(idle).toEqual({ motorOn: false, cancelled: null });
  });

  it('B-30 pages by cursor and by skip in one order', async () => {
    const feeder = new FakeFeeder();
    for (let i = 0; i < 250; i++) feeder.feedings.push(sampleFeeding({ requestId: `r${i}` }));
    const page = (query: string) =>
      dataOf<FeedingsPage>(feeder.request('GET', `/api/v1/feedings?${query}`));
    const first = await page('limit=100');
    const second = await page(`limit=100&before=${first.nextCursor}`);
    expect(first.total).toBe(250);
    expect(second.items[0]?.requestId).toBe('r149');
    expect((await page('limit=100&skip=100')).items).toEqual(second.items);
    expect((await page('limit=5&skip=245')).items.map((f: Feeding) => f.requestId)).toEqual([
      'r4',
      'r3',
      'r2',
      'r1',
      'r0',
    ]);
    expect(await page('limit=5&skip=300')).toEqual({ items: [], total: 250, nextCursor: null });
  });
});

describe('rules', () => {
  it.each<[string, string, unknown, [number, string]]>([
    ['GET', '/feedings?limit=101', undefined, [422, 'limit']],
    ['GET', '/ledger?limit=101', undefined, [422, 'limit']],
    ['GET', '/occurrences?from=2026-11-22&to=2026-11-21', undefined, [422, 'to']],
    ['GET', '/occurrences?from=2026-01-01&to=2026-12-31', undefined, [422, 'to']],
    ['PATCH', '/settings', { activePlanId: fakeId() }, [422, 'activePlanId']],
    ['PATCH', '/settings', { activeKibbleId: fakeId() }, [422, 'activeKibbleId']],
    ['PATCH', '/settings', { feedingGramsMax: 121 }, [422, 'feedingGramsMax']],
    ['PATCH', '/settings', { hourGramsMax: 201 }, [422, 'hourGramsMax']],
    ['PATCH', '/settings', {}, [400, '']],
    ['PATCH', '/settings', { expectedRev: 0 }, [400, '']],
  ])('%s %s %j is refused with its field', async (method, path, body, [status, field]) => {
    const feeder = new FakeFeeder();
    const response = await feeder.request(method, `/api/v1${path}`, body);
    expect(response.status).toBe(status);
    expect((await errorOf(response)).details[0]?.path).toBe(field);
    expect(feeder.writes).toBe(0);
  });

  it.each(['plans', 'meals', 'pets', 'kibbles'])(
    'B-28 a change of %s on another revision is a conflict',
    async (name) => {
      const { feeder, ids } = await furnished();
      const id = ids[name.slice(0, -1) as keyof Ids];
      const writes = feeder.writes;
      const body = { name: 'Later', expectedRev: 7 };
      const response = await feeder.request('PATCH', `/api/v1/${name}/${id}`, body);
      expect([response.status, feeder.writes]).toEqual([409, writes]);
      const gone = await feeder.request('PATCH', `/api/v1/${name}/${fakeId()}`, body);
      expect(gone.status).toBe(404);
    },
  );

  it('keeps the kibble in the hopper', async () => {
    const { feeder, ids } = await furnished();
    await feeder.request('PATCH', '/api/v1/settings', { activeKibbleId: ids.kibble });
    const kibble = await feeder.request('DELETE', `/api/v1/kibbles/${ids.kibble}`);
    expect([kibble.status, (await errorOf(kibble)).code]).toEqual([409, 'ERR_CONFLICT']);
  });

  it('A-57 is not ready while the disk refuses writes, and lives all the same', async () => {
    const feeder = new FakeFeeder();
    feeder.storageOk = false;
    const ready = await feeder.request('GET', '/api/v1/health/ready');
    expect(ready.status).toBe(503);
    const data = await dataOf<Ready>(ready);
    expect(data.components).toContainEqual({ name: 'disk', state: 'failed', why: 'read-only' });
    expect((await feeder.request('GET', '/healthz')).status).toBe(200);
  });

  it('tells a running or finished calibration of that kibble only', async () => {
    const { feeder, ids } = await furnished();
    const path = `/api/v1/kibbles/${ids.kibble}/calibrate`;
    expect(await dataOf<CalibrationJob | null>(feeder.request('GET', path))).toBeNull();
    const nobody = `/api/v1/kibbles/${fakeId()}/calibrate`;
    expect((await feeder.request('GET', nobody)).status).toBe(404);
    await feeder.request('POST', path, { rounds: 2 });
    const data = await dataOf<CalibrationJob>(feeder.request('GET', path));
    expect(data).toMatchObject({ rounds: 2, portionGrams: 10, state: 'running' });
  });
});
