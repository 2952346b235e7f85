import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { DeviceIdentity } from './device-identity.ts';

const folders: string[] = [];
function file(): string {
  const folder = mkdtempSync(join(tmpdir(), 'feeder-identity-'));
  folders.push(folder);
  return join(folder, 'identity.json');
}
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

const account = {
  url: 'https://a.test',
  device: 'a'.repeat(26),
  home: 'b'.repeat(25).concat('a'),
  account: 'ada',
};

describe('the identity of a feeder', () => {
  it('is made once, readable by nobody else, and kept with its account', () => {
    const path = file();
    const first = DeviceIdentity.open(path, 'board');
    first.setAccount(account);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    const again = DeviceIdentity.open(path, 'board');
    expect(again.publicKey).toEqual(first.publicKey);
    expect(again.accountAt('https://a.test')).toEqual(account);
  });

  it('is nobody at another cloud', () => {
    const identity = DeviceIdentity.open(file(), 'board');
    identity.setAccount(account);
    expect(identity.accountAt('https://b.test')).toBe(null);
  });

  it('is another one when the card is put into another board', () => {
    const path = file();
    const first = DeviceIdentity.open(path, 'board');
    first.setAccount(account);
    const second = DeviceIdentity.open(path, 'another board');
    expect(second.publicKey).not.toEqual(first.publicKey);
    expect(second.accountAt('https://a.test')).toBe(null);
    expect(existsSync(`${path}.of-another-board`)).toBe(true);
  });

  it.each([
    ['nothing', () => ''],
    ['half of it', (text: string) => text.slice(0, 60)],
    [
      'another public key',
      (text: string) => text.replace(/"x":"(.)/, (_, first) => `"x":"${first === '0' ? '1' : '0'}`),
    ],
  ])('is made anew when the file holds %s', (_, damage) => {
    const path = file();
    const first = DeviceIdentity.open(path, 'board');
    writeFileSync(path, damage(readFileSync(path, 'utf8')));
    expect(DeviceIdentity.open(path, 'board').publicKey).not.toEqual(first.publicKey);
  });

  it('is told as unusable when it cannot be written', () => {
    expect(() => DeviceIdentity.open('/nowhere/at/all.json', 'board')).toThrow('cannot be used');
  });
});

describe('another key for a feeder', () => {
  it('is durable before anybody hears of it, and the same at every try', () => {
    const path = file();
    const identity = DeviceIdentity.open(path, 'board');
    identity.setAccount(account);
    const next = identity.prepareNext();
    expect(identity.prepareNext().publicKey).toEqual(next.publicKey);
    const again = DeviceIdentity.open(path, 'board');
    expect([again.next?.publicKey, again.publicKey]).toEqual([next.publicKey, identity.publicKey]);
  });

  it('is the one from then on, with the same account', () => {
    const path = file();
    const identity = DeviceIdentity.open(path, 'board');
    identity.setAccount(account);
    const { publicKey, thumbprint } = identity.prepareNext();
    identity.adoptNext();
    for (const one of [identity, DeviceIdentity.open(path, 'board')]) {
      expect([one.publicKey, one.next]).toEqual([publicKey, null]);
      expect(one.current.thumbprint).toBe(thumbprint);
      expect(one.accountAt(account.url)).toEqual(account);
    }
    const before = identity.publicKey;
    identity.adoptNext();
    expect(identity.publicKey).toEqual(before);
  });

  it('is known from files that were written before there was such a thing', () => {
    const path = file();
    DeviceIdentity.open(path, 'board');
    const { next: _, ...former } = JSON.parse(readFileSync(path, 'utf8'));
    writeFileSync(path, JSON.stringify(former));
    expect(DeviceIdentity.open(path, 'board').publicKey.x).toBe(former.key.x);
  });
});
