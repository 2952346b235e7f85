import { ErrorEnvelopeSchema, type Pet } from '@cat-feeder/shared';
import * as fc from 'fast-check';
import * as v from 'valibot';
import { describe, expect, it } from 'vitest';
import { FakeFeeder } from '../../test/contracts/fake-feeder.ts';
import { dataOf, fakeId } from '../../test/contracts/fake-parts.ts';
import type { RouteDef } from './route.ts';

const routes = new FakeFeeder().api.routes();
const unsafe = routes.filter((route) => route.method !== 'GET');
const withBody = routes.filter((route) => route.body !== undefined);
const deep = `${'{"a":'.repeat(40)}1${'}'.repeat(40)}`;
const deepArray = `{"a":${'['.repeat(5000)}${']'.repeat(5000)}}`;
const name10k = 'x'.repeat(10_000);

function addressOf(route: RouteDef): string {
  return route.path
    .replace(':id', fakeId())
    .replace(':key', `${fakeId()}@2026-11-22`)
    .replace(':fault', 'jam');
}

/** Refused with a code, a sentence and (where there is one) a path; nothing written, nothing moved. */
async function expectRefused(
  feeder: FakeFeeder,
  response: Response,
  wanted: { status: number; path?: string },
) {
  const text = await response.text();
  const { error } = v.parse(ErrorEnvelopeSchema, JSON.parse(text));
  expect([response.status, error.code]).toEqual([wanted.status, error.code]);
  expect(error.message).toMatch(/^[A-Z].*\.$/);
  expect(error.hint).toMatch(/^[A-Z].*\.$/);
  if (wanted.path !== undefined) {
    const fields = error.details.map(({ path }) => path);
    expect(fields.some((path) => path === wanted.path || path.startsWith(`${wanted.path}.`))).toBe(
      true,
    );
  }
  expect(text.length).toBeLessThan(5_000);
  expect([feeder.writes, feeder.motorStarts, feeder.stops]).toEqual([0, 0, 0]);
}

describe('A-30, FMEA-44 bodies that are none', () => {
  const corpus: [string, string, number, Record<string, string>?][] = [
    ['malformed JSON', '{"requestId":', 400],
    ['NaN', '{"portionGrams":NaN}', 400],
    ['two values', '{} {}', 400],
    ['a deep object', deep, 400],
    ['a very deep array', deepArray, 400],
    ['an array', '[]', 400],
    ['a number', '12', 400],
    ['a word', '"x"', 400],
    ['null', 'null', 400],
    ['an unknown field', '{"surprise":1}', 400],
    ['an inherited name', '{"__proto__":{"x":1}}', 400],
    ['another inherited name', '{"constructor":1}', 400],
    ['too much', `{"name":"${'x'.repeat(70_000)}"}`, 413],
    ['text', '{}', 415, { 'content-type': 'text/plain' }],
  ];
  const table = unsafe.flatMap((route) =>
    corpus.map((entry) => [route.operationId, entry[0], route, entry] as const),
  );
  it.each(table)('%s refuses %s', async (_id, _name, route, [, body, status, headers]) => {
    const feeder = new FakeFeeder();
    const response = await feeder.request(route.method, addressOf(route), body, headers);
    await expectRefused(feeder, response, { status });
  });

  it.each(unsafe.map((route) => [route.operationId, route] as const))(
    '%s counts a body of unknown length',
    async (_id, route) => {
      const feeder = new FakeFeeder();
      const chunk = new TextEncoder().encode(' '.repeat(10_000));
      let sent = 0;
      const body = new ReadableStream({
        pull(controller) {
          sent += 1;
          if (sent > 1000) controller.close();
          else controller.enqueue(chunk);
        },
      });
      const response = await feeder.api.app.request(`http://127.0.0.1:8480${addressOf(route)}`, {
        method: route.method,
        body,
        headers: { host: '127.0.0.1:8480', 'content-type': 'application/json' },
        duplex: 'half',
      } as RequestInit);
      await expectRefused(feeder, response, { status: 413 });
      expect(sent).toBeLessThan(20);
    },
  );

  it.each(
    withBody
      .filter((route) => route.operationId !== 'calibrateKibble')
      .map((route) => [route.operationId, route] as const),
  )('%s wants a body', async (_id, route) => {
    const feeder = new FakeFeeder();
    const response = await feeder.request(route.method, addressOf(route));
    await expectRefused(feeder, response, { status: 400 });
  });
});

