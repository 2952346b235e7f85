import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canonicalJson } from './canonical-json.ts';
import { chainHash, chainText } from './chain.ts';
import { type DocState, docsDigest, toSyncDoc } from './docs.ts';
import { editMs, isPlausible, makeHlc } from './hlc.ts';
import { bytesToText, textToBytes } from './text-bytes.ts';

const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest();

describe('bytes as text', () => {
  it('are base64url, and come back', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
        expect(bytesToText(bytes)).toBe(Buffer.from(bytes).toString('base64url'));
        expect([...textToBytes(bytesToText(bytes))]).toEqual([...bytes]);
      }),
    );
  });

  it('refuses other text', () => {
    expect(() => textToBytes('a+b/')).toThrow(RangeError);
    expect(() => textToBytes('ä')).toThrow(RangeError);
  });
});

describe('the chain', () => {
  const entry = {
    eid: new Uint8Array(8).fill(1),
    boot: new Uint8Array(8).fill(2),
    kind: 4,
    kver: 1,
    monoMs: 812_345,
    body: '{"a":"ü"}',
  };

  it('is SHA-256 over the fields that docs/storage.md lists', () => {
    const expected = createHash('sha256')
      .update(Buffer.alloc(8, 9))
      .update(Buffer.alloc(8, 1))
      .update(Buffer.from([0, 4, 1]))
      .update(Buffer.alloc(8, 2))
      .update(Buffer.from([0, 0, 0, 0, 0, 12, 0x65, 0x39]))
      .update('{"a":"ü"}')
      .digest()
      .subarray(0, 8);
    expect(Buffer.from(chainHash(sha256, Buffer.alloc(8, 9), entry))).toEqual(expected);
  });

  it('changes with every field', () => {
    const hash = (change: object) =>
      bytesToText(chainHash(sha256, new Uint8Array(8), { ...entry, ...change }));
    const all = [{}, { kind: 5 }, { kver: 2 }, { monoMs: 1 }, { body: '{}' }].map(hash);
    const eids = [{ eid: new Uint8Array(8) }, { boot: new Uint8Array(8) }].map(hash);
    expect(new Set([...all, ...eids]).size).toBe(7);
  });

  it('is the same over texts', () => {
    const { eid, boot } = entry;
    const text = { ...entry, eid: bytesToText(eid), boot: bytesToText(boot) };
    const previous = new Uint8Array(8).fill(9);
    expect(chainText(sha256, bytesToText(previous), text)).toBe(
      bytesToText(chainHash(sha256, previous, entry)),
    );
  });

  it('refuses fields of another length', () => {
    expect(() => chainHash(sha256, new Uint8Array(7), entry)).toThrow(RangeError);
  });
});

describe('canonical JSON', () => {
  it('survives a journey as JSON, whatever the order of the keys', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const text = canonicalJson(value);
        expect(canonicalJson(JSON.parse(text))).toBe(text);
      }),
    );
    expect(canonicalJson({ b: 1, a: [{ d: 1, c: 2 }] })).toBe('{"a":[{"c":2,"d":1}],"b":1}');
  });
});

describe('HLC stamps', () => {
  it('of a new edit come after what was seen, unless that is ahead of all belief', () => {
    fc.assert(
      fc.property(fc.nat({ max: 200_000 }), fc.nat({ max: 200_000 }), (now, newest) => {
        const ms = editMs(now, newest);
        expect(ms).toBeGreaterThanOrEqual(now);
        expect(ms).toBeLessThanOrEqual(now + 60_001);
        if (newest <= now + 60_000) expect(makeHlc(ms) > makeHlc(newest)).toBe(true);
        else expect(ms).toBe(now);
      }),
    );
  });

  it('is not believed far ahead of a trusted clock', () => {
    expect(isPlausible(makeHlc(60_000), 0)).toBe(true);
    expect(isPlausible(makeHlc(60_001), 0)).toBe(false);
  });
});

describe('the digest of documents', () => {
  const doc = (id: string, change: Partial<DocState> = {}): DocState => ({
    kind: 'meal',
    id: id.repeat(26),
    rev: 1,
    deleted: false,
    groups: { label: { name: 'Breakfast' } },
    stamps: { label: { rev: 1, hlc: makeHlc(0), tq: 2 } },
    ...change,
  });
  const digest = (...docs: DocState[]) => docsDigest(sha256, docs.map(toSyncDoc));

  it('does not depend on the order, nor on tombstones, nor on stamps of time', () => {
    const later = { label: { rev: 1, hlc: makeHlc(5), tq: 0 } };
    expect(digest(doc('1'), doc('2'))).toBe(digest(doc('2', { stamps: later }), doc('1')));
    expect(digest(doc('1'), doc('2', { deleted: true }))).toBe(digest(doc('1')));
  });

  it('depends on everything else', () => {
    const others = [
      doc('1', { rev: 2 }),
      doc('1', { groups: {} }),
      doc('1', { stamps: {} }),
      doc('1', { kind: 'plan' }),
      doc('3'),
    ];
    expect(new Set([doc('1'), ...others].map((one) => digest(one))).size).toBe(6);
    expect(digest()).not.toBe(digest(doc('1')));
  });
});
