import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DeviceIdentity } from '../device/src/cloud/device-identity.ts';
import { ledgerFile } from '../device/src/cloud/ledger-file.ts';
import { signHead } from '../device/src/cloud/ledger-signing.ts';
import type { DeviceStore } from '../device/src/storage/store.ts';
import { memoryStore } from '../device/test/contracts/store-fixture.ts';

const now = { monoMs: 5, wallMs: 1_780_000_000_000, tq: 2 };
let folder: string;
let identity: DeviceIdentity;
let other: DeviceIdentity;
let store: DeviceStore;
let whole: string[];

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'feeder-verify-'));
  identity = DeviceIdentity.open(join(folder, 'identity.json'), 'board');
  other = DeviceIdentity.open(join(folder, 'other.json'), 'board');
  store = memoryStore().store;
  const { sync } = store;
  for (let n = 0; n < 30; n++) store.record('daemon.stopped', { reason: `é ${n}` });
  signHead(sync, identity, now);
  for (let n = 0; n < 10; n++) store.record('daemon.stopped', { reason: `later ${n}` });
  whole = exported(identity);
});
afterAll(() => rmSync(folder, { recursive: true }));

function exported(by: DeviceIdentity | null): string[] {
  const pieces = [...ledgerFile({ store: store.sync, identity: by, name: 'Kitchen', now })];
  return Buffer.concat(pieces).toString().trimEnd().split('\n');
}

interface Verdict {
  readonly status: number | null;
  readonly text: string;
  readonly problems: readonly string[];
}

/** Runs the verifier as its own process, as an owner does. */
function verdictOf(lines: readonly string[], keys = [identity.publicKey.x]): Verdict {
  const path = join(folder, 'ledger.ndjson');
  writeFileSync(path, lines.map((line) => `${line}\n`).join(''));
  return run(path, ...keys.flatMap((key) => [`--key=${key}`]));
}

function run(...args: string[]): Verdict {
  const script = resolve(import.meta.dirname, 'verify-ledger.ts');
  const text = spawnSync(process.execPath, [script, ...args], { encoding: 'utf8' });
  const problems = text.stdout.split('\n').filter((line) => line.startsWith('WRONG: '));
  return { status: text.status, text: text.stdout + text.stderr, problems };
}

/** The same file with one line changed. */
function withLine(at: number, change: (line: string) => string): string[] {
  return whole.map((line, index) => (index === at ? change(line) : line));
}

