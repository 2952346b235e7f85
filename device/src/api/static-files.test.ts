import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { FakeFeeder } from '../../test/contracts/fake-feeder.ts';

const root = mkdtempSync(join(tmpdir(), 'feeder-ui-'));
const uiDir = join(root, 'ui');
mkdirSync(join(uiDir, 'assets'), { recursive: true });
writeFileSync(join(root, 'secret.txt'), 'secret');
writeFileSync(join(uiDir, 'index.html'), '<!doctype html><title>Feeder</title>');
writeFileSync(join(uiDir, 'assets/index-Dk3x_9aB.js'), 'export {};');
writeFileSync(join(uiDir, 'assets/plain.css'), 'body{}');
writeFileSync(join(uiDir, 'icon.svg'), '<svg/>');
writeFileSync(join(uiDir, '.hidden'), 'hidden');
symlinkSync(join(root, 'secret.txt'), join(uiDir, 'link.txt'));
symlinkSync(root, join(uiDir, 'up'));
afterAll(() => rmSync(root, { recursive: true }));

const get = (path: string, headers: Record<string, string> = {}) =>
  new FakeFeeder({ uiDir }).request('GET', path, undefined, headers);

describe('the page', () => {
  it.each([
    ['/', 'text/html; charset=utf-8', 'no-cache'],
    ['/index.html', 'text/html; charset=utf-8', 'no-cache'],
    ['/icon.svg', 'image/svg+xml', 'no-cache'],
    ['/assets/plain.css', 'text/css; charset=utf-8', 'no-cache'],
    [
      '/assets/index-Dk3x_9aB.js',
      'text/javascript; charset=utf-8',
      'public, max-age=31536000, immutable',
    ],
  ])('A-36 %s has its type and its caching', async (path, type, caching) => {
    const response = await get(path);
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toBe(type);
    expect(response.headers.get('cache-control')).toBe(caching);
    expect(response.headers.get('x-content-type-options')).toBe('nosniff');
    expect((await response.text()).length).toBeGreaterThan(0);
  });

  it('is not sent again to who has it', async () => {
    const etag = (await get('/')).headers.get('etag') ?? '';
    for (const known of [etag, `W/${etag}`, `"x", ${etag}`]) {
      const response = await get('/', { 'if-none-match': known });
      expect([response.status, await response.text()]).toEqual([304, '']);
      expect(response.headers.get('content-security-policy')).toContain("default-src 'self'");
      expect(response.headers.get('etag')).toBe(etag);
    }
    expect((await get('/', { 'if-none-match': '"other"' })).status).toBe(200);
  });

  it.each([
    '/../secret.txt',
    '/..%2fsecret.txt',
    '/%2e%2e/secret.txt',
    '/%2e%2e%2fsecret.txt',
    '/assets/..%2f..%2fsecret.txt',
    '/..%5csecret.txt',
    '/%252e%252e%252fsecret.txt',
    '/assets//../../secret.txt',
    '/link.txt',
    '/up/secret.txt',
    '/.hidden',
    '/assets',
    '/assets/',
    '/%00',
    '/%ff',
    '/%',
    `/${'a'.repeat(5000)}`,
    '//etc/passwd',
  ])('FMEA-44 nothing outside of it can be reached by %s', async (path) => {
    const response = await get(path);
    const text = await response.text();
    expect(response.status).toBe(404);
    expect(text).not.toContain('secret\n');
    expect(JSON.parse(text).error.code).toBe('ERR_NOT_FOUND');
  });

  it.each([null, join(root, 'nowhere')])('says that it was not built (%s)', async (dir) => {
    const feeder = new FakeFeeder({ uiDir: dir });
    const response = await feeder.request('GET', '/');
    expect(response.status).toBe(200);
    expect(await response.text()).toContain('npm run build');
    expect((await feeder.request('GET', '/index.html')).status).toBe(404);
    expect((await feeder.request('GET', '/api/v1/status')).status).toBe(200);
  });
});
