import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  sampleClaim,
  sampleFinish,
  sampleOccurrence,
  sampleRefusal,
} from '../../test/contracts/feeding-journal.ts';
import { type HandClock, memoryStore } from '../../test/contracts/store-fixture.ts';
import { MemoryEmergencyJournal } from './emergency-journal.ts';
import type { DeviceStore } from './store.ts';
import { PowerCut } from './transactor.ts';

/** What happens to the next commit. */
type Disk = 'fine' | 'cut before' | 'cut after' | 'full' | 'broken';
type Act =
  | 'claim'
  | 'claim meal'
  | 'finish'
  | 'refuse'
  | 'close'
  | 'reopen'
  | 'edit'
  | 'progress'
  | 'hour';

const step = fc.record({
  act: fc.constantFrom<Act>(
    'claim',
    'claim meal',
    'finish',
    'refuse',
    'close',
    'reopen',
    'edit',
    'progress',
    'hour',
  ),
  /** Few, so that stories meet themselves. */
  which: fc.integer({ min: 0, max: 5 }),
  disk: fc.oneof(
    { weight: 8, arbitrary: fc.constant<Disk>('fine') },
    { weight: 3, arbitrary: fc.constantFrom<Disk>('cut before', 'cut after', 'full', 'broken') },
  ),
});
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

/** One feeder's life: what it was told is on disk must stay true to the end of the story. */
class Life {
  store: DeviceStore;
  readonly clock: HandClock;
  readonly #reopen: () => DeviceStore;
  #disk: Disk = 'fine';
  #count = 0;
  /** Requests and occurrences that a claim returned for. */
  readonly claimed = new Map<string, string>();
  readonly finished = new Set<string>();
  readonly names: string[] = [];

  constructor() {
    const made = memoryStore({
      emergency: new MemoryEmergencyJournal(),
      hooks: {
        beforeCommit: () => {
          if (this.#disk === 'cut before') throw new PowerCut();
          const codes: Partial<Record<Disk, string>> = {
            full: 'SQLITE_FULL',
            broken: 'SQLITE_IOERR',
          };
          const code = codes[this.#disk];
          if (code !== undefined) throw Object.assign(new Error(code), { code });
        },
        afterCommit: () => {
          if (this.#disk === 'cut after') throw new PowerCut();
        },
      },
    });
    this.store = made.store;
    this.clock = made.clock;
    this.#reopen = () => made.reopen();
  }

  take({ act, which, disk }: Step): void {
    this.#disk = disk;
    try {
      this.#do(act, which);
    } catch (error) {
      if (error instanceof PowerCut) {
        this.#disk = 'fine';
        this.store = this.#reopen();
      } else if (!(error instanceof Error && 'code' in error)) throw error;
    }
    this.#disk = 'fine';
  }

  #do(act: Act, which: number): void {
    const { store, clock } = this;
    const time = clock.now();
    const occurrence = sampleOccurrence(`2026-11-1${which}`);
    this.#count += 1;
    const id = `f${this.#count}`;
    if (act === 'claim') {
      store.journal.claim(sampleClaim(id, { requestId: `r${which}`, time }));
      this.#claimedOnce(`r${which}`, id);
    } else if (act === 'claim meal') {
      store.journal.claim(sampleClaim(id, { requestId: `q${id}`, occurrence, time }));
      this.#claimedOnce(occurrence.key, id);
    } else if (act === 'finish') {
      const open = store.journal.open()[which];
      if (open === undefined) return;
      const verdict =
        open.occurrence === null
          ? null
          : ({ verdict: 'fed', rule: 'on_time', numbers: {} } as const);
      store.journal.finish(sampleFinish(open.feeding.id, { verdict, time }));
      this.finished.add(open.feeding.id);
    } else if (act === 'progress') {
      const open = store.journal.open()[which];
      if (open === undefined) return;
      store.journal.progress({
        feedingId: open.feeding.id,
        stage: 'coarse',
        turns: 1,
        motorMs: 100,
        attempts: 0,
        servedGrams: 1,
        bowlBeforeGrams: 0,
      });
    } else if (act === 'refuse') {
      store.journal.refuse(sampleRefusal(id, { requestId: `r${which}`, time }));
    } else if (act === 'close') {
      store.schedule.close({
        occurrence,
        verdict: 'missed',
        rule: 'too_late',
        numbers: {},
        why: 'Too late.',
        time,
      });
    } else if (act === 'reopen') store.schedule.reopen(occurrence.key, 'Again.', time);
    else if (act === 'edit') {
      store.settings.change({ name: id });
      this.names.push(id);
    } else clock.ageMs += 3_600_000;
  }

  /** I1: a request or an occurrence that was claimed must not have been claimable again. */
  #claimedOnce(key: string, id: string): void {
    expect(this.claimed.get(key), `${key} was claimed twice`).toBeUndefined();
    this.claimed.set(key, id);
  }
}

describe('the store under any story of acts, full disks and power cuts', () => {
  it('I1 I3 I6 keeps what it confirmed, claims once, counts every dose and stays verifiable', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80 }), (story) => {
        const life = new Life();
        for (const next of story) life.take(next);
        const { store, clock } = life;
        store.journal.importHeld();
        expect(store.verify().problems).toEqual([]);
        const counted = new Set(store.journal.doses(clock.now()).map((dose) => dose.feedingId));
        for (const id of life.claimed.values()) {
          const feeding = store.journal.find(id);
          expect(feeding).toBeDefined();
          const ageMs = clock.now().wallMs - (feeding?.endedAtMs ?? clock.now().wallMs);
          if (ageMs < 24 * 3_600_000) expect(counted.has(id)).toBe(true);
        }
        for (const id of life.finished) expect(store.journal.find(id)?.state).toBe('done');
        const kept = store.log.page({ afterSeq: 0, limit: 500 }).entries;
        expect(kept.map((entry) => entry.seq)).toEqual(kept.map((_, i) => i + 1));
        const claims = kept.filter((entry) => entry.name === 'feeding.claimed');
        expect(claims).toHaveLength(
          store.journal.list({ limit: 500 }).items.filter((item) => item.state !== 'refused')
            .length,
        );
      }),
      { numRuns: 150 },
    );
  });
});