describe('a ledger file, checked offline', () => {
  it('holds with the feeder’s key, and says what that does not prove', () => {
    const { status, text, problems } = verdictOf(whole);
    expect(problems).toEqual([]);
    expect(status).toBe(0);
    expect(text).toContain('Proven: the holder of your key signed exactly these entries');
    expect(text).toContain('1 earlier signatures inside fit');
    expect(text).toContain('that nothing happened after the last entry');
  });

  it('without a key is consistent, and nobody’s', () => {
    expect(verdictOf(whole, [])).toMatchObject({ status: 3, problems: [] });
    const unsigned = verdictOf(exported(null), [identity.publicKey.x]);
    expect(unsigned).toMatchObject({ status: 3, problems: [] });
    expect(unsigned.text).toContain('Nobody has signed them');
  });

  it('names the entry in which a byte was changed', () => {
    const { status, problems } = verdictOf(withLine(12, (line) => line.replace('é', 'e')));
    expect(status).toBe(1);
    expect(problems[0]).toContain('Entry 0:12 is not what the feeder wrote');
    expect(problems[1]).toContain('not the one that was signed');
  });

  it('sees a changed wall time, which is outside of the chain', () => {
    const { status, problems } = verdictOf(
      withLine(12, (line) => line.replace('"tq":2', '"tq":3')),
    );
    expect(status).toBe(1);
    expect(problems).toEqual([expect.stringContaining('not the one that was signed')]);
  });

  it('names a tail that was cut off, with the signature or before it', () => {
    const cut = verdictOf(whole.slice(0, 20));
    expect(cut.status).toBe(1);
    expect(cut.problems[0]).toContain('The end of epoch 0 is missing');
    expect(cut.problems[1]).toContain('The signature is missing');
    const patched = verdictOf([...whole.slice(0, 20), whole.at(-1) ?? '']);
    expect(patched.problems.join(' ')).toContain('lines were signed, 20 are here');
    const middle = verdictOf([...whole.slice(0, 20), (whole[20] ?? '').slice(0, 30)]);
    expect(middle.problems.join(' ')).toContain('Line 21 cannot be read');
  });

  it('names entries that were swapped, or left out', () => {
    const [a = '', b = ''] = [whole[8], whole[9]];
    const swapped = verdictOf(withLine(8, () => b).map((line, at) => (at === 9 ? a : line)));
    expect(swapped.status).toBe(1);
    expect(swapped.problems[0]).toContain('Entry 0:8 is missing');
    expect(swapped.problems.join(' ')).toContain('entry 0:8 comes too late');
    const without = verdictOf(whole.filter((_, at) => at !== 8));
    expect(without.problems.join(' ')).toContain('Entry 0:8 is missing');
  });

  it('names a file that another key has signed', () => {
    const forged = verdictOf(exported(other));
    expect(forged.status).toBe(1);
    expect(forged.problems).toEqual([
      expect.stringContaining(`signed by another key: ${other.publicKey.x}`),
    ]);
    const both = [identity.publicKey.x, other.publicKey.x];
    expect(verdictOf(exported(other), both).status).toBe(0);
    const claimed = withLine(whole.length - 1, (line) =>
      line.replaceAll(identity.publicKey.x, other.publicKey.x),
    );
    expect(verdictOf(claimed, [other.publicKey.x]).problems.join(' ')).toContain(
      'The signature of the file is not one of the key that it names',
    );
  });

  it('names a head that was replaced, in the last line and in an entry', () => {
    const last = withLine(whole.length - 1, (line) => {
      const value = JSON.parse(line);
      value.signed.heads[0][2] = 'AAAAAAAAAAA';
      return JSON.stringify(value);
    });
    const { status, problems } = verdictOf(last);
    expect(status).toBe(1);
    expect(problems[0]).toContain('The signed head is entry');
    const at = whole.findIndex((line) => line.includes('ledger.signed'));
    const daily = withLine(at, (line) => {
      const value = JSON.parse(line);
      value.body.seq -= 1;
      return JSON.stringify(value);
    });
    expect(verdictOf(daily).problems.join(' ')).toContain(`The signature in entry 0:${at} is not`);
  });

  it('goes on over gaps and from a trimmed beginning, and counts them', () => {
    const gappy = memoryStore().store;
    for (let n = 0; n < 30; n++) gappy.record('daemon.stopped', { reason: `${n}` });
    const { events, gaps } = gappy.log;
    const hash = events.get(0, 7)?.hash ?? Buffer.alloc(0);
    for (const seq of [5, 6, 7]) events.remove(0, seq);
    gaps.insert({ epoch: 0, from_seq: 5, to_seq: 7, why: 'space', hash });
    const { sync } = gappy;
    const pieces = [...ledgerFile({ store: sync, identity, name: 'Kitchen', now })];
    const path = join(folder, 'gappy.ndjson');
    writeFileSync(path, Buffer.concat(pieces));
    const { status, text } = run(path, `--key=${identity.publicKey.x}`);
    expect(status).toBe(0);
    expect(text).toContain('Entries 0:5 to 7 are gone (space).');
    expect(text).toContain('3 gone in gaps');
  });

  it('refuses what is no ledger file, and wrong use', () => {
    expect(verdictOf(['{"a":1}']).status).toBe(2);
    expect(run(join(folder, 'no-such-file')).status).toBe(2);
    expect(run().status).toBe(2);
    expect(verdictOf(withLine(5, () => '{"epoch":0,"seq":5}')).problems[0]).toContain('Line 6');
  });
});
