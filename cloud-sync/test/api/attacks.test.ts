import { connect } from 'node:net';
import { gzipSync } from 'node:zlib';
import { SignJWT, UnsecuredJWT } from 'jose';
import { createConnection, type RowDataPacket } from 'mysql2/promise';
import { afterAll, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest';
import type { Cloud } from '../../src/app/compose-cloud.ts';
import { realSystem } from '../../src/platform/system.ts';
import { migrations } from '../../src/storage/mysql/migrate.ts';
import { ask, emptyRedis, newId, type OwnHome, ownCloud, ownHome } from '../own-cloud.ts';
import { ownDatabaseUrl } from '../own-database.ts';
import { newFeederKey, OwnFeeder } from '../own-feeder.ts';

let cloud: Cloud;
let databaseUrl: string;
let home: OwnHome;
let feeder: OwnFeeder;
const lines: string[] = [];
const note = (fields: object, sentence: string) => {
  lines.push(JSON.stringify(fields) + sentence);
};

beforeAll(async () => {
  databaseUrl = await ownDatabaseUrl(inject('mariadbUrl'));
  const redisUrl = await emptyRedis(inject('redisUrl'));
  cloud = await ownCloud(databaseUrl, { redisUrl, log: { info: note, warn: note, error: note } });
  home = await ownHome(cloud);
});
beforeEach(async () => {
  await emptyRedis(inject('redisUrl'));
  feeder = await OwnFeeder.claimed(cloud.url, home);
  await feeder.hello();
});
afterAll(() => cloud.stop());

/** Rows of every table, so that nothing can be stored unseen. */
async function stored(): Promise<unknown> {
  const connection = await createConnection(databaseUrl);
  const names = migrations
    .flatMap(({ statements }) => statements)
    .map((sql) => /TABLE IF NOT EXISTS ([a-z_]+)/.exec(sql)?.[1] ?? '');
  const counts: Record<string, unknown> = {};
  for (const name of names) {
    const [rows] = await connection.query<RowDataPacket[]>(`CHECKSUM TABLE ${name}`);
    counts[name] = rows[0]?.['Checksum'];
  }
  await connection.end();
  return counts;
}

const nowS = () => Math.floor(realSystem.wallMs() / 1000);

describe('a token that is not what it seems', () => {
  const claims = () => ({
    ...{ sub: feeder.deviceId, iss: 'https://cloud.test', aud: 'cat-feeder-device' },
    ...{ iat: nowS(), exp: nowS() + 600 },
  });
  const header = { alg: 'EdDSA', typ: 'at+jwt' };
  const kid = () => cloud.deps.enrolment.keys.signing.kid;
  const signed = (part: object, by = cloud.deps.enrolment.keys.signing.key) =>
    new SignJWT({ ...claims(), ...part }).setProtectedHeader({ ...header, kid: kid() }).sign(by);

  const forgeries: Readonly<Record<string, () => Promise<string> | string>> = {
    'is not signed': () => new UnsecuredJWT(claims()).encode(),
    'has an empty signature': async () => (await signed({})).replace(/\.[^.]*$/, '.'),
    'is signed by the feeder itself': () => signed({}, feeder.key.privateKey),
    'is signed by HMAC with the public key as the secret': () =>
      new SignJWT(claims())
        .setProtectedHeader({ alg: 'HS256', typ: 'at+jwt', kid: kid() })
        .sign(Buffer.from(feeder.key.jwk.x, 'base64url')),
    'has expired': () => signed({ exp: nowS() - 1 }),
    'is for members': () => signed({ aud: 'cat-feeder-member', home: home.homeId }),
    'is of another service': () => signed({ iss: 'https://other.test' }),
    'has no end': () => signed({ exp: undefined }),
    'is a proof': () => feeder.proof(),
    'is no token': () => 'a.b.c',
    'is longer than any': () => `${'a'.repeat(5000)}.b.c`,
  };

  it.each(Object.entries(forgeries))('%s: refused, and nothing is stored', async (_, forge) => {
    const token = await forge();
    const before = await stored();
    const { body } = feeder.batch([feeder.event(1)]);
    const said = await ask(cloud.url, '/v1/sync/events', { token, body });
    expect(said).toMatchObject({ status: 401, body: { err: 'bad_token' } });
    expect(await stored()).toEqual(before);
  });

  it('opens nothing for members with a feeder’s token, nor the other way round', async () => {
    const at = `/v1/devices/${feeder.deviceId}`;
    expect((await ask(cloud.url, at, { token: feeder.token })).status).toBe(401);
    const { body } = feeder.batch([feeder.event(1)]);
    expect((await ask(cloud.url, '/v1/sync/events', { token: home.token, body })).status).toBe(401);
    expect((await ask(cloud.url, at)).status).toBe(401);
  });
});

describe('an assertion that is not what it seems', () => {
  const forgeries: Readonly<Record<string, () => Promise<string>>> = {
    'is for another service': () => feeder.proof({ audience: 'https://other.test' }),
    'is for another purpose': () => feeder.proof({ purpose: 'claim' }),
    'names another feeder': async () => {
      const victim = await OwnFeeder.claimed(cloud.url, home);
      return feeder.proof({ sub: victim.deviceId });
    },
    'names nobody': () => feeder.proof({ sub: 'a'.repeat(26) }),
    'is signed by another key': async () => feeder.proof({ key: await newFeederKey() }),
    'has a nonce of its own making': () =>
      feeder.proof({ nonce: Buffer.alloc(32, 7).toString('base64url') }),
    'is old': () => feeder.proof({ ageS: 900, lifeS: 1800 }),
    'has expired': () => feeder.proof({ ageS: 200, lifeS: 100 }),
  };

  it.each(Object.entries(forgeries))('%s: no token', async (_, forge) => {
    const assertion = await forge();
    const said = await ask(cloud.url, '/v1/token', { body: { assertion } });
    expect(said).toMatchObject({ status: 401, body: { err: 'bad_token' } });
  });

  it('gets a token when nothing is wrong with it', async () => {
    expect((await feeder.login()).status).toBe(200);
  });
});

describe('keys', () => {
  it('are changed by both of them, and the old one ends later', async () => {
    const next = await newFeederKey();
    const by = { purpose: 'rotate', next: next.thumbprint };
    const byOld = await feeder.proof(by);
    const byNew = await feeder.proof({ ...by, key: next });
    const send = (part: object) =>
      ask(cloud.url, '/v1/keys/rotate', {
        body: { key: next.jwk, by_old: byOld, by_new: byNew, ...part },
      });
    expect((await send({ by_new: byOld })).status).toBe(401);
    expect((await send({ by_old: byNew })).status).toBe(401);
    const other = await newFeederKey();
    expect((await send({ key: other.jwk })).status).toBe(401);
    expect((await send({ by_old: await feeder.proof({ purpose: 'token' }) })).status).toBe(401);
    expect(await send({})).toMatchObject({ status: 200, body: { ok: true } });
    expect((await send({})).status).toBe(200);
    expect((await feeder.login()).status).toBe(200);
    feeder.key = next;
    expect((await feeder.login()).status).toBe(200);
  });
});

describe('another home', () => {
  it('does not exist for a member, whatever is asked', async () => {
    const stranger = await ownHome(cloud, 'eve@example.org');
    const at = `/v1/devices/${feeder.deviceId}`;
    const wish = { mid: newId(), op: 'delete', base: {}, groups: {} };
    const asked: readonly [string, string, unknown][] = [
      ['GET', at, undefined],
      ['DELETE', at, undefined],
      ['GET', `${at}/docs`, undefined],
      ['GET', `${at}/events`, undefined],
      ['POST', `${at}/commands`, { id: newId(), order: { op: 'feed', mg: 1000 } }],
      ['GET', `${at}/commands/${newId()}`, undefined],
      ['POST', `${at}/commands/${newId()}/cancel`, {}],
      ['PATCH', `${at}/docs/meal/${newId()}`, wish],
      ['GET', `${at}/mutations/${newId()}`, undefined],
    ];
    const before = await stored();
    for (const [method, path, body] of asked) {
      const said = await ask(cloud.url, path, { method, token: stranger.token, body });
      expect([path, said.status, said.body]).toEqual([path, 404, { err: 'not_found' }]);
    }
    expect(await stored()).toEqual(before);
  });
});

describe('claim codes', () => {
  it('are not guessed: five tries, then a wait, however many nodes and accounts help', async () => {
    const said = [];
    for (let n = 0; n < 12; n++) {
      const body = { code: `2222222${'23456789ABCD'.charAt(n)}` };
      said.push(await ask(cloud.url, '/v1/claim/confirm', { token: home.token, body }));
    }
    expect(said.slice(0, 5).map(({ status }) => status)).toEqual([404, 404, 404, 404, 404]);
    for (const { status, retryAfter } of said.slice(5)) {
      expect(status).toBe(429);
      expect(retryAfter).toBeGreaterThan(60);
    }
  });

  it('work once, and only until they expire', async () => {
    const fresh = await OwnFeeder.make(cloud.url);
    const { body } = await fresh.startClaim();
    const { claim, code } = body as { claim: string; code: string };
    expect((await fresh.pollClaim(claim, true)).body).toEqual({ state: 'waiting' });
    const confirm = async () =>
      ask(cloud.url, '/v1/claim/confirm', { token: await home.anotherToken(), body: { code } });
    expect((await confirm()).status).toBe(200);
    expect((await confirm()).status).toBe(404);
    expect((await fresh.pollClaim(claim, false)).body).toMatchObject({ state: 'confirm' });
  });

  it('are of no use to who has not the key, nor is the claim', async () => {
    const fresh = await OwnFeeder.make(cloud.url);
    const { body } = await fresh.startClaim();
    const thief = await OwnFeeder.make(cloud.url);
    const said = await thief.pollClaim(String(body['claim']), true);
    expect(said).toMatchObject({ status: 401, body: { err: 'bad_token' } });
  });

  it('begin with a proof of the key', async () => {
    const fresh = await OwnFeeder.make(cloud.url);
    const proof = await fresh.proof({ purpose: 'claim' });
    const { jwk } = await newFeederKey();
    const body = { key: jwk, hw: fresh.boot, model: 'test', proof };
    expect((await ask(cloud.url, '/v1/claim/start', { body })).status).toBe(401);
  });
});

describe('commands', () => {
  it('are not poured out: ten, then one every six seconds', async () => {
    const at = `/v1/devices/${feeder.deviceId}/commands`;
    const statuses = [];
    for (let n = 0; n < 15; n++) {
      const body = { id: newId(), order: { op: 'feed', mg: 150_000 } };
      statuses.push((await ask(cloud.url, at, { token: home.token, body })).status);
    }
    expect(statuses.slice(0, 10)).toEqual(Array(10).fill(200));
    expect(statuses.slice(10)).toEqual(Array(5).fill(429));
  });

  it.each([
    ['more than any feeder gives', { op: 'feed', mg: 150_001 }],
    ['half a milligram', { op: 'feed', mg: 0.5 }],
    ['nothing', { op: 'feed', mg: 0 }],
    ['something else', { op: 'reboot' }],
  ])('that ask for %s are refused', async (_, order) => {
    const body = { id: newId(), order };
    const at = `/v1/devices/${feeder.deviceId}/commands`;
    expect((await ask(cloud.url, at, { token: home.token, body })).status).toBe(400);
  });
});

describe('wishes', () => {
  it('are not piled up for a feeder that is away', async () => {
    const statuses: number[] = [];
    for (let n = 0; n < 205; n++) {
      const token = await home.anotherToken();
      const body = { mid: newId(), op: 'create', groups: { label: { name: 'x' } } };
      const at = `/v1/devices/${feeder.deviceId}/docs/meal/${newId()}`;
      statuses.push((await ask(cloud.url, at, { method: 'PATCH', token, body })).status);
    }
    expect(statuses).toEqual([...Array(200).fill(200), ...Array(5).fill(429)]);
  });
});

describe('a body that is an attack', () => {
  const deep = (levels: number) => '['.repeat(levels) + ']'.repeat(levels);
  const bodies: Readonly<Record<string, readonly [Uint8Array, number, boolean?]>> = {
    'is larger than any batch': [Buffer.alloc(600_000, '1'), 413],
    'is a bomb': [gzipSync(Buffer.alloc(60_000_000, ' ')), 413, true],
    'says gzip and is not': [Buffer.from('{}'), 400, true],
    'ends in the middle of gzip': [gzipSync('{"v":1}').subarray(0, 15), 400, true],
    'ends in the middle': [Buffer.from('{"v":1,"session":'), 400],
    'is deep': [Buffer.from(deep(100_000)), 400],
    'is deep inside an entry': [Buffer.from(`{"v":1,"events":[{"b":${deep(5000)}}]}`), 400],
    'is nothing': [Buffer.alloc(0), 400],
    'is a number': [Buffer.from('1e999'), 400],
    'is a prototype': [Buffer.from('{"__proto__":{"v":1},"constructor":1}'), 400],
    'is not UTF-8': [Buffer.from([0x22, 0xff, 0xfe, 0x22]), 400],
  };

  it.each(Object.entries(bodies))('%s: refused, and nothing is stored', async (_, attack) => {
    const [body, status, isPacked = false] = attack;
    const before = await stored();
    const said = await ask(cloud.url, '/v1/sync/events', {
      token: feeder.token,
      body,
      ...(isPacked ? { headers: { 'content-encoding': 'gzip' } } : {}),
    });
    expect(said.status).toBe(status);
    expect(await stored()).toEqual(before);
  });

  it('never ends: the line is cut, and the service goes on', async () => {
    const { port } = new URL(cloud.url);
    const sent = await new Promise<number>((resolve) => {
      const socket = connect(Number(port), '127.0.0.1');
      let bytes = 0;
      const chunk = `8000\r\n${'1'.repeat(0x8000)}\r\n`;
      const pour = () => {
        while (socket.write(chunk)) bytes += chunk.length;
        socket.once('drain', pour);
      };
      socket.write('POST /v1/sync/events HTTP/1.1\r\nHost: x\r\n');
      socket.write(`Authorization: Bearer ${feeder.token}\r\nTransfer-Encoding: chunked\r\n\r\n`);
      socket.once('error', () => resolve(bytes));
      socket.once('close', () => resolve(bytes));
      pour();
    });
    expect(sent).toBeLessThan(100_000_000);
    expect((await feeder.send([feeder.event(1)])).status).toBe(200);
  });

  it('is SQL in every field: stored as words, or refused', async () => {
    const evil = "'; DROP TABLE device; -- \u0000\\";
    const doc = { kind: evil, id: newId(), rev: 1, deleted: false };
    const groups = { [evil]: { [evil]: evil } };
    await feeder.send([feeder.event({ ...doc, groups, grevs: { [evil]: 1 } }, 'doc.changed')]);
    const docs = await ask(cloud.url, `/v1/devices/${feeder.deviceId}/docs`, { token: home.token });
    expect(docs.body['docs']).toMatchObject([{ kind: evil, groups }]);
    for (const path of [`/docs/${encodeURIComponent(evil)}/${evil}`, `/events?after=${evil}`]) {
      const method = path.startsWith('/docs') ? 'PATCH' : 'GET';
      const body = method === 'PATCH' ? {} : undefined;
      const at = `/v1/devices/${feeder.deviceId}${path}`;
      const said = await ask(cloud.url, at, { method, token: home.token, body });
      expect([400, 404]).toContain(said.status);
    }
  });
});

describe('the log', () => {
  it('holds no token, code, key or body, whatever has happened so far', () => {
    const text = lines.join('\n');
    expect(text).not.toContain(feeder.token);
    expect(text).not.toContain(home.token);
    expect(text).not.toMatch(/eyJ[\w-]+\.[\w-]+/);
    expect(text).not.toContain('DROP TABLE');
  });
});
