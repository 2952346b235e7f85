import { FeederError } from '@cat-feeder/shared';
import { describe, expect, it } from 'vitest';
import {
  feedingJournalContract,
  journalTime,
  sampleClaim,
  sampleFinish,
  sampleOccurrence,
  sampleRefusal,
} from '../../test/contracts/feeding-journal.ts';
import { memoryStore, openDirStore, testDir } from '../../test/contracts/store-fixture.ts';
import { leastElapsedMs } from '../feeding/elapsed.ts';
import { MemoryEmergencyJournal } from './emergency-journal.ts';
import type { DeviceStore } from './store.ts';
import { PowerCut } from './transactor.ts';

feedingJournalContract('FeedingStore in memory', () => {
  const { store, reopen } = memoryStore();
  return { journal: store.journal, reopen: () => reopen().journal };
});

feedingJournalContract('FeedingStore in a directory', () => {
  const dir = testDir();
  let store: DeviceStore = openDirStore(dir);
  return {
    journal: new Proxy(store.journal, {
      get: (_, name) => {
        const value: unknown = Reflect.get(store.journal, name, store.journal);
        return typeof value === 'function' ? value.bind(store.journal) : value;
      },
    }),
    reopen: () => {
      store.close();
      store = openDirStore(dir);
      return store.journal;
    },
  };
});

feedingJournalContract('FeedingStore with claims in the emergency journal', () => {
  const emergency = new MemoryEmergencyJournal();
  const full = (name: string) => {
    if (name === 'feeding.claim') throw Object.assign(new Error('full'), { code: 'SQLITE_FULL' });
  };
  const { store, reopen } = memoryStore({ emergency, hooks: { beforeCommit: full } });
  return { journal: store.journal, reopen: () => reopen().journal };
});

const verdict = { verdict: 'fed', rule: 'on_time', numbers: {} } as const;
const model = {
  gramsPerTurn: 3,
  gramsPerTurnSd: 0.2,
  inFlightGrams: 0.4,
  inFlightGramsSd: 0.1,
  kibbleGrams: 0.2,
  samples: 5,
};

function kinds(store: DeviceStore): (string | undefined)[] {
  return store.log.page({ afterSeq: 0, limit: 100 }).entries.map((entry) => entry.name);
}

describe('FeedingStore', () => {
  it('writes claim and end with their ledger entries, verdict and learned model', () => {
    const { store } = memoryStore();
    const kibble = store.kibbles.add({
      name: 'Fish',
      kcalPer100g: null,
      model: null,
      calibratedAtMs: null,
    });
    const occurrence = sampleOccurrence();
    store.journal.claim(sampleClaim('one', { occurrence, kibbleId: kibble.id }));
    expect(store.schedule.occurrence(occurrence.key)).toMatchObject({ state: 'feeding' });
    store.journal.finish(sampleFinish('one', { verdict, learned: { kibbleId: kibble.id, model } }));
    expect(kinds(store)).toEqual([
      'doc.changed',
      'feeding.claimed',
      'occurrence.closed',
      'feeding.ended',
      'doc.changed',
    ]);
    expect(store.schedule.occurrence(occurrence.key)).toMatchObject({
      state: 'closed',
      verdict: 'fed',
      servedGrams: 20.1,
      feedingId: 'one',
    });
    expect(store.kibbles.get(kibble.id)?.model).toEqual(model);
  });

  it('keeps what it learns of a food without a name', () => {
    const { store, reopen } = memoryStore();
    store.journal.claim(sampleClaim('one'));
    store.journal.finish(sampleFinish('one', { learned: { kibbleId: null, model } }));
    expect(reopen().unnamedKibble.get().model).toEqual(model);
  });

  it('ends a feeding whose kibble was removed meanwhile', () => {
    const { store } = memoryStore();
    store.journal.claim(sampleClaim('one', { kibbleId: 'gone' }));
    store.journal.finish(sampleFinish('one', { learned: { kibbleId: 'gone', model } }));
    expect(store.journal.find('one')?.state).toBe('done');
  });

  it('never makes an interval narrower by rounding', () => {
    const { store } = memoryStore();
    store.journal.claim(sampleClaim('one', { reservedGrams: 24.00001 }));
    expect(store.journal.doses(journalTime(0))[0]?.highGrams).toBe(24.001);
    const dose = {
      lowGrams: 19.12399,
      likelyGrams: 20,
      highGrams: 20.00001,
      method: 'measured',
    } as const;
    store.journal.finish(sampleFinish('one', { dose }));
    expect(store.journal.doses(journalTime(0))[0]).toMatchObject({
      lowGrams: 19.123,
      highGrams: 20.001,
    });
  });

  it('counts a feeding that a crash cut off from its longest possible end', () => {
    const { store, reopen } = memoryStore();
    store.journal.claim(sampleClaim('one'));
    const later = reopen();
    const time = { ...journalTime(10 * 3_600_000, 'boot-2'), ageMs: 600_000 };
    later.journal.finish(sampleFinish('one', { result: 'unknown_after_crash', time }));
    const [dose] = later.journal.doses(time);
    expect(dose?.at.ageMs).toBe(300_000);
    expect(dose?.at.wallMs).toBe(journalTime(300_000).wallMs);
  });

  it('I10 puts the end of a feeding that lost its power before the power came back', () => {
    const { store, reopen } = memoryStore();
    store.journal.claim(sampleClaim('one', { cause: 'starvation' }));
    const later = reopen();
    const wallMs = journalTime(10 * 3_600_000).wallMs;
    const time = { ...journalTime(61_000, 'boot-2'), wallMs, poweredAtAgeMs: 60_000 };
    later.journal.finish(sampleFinish('one', { result: 'unknown_after_crash', time }));
    expect(later.journal.doses(time)[0]?.at.ageMs).toBe(60_000);
    expect(later.schedule.food().lastCatchUp?.ageMs).toBe(60_000);
  });

  it('I3 keeps the longest possible end of a feeding whose power stayed on', () => {
    const { store, reopen } = memoryStore();
    store.journal.claim(sampleClaim('one', { time: journalTime(5000) }));
    const later = reopen();
    const time = { ...journalTime(600_000, 'boot-2'), poweredAtAgeMs: 0 };
    later.journal.finish(sampleFinish('one', { result: 'unknown_after_crash', time }));
    expect(later.journal.doses(time)[0]?.at.ageMs).toBe(305_000);
  });

  it('I3 lets a feeding whose program was killed end no later than it was closed', () => {
    const { store, reopen } = memoryStore();
    store.journal.claim(sampleClaim('one', { time: journalTime(5000) }));
    const later = reopen();
    const closed = { ...journalTime(12_000, 'boot-2'), poweredAtAgeMs: 0 };
    later.journal.finish(sampleFinish('one', { result: 'unknown_after_crash', time: closed }));
    const [dose] = later.journal.doses(closed);
    // Else a person waits five minutes for a pause of ten seconds.
    expect(dose && leastElapsedMs(dose.at, { ...closed, ageMs: 24_000 })).toBe(12_000);
    later.clockMemory.save({ wallMs: 1, ageMs: 0, doubtedAtAgeMs: null, power: null });
    expect(reopen().clockMemory.load()?.ageMs).toBe(12_000);
  });

  it('I5 tells of a feeding that was cut off as interrupted until it is closed', () => {
    const { store, reopen } = memoryStore();
    store.journal.claim(sampleClaim('one'));
    const interrupted = /^The feeder was interrupted/;
    expect(store.journal.find('one')?.why).not.toMatch(interrupted);
    const later = reopen();
    later.journal.claim(sampleClaim('two'));
    expect(later.journal.find('one')).toMatchObject({
      state: 'running',
      why: expect.stringMatching(interrupted),
    });
    expect(later.journal.find('two')?.why).not.toMatch(interrupted);
    later.journal.finish(sampleFinish('one', { why: 'Weighed.' }));
    expect(later.journal.find('one')?.why).toBe('Weighed.');
  });

  it('cuts sentences that are too long for the ledger', () => {
    const { store } = memoryStore();
    store.journal.refuse(sampleRefusal('one', { why: 'x'.repeat(900) }));
    expect(store.journal.find('one')?.why).toHaveLength(400);
  });
});