describe('B-31, FMEA-44 values that are absurd', () => {
  const numbers: unknown[] = [
    -1,
    -0.001,
    0,
    1e308,
    '1e999',
    '-1e999',
    '12',
    '"NaN"',
    'null',
    [],
    {},
    true,
  ];
  const texts: unknown[] = [
    '',
    ' ',
    'a\u0000b',
    'a\nb',
    '\u202eevil',
    '\u00ad',
    '\u3164\u115f',
    '\ufffe',
    '\u2800 \u180e',
    '\ud800',
    name10k,
    12,
    null,
    {},
    [],
  ];
  const fields: [string, string, object, string, unknown[]][] = [
    [
      'POST',
      '/feedings',
      { requestId: 'a', portionGrams: 5 },
      'portionGrams',
      [...numbers, 150.01, 0.999],
    ],
    [
      'POST',
      '/feedings',
      { requestId: 'a', portionGrams: 5 },
      'requestId',
      [...texts, 'a b', 'a/b', 'ü', 'x'.repeat(65)],
    ],
    [
      'POST',
      '/feedings',
      { requestId: 'a', portionGrams: 5 },
      'petId',
      ['', 'x', 1, '../../etc', `${fakeId()} `],
    ],
    [
      'POST',
      '/feedings',
      { requestId: 'a', portionGrams: 5 },
      'cause',
      ['schedule', 'cloud', '', 1, null],
    ],
    [
      'POST',
      '/feedings',
      { requestId: 'a', portionGrams: 5 },
      'expiresAtMs',
      [-1, 1.5, 9e15, '2026-11-22', null],
    ],
    ['POST', '/meals', { time: '07:30', portionGrams: 5 }, 'portionGrams', numbers],
    [
      'POST',
      '/meals',
      { time: '07:30', portionGrams: 5 },
      'time',
      [
        '24:00',
        '7:30',
        '07:60',
        '',
        730,
        null,
        { sun: 'noon', offsetMinutes: 0 },
        { sun: 'sunset', offsetMinutes: 241 },
      ],
    ],
    ['POST', '/meals', { time: '07:30', portionGrams: 5 }, 'name', texts],
    ['POST', '/meals', { time: '07:30', portionGrams: 5 }, 'weekdays', [[], [1, 1], 'mon', null]],
    ['POST', '/meals', { time: '07:30', portionGrams: 5 }, 'missedPolicy', ['always', '', 1]],
    ['POST', '/meals', { time: '07:30', portionGrams: 5 }, 'enabled', ['true', 1, null]],
    [
      'POST',
      '/overlays',
      { kind: 'vacation', fromDate: '2026-12-24', toDate: '2026-12-31' },
      'fromDate',
      ['2026-02-30', '0001-01-01', '9999-12-31', '24.12.2026', 1, '2026-12-24T00:00'],
    ],
    [
      'POST',
      '/overlays',
      { kind: 'vacation', fromDate: '2026-12-24', toDate: '2026-12-31' },
      'portionFactor',
      [0, -1, 1.6, 1e308, '1'],
    ],
    [
      'POST',
      '/overlays',
      { kind: 'pause', untilMs: 1_800_000_000_000 },
      'untilMs',
      [0, -1, 1e308, 9e15, 1.5],
    ],
    [
      'POST',
      '/overlays',
      { kind: 'pause', untilMs: 1_800_000_000_000 },
      'kind',
      ['always', '', 1, null],
    ],
    ['POST', '/pets', { name: 'Mia' }, 'name', texts],
    ['POST', '/pets', { name: 'Mia' }, 'bodyKg', [0, -4, 26, 1e308, '4', '1e999']],
    ['POST', '/pets', { name: 'Mia' }, 'rationGrams', [0, -4, 501, 1e308]],
    ['POST', '/pets', { name: 'Mia' }, 'note', ['a\u0000b', name10k, 1]],
    ['POST', '/kibbles', { name: 'Fish' }, 'kcalPer100g', [0, 49, 901, -1, 1e308]],
    ['POST', '/plans', { name: 'Plan' }, 'name', texts],
    ['POST', '/scale/calibrate', { knownGrams: 200 }, 'knownGrams', [...numbers, 19, 5001]],
    ['POST', '/scale/calibrate', { knownGrams: 200 }, 'confirm', ['yes', 1, null]],
    [
      'PATCH',
      '/settings',
      {},
      'zone',
      ['Mars/Base', '../etc/passwd', '', 'Europe/Berlin\u0000', name10k, 1, null],
    ],
    ['PATCH', '/settings', {}, 'dayGramsMax', [...numbers, 501]],
    ['PATCH', '/settings', {}, 'starveLimitHours', [5, 15, -1, 1e308]],
    ['PATCH', '/settings', {}, 'expectedRev', [-1, 1.5, '0', null]],
  ];
  const table = fields.flatMap(([method, path, good, field, values]) =>
    values.map((value, at) => [path, field, at, { method, good, value }] as const),
  );
  it.each(table)('%s %s, value %i', async (path, field, _at, { method, good, value }) => {
    const feeder = new FakeFeeder();
    // Text that is a number stands for numbers that JSON.stringify cannot write.
    const isRaw = typeof value === 'string' && /^-?1e999$/.test(value);
    const body = isRaw
      ? JSON.stringify({ ...good, [field]: 0 }).replace(`"${field}":0`, `"${field}":${value}`)
      : JSON.stringify({ ...good, [field]: value });
    const response = await feeder.request(method, `/api/v1${path}`, body);
    await expectRefused(feeder, response, { status: 400, path: field });
  });

  it.each([
    ['location.latitude', { location: { latitude: 91, longitude: 0 } }],
    ['location.longitude', { location: { latitude: 0 } }],
    ['location.height', { location: { latitude: 0, longitude: 0, height: 1 } }],
    ['quietHours.from', { quietHours: { from: '25:00', to: '06:00' } }],
    ['quietHours', { quietHours: { from: '22:00', to: '22:00' } }],
  ])('names the path %s', async (path, body) => {
    const feeder = new FakeFeeder();
    const response = await feeder.request('PATCH', '/api/v1/settings', body);
    await expectRefused(feeder, response, { status: 400, path });
  });

  it.each([
    ['time.sun', { sun: 'noon', offsetMinutes: 0 }],
    ['time.sun', { offsetMinutes: 0 }],
    ['time.offsetMinutes', { sun: 'sunset', offsetMinutes: '12' }],
    ['time.offsetMinutes', { sun: 'sunset', offsetMinutes: 241 }],
    ['time.zone', { sun: 'sunset', offsetMinutes: 0, zone: 'UTC' }],
    ['time', 'noon'],
    ['time', ['07:30']],
  ])('names the path %s of a meal, and no other', async (path, time) => {
    const feeder = new FakeFeeder();
    const response = await feeder.request('POST', '/api/v1/meals', { time, portionGrams: 5 });
    const { error } = v.parse(ErrorEnvelopeSchema, await response.clone().json());
    expect(error.details.map((detail) => detail.path)).toEqual([path]);
    await expectRefused(feeder, response, { status: 400, path });
  });

  it.each([
    ['/feedings?limit=0', 'limit'],
    ['/feedings?limit=-1', 'limit'],
    ['/feedings?limit=1e3', 'limit'],
    ['/feedings?limit=NaN', 'limit'],
    ['/feedings?limit=', 'limit'],
    ['/feedings?limit=5&limit=6', 'limit'],
    ['/feedings?skip=10001', 'skip'],
    ['/feedings?before=x', 'before'],
    ['/feedings?state=eaten', 'state'],
    ['/feedings?colour=red', 'colour'],
    ['/feedings?__proto__=1', '__proto__'],
    ['/feedings?constructor=1', 'constructor'],
    ['/feedings/%00', 'id'],
    ['/feedings/..%2f..%2fetc', 'id'],
    ['/preview?days=0', 'days'],
    ['/preview?days=401', 'days'],
    ['/preview?days=7.5', 'days'],
    ['/occurrences?from=2026-02-30', 'from'],
    ['/occurrences?to=yesterday', 'to'],
    ['/occurrences/abc@2026-11-22', 'key'],
    [`/occurrences/${fakeId()}@9999-99-99`, 'key'],
    [`/occurrences/${fakeId()}@9999-12-31`, 'key'],
    [`/occurrences/${fakeId()}@2026-02-30`, 'key'],
    ['/ledger?afterSeq=-1', 'afterSeq'],
    ['/ledger?afterSeq=99999999999999999999', 'afterSeq'],
    ['/status?verbose=1', 'verbose'],
    ["/pets/1'%20OR%20'1'='1", 'id'],
  ])('GET %s names %s', async (path, field) => {
    const feeder = new FakeFeeder();
    const response = await feeder.request('GET', `/api/v1${path}`);
    await expectRefused(feeder, response, { status: 400, path: field });
  });

  it('A-59 keeps odd but harmless names exactly as they are', async () => {
    for (const name of [
      '<img src=x onerror=alert(1)>',
      "Robert'); DROP TABLE pets;--",
      '猫 🐈',
      '{{7*7}}',
    ]) {
      const feeder = new FakeFeeder();
      const response = await feeder.request('POST', '/api/v1/pets', { name });
      expect([response.status, (await dataOf<Pet>(response)).name]).toEqual([201, name]);
    }
  });
});

