import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeAll, describe, expect, inject, it } from 'vitest';
import type { Cloud } from '../../src/app/compose-cloud.ts';
import { ask, type OwnHome, ownCloud, ownHome } from '../own-cloud.ts';
import { ownDatabaseUrl } from '../own-database.ts';
import { OwnFeeder } from '../own-feeder.ts';

/* Those without a token must not be able to keep those with one from being served. */
let databaseUrl: string;
const clouds: Cloud[] = [];
const sockets: Socket[] = [];

beforeAll(async () => {
  databaseUrl = await ownDatabaseUrl(inject('mariadbUrl'));
});
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await Promise.all(clouds.splice(0).map((cloud) => cloud.stop()));
});

async function started(
  part: Parameters<typeof ownCloud>[1] = {},
): Promise<{ cloud: Cloud; home: OwnHome; feeder: OwnFeeder }> {
  const cloud = await ownCloud(databaseUrl, part);
  clouds.push(cloud);
  const home = await ownHome(cloud);
  const feeder = await OwnFeeder.claimed(cloud.url, home);
  await feeder.hello();
  return { cloud, home, feeder };
}

/** A request whose body never comes to its end. */
function slowRequest(url: string, path: string, token?: string): Socket {
  const socket = connect(Number(new URL(url).port), '127.0.0.1');
  socket.on('error', () => {});
  const bearer = token === undefined ? '' : `Authorization: Bearer ${token}\r\n`;
  socket.write(`POST ${path} HTTP/1.1\r\nHost: x\r\n${bearer}Content-Length: 100\r\n\r\n{`);
  sockets.push(socket);
  return socket;
}

const from = (address: string) => ({ headers: { 'x-forwarded-for': address } });

describe('a stranger', () => {
  it('takes nobody’s session: a hello without a token is not one of those of this second', async () => {
    const { cloud, feeder } = await started({ hellosPerSecond: 3 });
    await sleep(400);
    const said = await Promise.all(
      Array.from({ length: 40 }, () => ask(cloud.url, '/v1/sync/hello', { body: {} })),
    );
    expect(new Set(said.map(({ status }) => status))).toEqual(new Set([401]));
    expect((await feeder.hello()).status).toBe(200);
  });

  it('holds no place with a body that never ends', async () => {
    const { cloud, feeder } = await started({ inFlight: 8 });
    for (let n = 0; n < 20; n++) slowRequest(cloud.url, '/v1/token');
    await sleep(200);
    expect((await feeder.send([feeder.event(1)])).status).toBe(200);
    expect((await feeder.login()).status).toBe(200);
  });

  it('is cut off when the body takes too long, or is larger than any of these', async () => {
    const { cloud } = await started();
    const socket = slowRequest(cloud.url, '/v1/token');
    const said = await new Promise<string>((resolve) => {
      socket.once('data', (bytes: Buffer) => resolve(bytes.toString()));
    });
    expect(said).toContain('400');
    const large = { assertion: 'a'.repeat(20_000) };
    expect((await ask(cloud.url, '/v1/token', { body: large })).status).toBe(413);
  });

  it('stands for itself behind a proxy, not for everybody who comes through it', async () => {
    const { cloud } = await started({ proxies: 1 });
    const start = (address: string) =>
      ask(cloud.url, '/v1/claim/start', { body: {}, ...from(address) });
    const statuses: number[] = [];
    for (let n = 0; n < 25; n++) statuses.push((await start('203.0.113.9')).status);
    expect(statuses.filter((status) => status === 429).length).toBeGreaterThan(3);
    expect((await start('203.0.113.10')).status).toBe(400);
    // What the sender itself puts in front counts for nothing.
    expect((await start('203.0.113.11, 203.0.113.9')).status).toBe(429);
  });

  it('without a proxy is not believed what it says of itself', async () => {
    const { cloud } = await started();
    const statuses: number[] = [];
    for (let n = 0; n < 25; n++) {
      const said = await ask(cloud.url, '/v1/claim/start', { body: {}, ...from(`192.0.2.${n}`) });
      statuses.push(said.status);
    }
    expect(statuses.filter((status) => status === 429).length).toBeGreaterThan(3);
  });

  it('tries no end of tokens, while a feeder at the same address is served', async () => {
    const { cloud, feeder } = await started();
    const token = `${feeder.token.slice(0, -8)}AAAAAAAA`;
    const statuses: number[] = [];
    for (let n = 0; n < 250; n++) {
      statuses.push((await ask(cloud.url, '/v1/devices', { token })).status);
    }
    expect(statuses.slice(0, 50)).toEqual(Array(50).fill(401));
    expect(statuses.filter((status) => status === 429).length).toBeGreaterThan(10);
    expect((await feeder.send([feeder.event(1)])).status).toBe(200);
  });
});

describe('one feeder', () => {
  it('holds a few places at most, however slowly it sends', async () => {
    const { cloud, home, feeder } = await started({ inFlight: 24 });
    for (let n = 0; n < 40; n++) slowRequest(cloud.url, '/v1/sync/events', feeder.token);
    await sleep(200);
    const other = await OwnFeeder.claimed(cloud.url, home);
    expect((await other.hello()).status).toBe(200);
    expect(await feeder.hello()).toMatchObject({ status: 429, body: { err: 'rate_limited' } });
  });
});

describe('what is refused', () => {
  it('is counted and told to the operator, once a minute and without secrets', async () => {
    const lines: string[] = [];
    const note = (fields: object, sentence: string) => {
      lines.push(JSON.stringify(fields) + sentence);
    };
    const { cloud } = await started({ log: { info: note, warn: note, error: note } });
    const token = 'aaaa.bbbb.cccc';
    for (let n = 0; n < 5; n++) await ask(cloud.url, '/v1/devices', { token });
    await ask(cloud.url, '/wp-login.php');
    const told = lines.filter((line) => line.includes('bad_token'));
    expect(told).toHaveLength(1);
    expect(told[0]).toContain('"route":"GET /v1/devices"');
    expect(told[0]).not.toContain(token);
    const figures = await (await fetch(`${cloud.adminUrl}/metrics`)).text();
    expect(figures).toContain('cloud_requests_total{route="GET /v1/devices",answer="bad_token"} 5');
    expect(figures).toContain('cloud_requests_total{route="other",answer="not_found"} 1');
  });
});