describe('FMEA-01 power loss before the intent is durable', () => {
  it.each(['feeding.claim'])('leaves no trace of %s, and the claim can be made again', (name) => {
    let isCut = true;
    const hooks = {
      beforeCommit: (write: string) => {
        if (isCut && write === name) throw new PowerCut();
      },
    };
    const { store, reopen } = memoryStore({ hooks });
    const occurrence = sampleOccurrence();
    expect(() => store.journal.claim(sampleClaim('one', { occurrence }))).toThrow(PowerCut);
    expect(() => store.journal.claim(sampleClaim('two'))).toThrow(PowerCut);
    isCut = false;
    const next = reopen();
    expect(next.journal.find('one')).toBeUndefined();
    expect(next.schedule.occurrence(occurrence.key)).toBeUndefined();
    expect(next.log.head().seq).toBe(0);
    next.journal.claim(sampleClaim('one', { occurrence }));
    expect(next.verify().ok).toBe(true);
  });
});

describe('FMEA-03 power loss after motion, before the outcome', () => {
  it('leaves the claim with its reservation and last progress, never to be claimed again', () => {
    let isCut = true;
    const hooks = {
      beforeCommit: (write: string) => {
        if (isCut && write === 'feeding.finish') throw new PowerCut();
      },
    };
    const { store, reopen } = memoryStore({ hooks });
    const occurrence = sampleOccurrence();
    store.journal.claim(sampleClaim('one', { occurrence }));
    store.journal.progress({
      feedingId: 'one',
      stage: 'fine',
      turns: 6,
      motorMs: 5000,
      attempts: 1,
      servedGrams: 19,
      bowlBeforeGrams: 0,
    });
    expect(() => store.journal.finish(sampleFinish('one', { verdict }))).toThrow(PowerCut);
    isCut = false;
    const next = reopen();
    expect(next.journal.open()).toMatchObject([
      { reservedGrams: 24, lastProgress: { turns: 6, servedGrams: 19 } },
    ]);
    expect(next.journal.doses(journalTime(0))).toMatchObject([{ lowGrams: 0, highGrams: 24 }]);
    expect(() => next.journal.claim(sampleClaim('two', { occurrence }))).toThrow(FeederError);
    next.journal.finish(sampleFinish('one', { verdict, result: 'unknown_after_crash' }));
    expect(next.schedule.occurrence(occurrence.key)?.verdict).toBe('fed');
    expect(next.verify().ok).toBe(true);
  });

  it('knows an outcome whose commit returned to nobody', () => {
    const hooks = {
      afterCommit: (write: string) => {
        if (write === 'feeding.finish') throw new PowerCut();
      },
    };
    const { store, reopen } = memoryStore({ hooks });
    store.journal.claim(sampleClaim('one'));
    expect(() => store.journal.finish(sampleFinish('one'))).toThrow(PowerCut);
    const next = reopen({ hooks: {} });
    expect(next.journal.find('one')?.state).toBe('done');
    expect(next.journal.open()).toEqual([]);
  });
});