describe('B-02, FMEA-44 anything at all', () => {
  it('is answered with 4xx or a documented success, never 5xx', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...unsafe),
        fc.jsonValue({ maxDepth: 4 }),
        fc.dictionary(fc.string(), fc.string(), { maxKeys: 2 }),
        async (route, body, query) => {
          const feeder = new FakeFeeder();
          const search = new URLSearchParams(query).toString();
          const address = `${addressOf(route)}${search === '' ? '' : `?${search}`}`;
          const response = await feeder.request(route.method, address, body);
          const isPlanned = route.statuses[response.status] !== undefined;
          expect(isPlanned || (response.status >= 400 && response.status < 500)).toBe(true);
          await response.body?.cancel();
        },
      ),
      { numRuns: 500 },
    );
  });

  it('whatever portion is accepted lies within the built-in limits', async () => {
    await fc.assert(
      fc.asyncProperty(fc.double({ noNaN: false }), async (portionGrams) => {
        const feeder = new FakeFeeder();
        const response = await feeder.request('POST', '/api/v1/feedings', {
          requestId: 'a',
          portionGrams,
        });
        const isFine = portionGrams >= 1 && portionGrams <= 150;
        expect(response.status).toBe(isFine ? 202 : 400);
        expect(feeder.motorStarts).toBe(isFine ? 1 : 0);
      }),
      { numRuns: 500 },
    );
  });
});
