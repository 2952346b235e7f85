import { describe, expect, it } from 'vitest';
import { FakeFeeder } from '../../test/contracts/fake-feeder.ts';
import { errorOf } from '../../test/contracts/fake-parts.ts';
import { ownHosts, securityHeaders } from './security.ts';

const feed = { requestId: 'x', portionGrams: 5 };

describe('FMEA-73 rebinding', () => {
  it.each(['127.0.0.1:8480', 'localhost:8480', 'LOCALHOST:8480', '[::1]:8480'])(
    'answers %s',
    async (host) => {
      const feeder = new FakeFeeder();
      const response = await feeder.api.app.request(`http://${host}/api/v1/status`, {
        headers: { host },
      });
      expect(response.status).toBe(200);
    },
  );

  it.each([
    'evil.test',
    'evil.test:8480',
    '127.0.0.1',
    '127.0.0.1:8481',
    '127.0.0.1.evil.test:8480',
    '0.0.0.0:8480',
    '192.168.1.5:8480',
    'localhost:8480.evil.test',
    '',
  ])('refuses %s on every path', async (host) => {
    const feeder = new FakeFeeder();
    for (const path of ['/api/v1/status', '/healthz', '/', '/nothing']) {
      const response = await feeder.request('GET', path, undefined, { host });
      expect(response.status).toBe(421);
      expect((await errorOf(response)).code).toBe('ERR_HOST_NOT_ALLOWED');
    }
    const response = await feeder.request('POST', '/api/v1/feedings', feed, { host });
    expect([response.status, feeder.motorStarts]).toEqual([421, 0]);
  });

  it('sees a foreign host in the target, too', async () => {
    const feeder = new FakeFeeder();
    const response = await feeder.api.app.request('http://evil.test/api/v1/status', {
      headers: { host: '127.0.0.1:8480' },
    });
    expect(response.status).toBe(421);
  });

  it('knows that port 80 goes without saying', () => {
    expect(ownHosts(80).includes('localhost')).toBe(true);
    expect(ownHosts(8480).includes('localhost')).toBe(false);
  });
});

describe('B-77, FMEA-72 requests of other sites', () => {
  const foreign = [
    { origin: 'http://evil.test' },
    { origin: 'null' },
    { origin: 'http://127.0.0.1:3000' },
    { origin: 'https://127.0.0.1:8480' },
    { origin: 'http://localhost:8480' },
    { 'sec-fetch-site': 'cross-site' },
    { 'sec-fetch-site': 'same-site' },
    { origin: 'http://127.0.0.1:8480', 'sec-fetch-site': 'cross-site' },
  ];
  it.each(foreign)('refuses %j before anything happens', async (headers) => {
    const feeder = new FakeFeeder();
    const calls: [string, string, unknown?][] = [
      ['POST', '/api/v1/feedings', feed],
      ['POST', '/api/v1/stop'],
      ['PATCH', '/api/v1/settings', { name: 'Mine' }],
      ['GET', '/api/v1/events'],
      ['GET', '/api/v1/status'],
      ['POST', '/', {}],
    ];
    for (const [method, path, body] of calls) {
      const response = await feeder.request(method, path, body, headers as Record<string, string>);
      expect(response.status).toBe(403);
      expect((await errorOf(response)).code).toBe('ERR_CROSS_SITE');
    }
    expect([feeder.motorStarts, feeder.writes, feeder.stops]).toEqual([0, 0, 0]);
  });

  it('takes its own page and programs without an origin', async () => {
    const feeder = new FakeFeeder();
    const own = { origin: 'http://127.0.0.1:8480', 'sec-fetch-site': 'same-origin' };
    expect((await feeder.request('POST', '/api/v1/feedings', feed, own)).status).toBe(202);
    expect((await feeder.request('POST', '/api/v1/stop')).status).toBe(200);
  });

  it('lets a link on another site open the page, but nothing else', async () => {
    const feeder = new FakeFeeder();
    const link = { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate' };
    expect((await feeder.request('GET', '/', undefined, link)).status).toBe(200);
    expect((await feeder.request('GET', '/api/v1/status', undefined, link)).status).toBe(403);
  });

  it.each([
    'application/x-www-form-urlencoded',
    'multipart/form-data; boundary=x',
    'text/plain',
    'application/json; charset=latin1',
    'application/jsonp',
  ])('refuses a body of type %s', async (type) => {
    const feeder = new FakeFeeder();
    const headers = { 'content-type': type };
    for (const body of ['{"requestId":"x","portionGrams":5}', 'requestId=x&portionGrams=5']) {
      const response = await feeder.request('POST', '/api/v1/feedings', body, headers);
      expect(response.status).toBe(415);
    }
    const stop = await feeder.request('POST', '/api/v1/stop', undefined, headers);
    expect([stop.status, feeder.stops, feeder.motorStarts]).toEqual([415, 0, 0]);
  });

  it('A-37, B-35 has no CORS answers at all', async () => {
    const feeder = new FakeFeeder();
    const response = await feeder.request('OPTIONS', '/api/v1/feedings', undefined, {
      origin: 'http://evil.test',
      'access-control-request-method': 'POST',
    });
    const names = [...response.headers.keys()];
    expect(names.filter((name) => name.startsWith('access-control'))).toEqual([]);
  });
});

describe('A-35 headers', () => {
  const calls: [string, string, string, number][] = [
    ['JSON', 'GET', '/api/v1/status', 200],
    ['a stream', 'GET', '/api/v1/events', 200],
    ['metrics', 'GET', '/api/v1/metrics', 200],
    ['an error', 'GET', '/api/v1/nothing', 404],
    ['another method', 'POST', '/api/v1/status', 405],
    ['a page', 'GET', '/', 200],
    ['a missing file', 'GET', '/nothing.js', 404],
  ];
  it.each(calls)('stand on %s', async (_name, method, path, status) => {
    const feeder = new FakeFeeder();
    const response = await feeder.request(method, path);
    expect(response.status).toBe(status);
    for (const [name, value] of Object.entries(securityHeaders)) {
      expect(response.headers.get(name)).toBe(value);
    }
    if (path.startsWith('/api')) expect(response.headers.get('cache-control')).toBe('no-store');
  });

  it('stand on a refused host, and forbid inline code and frames', async () => {
    const feeder = new FakeFeeder();
    const response = await feeder.request('GET', '/', undefined, { host: 'evil.test' });
    const policy = response.headers.get('content-security-policy') ?? '';
    expect(policy).toContain("default-src 'self'");
    expect(policy).toContain("frame-ancestors 'none'");
    expect(policy).toContain("base-uri 'none'");
    expect(policy).toContain("object-src 'none'");
    expect(policy).toContain("form-action 'self'");
    expect(policy).not.toContain('unsafe');
  });
});
