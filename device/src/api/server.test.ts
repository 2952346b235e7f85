import { errorTable, FeederError, type Status } from '@cat-feeder/shared';
import { describe, expect, it } from 'vitest';
import { FAKE_PORT, FAKE_URL, FakeFeeder } from '../../test/contracts/fake-feeder.ts';
import { dataOf, errorOf } from '../../test/contracts/fake-parts.ts';

async function failure(response: Response) {
  const error = await errorOf(response);
  expect(error.status).toBe(response.status);
  expect(error.requestId).toBe(response.headers.get('x-request-id'));
  return error;
}

describe('A-31 answers', () => {
  it('wraps every success in data and gives each request an id of its own', async () => {
    const feeder = new FakeFeeder();
    const first = await feeder.request('GET', '/api/v1/status');
    const second = await feeder.request('GET', '/api/v1/status');
    expect(first.status).toBe(200);
    expect((await dataOf<Status>(first)).name).toBe('Test feeder');
    expect(first.headers.get('x-request-id')).not.toBe(second.headers.get('x-request-id'));
  });

  it('names what is not there', async () => {
    const feeder = new FakeFeeder();
    for (const path of ['/api/v1/nothing', '/api', '/api/v2/status', '/nothing.js']) {
      expect((await failure(await feeder.request('GET', path))).code).toBe('ERR_NOT_FOUND');
    }
  });

  it('lists the methods of an address that takes others', async () => {
    const feeder = new FakeFeeder();
    const response = await feeder.request('DELETE', '/api/v1/feedings');
    expect((await failure(response)).code).toBe('ERR_METHOD_NOT_ALLOWED');
    expect(response.headers.get('allow')).toBe('POST, GET, HEAD');
    const page = await feeder.request('POST', '/', {});
    expect(page.headers.get('allow')).toBe('GET, HEAD');
    expect((await feeder.request('OPTIONS', '/api/v1/status')).status).toBe(405);
  });

  it('answers HEAD like GET, without a body and without keeping a stream', async () => {
    const feeder = new FakeFeeder();
    for (let i = 0; i < 20; i++) {
      const response = await feeder.request('HEAD', '/api/v1/events');
      expect([response.status, await response.text()]).toEqual([200, '']);
    }
    expect((await feeder.request('GET', '/api/v1/events')).status).toBe(200);
  });

  const codes = Object.keys(errorTable) as (keyof typeof errorTable)[];
  it.each(codes.filter((code) => code !== 'ERR_INTERNAL'))(
    'A-34, B-37 carries %s to the caller',
    async (code) => {
      const feeder = new FakeFeeder();
      feeder.refuseWith = new FeederError(code, { details: [{ path: 'rule', message: 'x' }] });
      const response = await feeder.request('POST', '/api/v1/feedings', {
        requestId: 'a',
        portionGrams: 5,
      });
      const error = await failure(response);
      const { status, message, hint, retry } = errorTable[code];
      expect(error).toMatchObject({ code, status, message, hint, retry });
      expect(error.details).toEqual([{ path: 'rule', message: 'x' }]);
    },
  );

  it.each([
    new TypeError('secret path /etc/shadow'),
    new FeederError('ERR_INTERNAL', { message: 'secret path /etc/shadow' }),
  ])(
    'B-38 hides the text of what nobody planned, and logs it under the same id: %s',
    async (thrown) => {
      const feeder = new FakeFeeder();
      feeder.refuseWith = thrown;
      const response = await feeder.request('POST', '/api/v1/feedings', {
        requestId: 'a',
        portionGrams: 5,
      });
      const text = await response.clone().text();
      expect(text).not.toContain('secret');
      const error = await failure(response);
      expect(error.code).toBe('ERR_INTERNAL');
      const line = feeder.lines.find(({ level }) => level === 'error');
      expect(line?.fields).toMatchObject({ requestId: error.requestId, err: thrown });
    },
  );
});

describe('limits', () => {
  it('B-36, FMEA-67 feed requests are limited for each address; cancel, stop and reads are not', async () => {
    const feeder = new FakeFeeder();
    const feed = (requestId: string) =>
      feeder.request('POST', '/api/v1/feedings', { requestId, portionGrams: 5 });
    for (let i = 0; i < 30; i++) await feed(`burst-${i}`);
    const refused = await feed('burst-31');
    expect((await failure(refused)).code).toBe('ERR_RATE_LIMITED');
    expect(refused.headers.get('retry-after')).toBe('2');
    expect(refused.headers.get('ratelimit-limit')).toBe('30');
    expect(feeder.motorStarts).toBe(1);
    for (let i = 0; i < 40; i++) {
      expect((await feeder.request('POST', '/api/v1/stop')).status).toBe(200);
    }
    expect(feeder.stops).toBe(40);
    feeder.clock.advance(2_000);
    expect((await feed('later')).status).toBe(202);
    expect((await feed('too-soon')).status).toBe(429);
  });

  it('FMEA-67 what no schema takes, or never arrives in full, uses up nobody’s feedings', async () => {
    const feeder = new FakeFeeder();
    const feed = (body: unknown) => feeder.request('POST', '/api/v1/feedings', body);
    for (let i = 0; i < 40; i++) {
      const invalid = await feed({ requestId: `bad-${i}`, portionGrams: -5 });
      expect(invalid.status).toBe(400);
      expect(invalid.headers.get('ratelimit-remaining')).toBeNull();
    }
    const halves = Array.from({ length: 200 }, async () => feeder.api.app.request(halfSent()));
    expect((await feed({ requestId: 'good', portionGrams: 5 })).status).toBe(202);
    for (const half of await Promise.all(halves)) expect(half.status).toBe(400);
    expect(feeder.motorStarts).toBe(1);
  });

  it('FMEA-67 a retry gets its first answer although the limit is reached', async () => {
    const feeder = new FakeFeeder();
    const feed = (requestId: string) =>
      feeder.request('POST', '/api/v1/feedings', { requestId, portionGrams: 5 });
    const first = await feed('first');
    for (let i = 0; i < 29; i++) await feed(`burst-${i}`);
    for (let i = 0; i < 40; i++) {
      const again = await feed('first');
      expect(again.status).toBe(200);
      expect(again.headers.get('location')).toBe(first.headers.get('location'));
    }
    expect((await feed('fresh')).status).toBe(429);
    expect(feeder.motorStarts).toBe(1);
  });
});

/** A request to feed whose body breaks off when its client is gone. */
function halfSent(): Request {
  const body = new ReadableStream({
    start: (controller) => controller.enqueue(new TextEncoder().encode('{"requestId":')),
    pull: async (controller) => {
      await new Promise(setImmediate);
      controller.error(new Error('The client is gone.'));
    },
  });
  const headers = { host: `127.0.0.1:${FAKE_PORT}`, 'content-type': 'application/json' };
  const init = { method: 'POST', headers, body, duplex: 'half' } as const;
  return new Request(`${FAKE_URL}/api/v1/feedings`, init);
}
