import { closeSync, openSync, readFileSync, statSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { sampleClaim, sampleOccurrence } from '../../test/contracts/feeding-journal.ts';
import { testDir } from '../../test/contracts/store-fixture.ts';
import {
  type EmergencyJournal,
  FileEmergencyJournal,
  MemoryEmergencyJournal,
} from './emergency-journal.ts';

const dose = { lowGrams: 19, likelyGrams: 20, highGrams: 21, method: 'measured' } as const;

function onDisk() {
  const path = join(testDir(), 'emergency.journal');
  const open = () => {
    const journal = new FileEmergencyJournal(path);
    onTestFinished(() => journal.close());
    return journal;
  };
  return { path, journal: open(), reopen: open };
}

function inMemory(): { journal: EmergencyJournal; reopen: () => EmergencyJournal } {
  const journal = new MemoryEmergencyJournal();
  return { journal, reopen: () => journal };
}

function ids(journal: EmergencyJournal): string[] {
  return journal.noted().map(({ n, claim }) => `${n}:${claim.feedingId}`);
}

describe.each([
  ['FileEmergencyJournal', onDisk],
  ['MemoryEmergencyJournal', inMemory],
])('%s', (_, make) => {
  it('keeps a claim with all that it is', () => {
    const { journal, reopen } = make();
    const claim = sampleClaim('one', { occurrence: sampleOccurrence() });
    journal.note({ n: 0, claim, after: 'none', dose: null });
    expect(reopen().noted()).toEqual([{ n: 0, claim, after: 'none', dose: null }]);
  });

  it('remembers the number that the database gives later, and the end', () => {
    const { journal, reopen } = make();
    const claim = sampleClaim('one');
    journal.note({ n: 0, claim, after: 'before', dose: null });
    journal.note({ n: 7, claim, after: 'one', dose: null });
    journal.end('one', dose);
    journal.end('unknown', dose);
    expect(reopen().noted()).toEqual([{ n: 7, claim, after: 'before', dose }]);
  });

  it('overwrites the oldest, in turn, over a restart, too', () => {
    const { journal, reopen } = make();
    for (let n = 1; n <= 100; n++) {
      const claim = sampleClaim(`f${n}`);
      journal.note({ n, claim, after: n === 1 ? null : `f${n - 1}`, dose: null });
    }
    const again = reopen();
    expect(ids(again)).toHaveLength(64);
    expect(ids(again)[0]).toBe('37:f37');
    again.note({ n: 101, claim: sampleClaim('f101'), after: 'f100', dose: null });
    expect(ids(again)[0]).toBe('38:f38');
    expect(ids(again).at(-1)).toBe('101:f101');
  });

  it('never overwrites a claim that the database does not have', () => {
    const { journal } = make();
    const note = (n: number, id: string) =>
      journal.note({ n, claim: sampleClaim(id), after: null, dose: null });
    note(0, 'held');
    for (let n = 1; n <= 100; n++) note(n, `f${n}`);
    expect(ids(journal)).toHaveLength(64);
    expect(ids(journal).at(-1)).toBe('0:held');
    for (let n = 1; n < 64; n++) note(0, `held-${n}`);
    expect(() => note(0, 'one too many')).toThrow(expect.objectContaining({ code: 'ERR_STORAGE' }));
    expect(() => note(101, 'f101')).toThrow(expect.objectContaining({ code: 'ERR_STORAGE' }));
  });
});

describe('the file of the emergency journal', () => {
  it('has all its blocks from the start and never grows', () => {
    const { path, journal } = onDisk();
    const { size, blocks } = statSync(path);
    expect(blocks * 512).toBeGreaterThanOrEqual(size);
    journal.note({ n: 1, claim: sampleClaim('one'), after: null, dose: null });
    expect(statSync(path)).toMatchObject({ size, blocks });
  });

  it('takes a torn slot for an empty one', () => {
    const { path, journal, reopen } = onDisk();
    journal.note({ n: 1, claim: sampleClaim('one'), after: null, dose: null });
    journal.note({ n: 2, claim: sampleClaim('two'), after: 'one', dose: null });
    const at = readFileSync(path).indexOf('request-two');
    const handle = openSync(path, 'r+');
    writeSync(handle, 'R', at);
    closeSync(handle);
    expect(ids(reopen())).toEqual(['1:one']);
  });

  it('has room for the longest claim', () => {
    const { journal } = onDisk();
    const long = '€'.repeat(100);
    const claim = sampleClaim('a'.repeat(26), {
      requestId: 'r'.repeat(64),
      occurrence: sampleOccurrence('2026-11-22', { mealName: long, why: long.repeat(4) }),
      why: long.repeat(4),
    });
    journal.note({ n: 1, claim, after: 'b'.repeat(26), dose: null });
    expect(journal.noted()[0]?.claim.occurrence?.mealName).toBe(long);
  });
});
