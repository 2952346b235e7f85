import { describe, expect, it } from 'vitest';
import { FakeFeeder } from '../../test/contracts/fake-feeder.ts';
import { errorOf } from '../../test/contracts/fake-parts.ts';
import { petRoutes } from './routes/pets.ts';

const path = '/api/v1/feedings?colour=red';
const good = { requestId: 'a', portionGrams: 5 };

/** Everything that is wrong with one request, in the order in which it is looked at. */
const wrongs: [string, number, { headers?: Record<string, string>; body?: unknown }][] = [
  ['the host', 421, { headers: { host: 'evil.test' } }],
  ['the site', 403, { headers: { origin: 'http://evil.test' } }],
  ['the query', 400, {}],
];

describe('A-46 the way of a request', () => {
  it('is stopped by the first guard that it does not pass, and no handler hears of it', async () => {
    for (const [at, [name, status]] of wrongs.entries()) {
      const headers = Object.assign({}, ...wrongs.slice(at).map(([, , wrong]) => wrong.headers));
      const feeder = new FakeFeeder();
      const response = await feeder.request('POST', path, { portionGrams: 'NaN' }, headers);
      expect(response.status, name).toBe(status);
      expect((await errorOf(response)).requestId).toBe(response.headers.get('x-request-id'));
      expect([feeder.motorStarts, feeder.writes], name).toEqual([0, 0]);
    }
  });

  it('asks for the rate last of all, of what a handler would take', async () => {
    const feeder = new FakeFeeder();
    for (let i = 0; i < 30; i++) {
      await feeder.request('POST', '/api/v1/feedings', { ...good, requestId: `r${i}` });
    }
    expect((await feeder.request('POST', '/api/v1/feedings', 'no JSON')).status).toBe(400);
    expect((await feeder.request('POST', path, { ...good, requestId: 'x' })).status).toBe(400);
    const last = await feeder.request('POST', '/api/v1/feedings', { ...good, requestId: 'x' });
    expect(last.status).toBe(429);
  });

  it('B-17 ends at a handler that needs no server: a plain object is its whole request', async () => {
    const feeder = new FakeFeeder();
    const add = petRoutes(feeder.deps).find(({ operationId }) => operationId === 'addPet');
    const request = {
      params: undefined,
      query: {},
      body: { name: 'Mia' },
      lastEventId: null,
      conditions: { range: null, ifRange: null, ifNoneMatch: null },
      requestId: 'any',
    };
    expect(await add?.handler(request)).toMatchObject({ status: 201, data: { name: 'Mia' } });
    expect(feeder.pets.list()).toHaveLength(1);
  });

  it('B-41 leaves one line with route, status and time, and no text of the request', async () => {
    const feeder = new FakeFeeder();
    const note = 'canary in the body';
    const response = await feeder.request('POST', '/api/v1/pets', { name: 'Mia', note });
    const lines = feeder.lines.filter(({ sentence }) => sentence === 'Answered.');
    expect(lines).toHaveLength(1);
    expect(lines[0]?.fields).toMatchObject({
      requestId: response.headers.get('x-request-id'),
      method: 'POST',
      route: '/api/v1/pets',
      status: 201,
      durationMs: expect.any(Number),
    });
    expect(JSON.stringify(feeder.lines)).not.toContain('canary');
  });
});
