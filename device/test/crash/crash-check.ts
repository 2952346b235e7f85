import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { FeederError } from '@cat-feeder/shared';
import type { StationTime } from '../../src/platform/clock.ts';
import { type DeviceStore, openStore } from '../../src/storage/store.ts';
import { sampleClaim, sampleOccurrence } from '../contracts/feeding-journal.ts';
import type { DiskState } from './disk-model.ts';
import type { TraceEvent } from './trace.ts';

/** What the program was promised before the power failed. */
export interface Promises {
  readonly boots: number;
  readonly docs: ReadonlyMap<string, number>;
  readonly settingsRev: number;
  readonly claims: ReadonlyMap<string, { requestId: string; key: string | null }>;
  readonly turns: ReadonlyMap<string, number>;
  readonly ended: ReadonlyMap<string, number>;
  /** Grams that the motor had moved, by feeding. */
  readonly moved: ReadonlyMap<string, number>;
}

/** Collects the lines that were said so far. */
export class PromiseBook implements Promises {
  boots = 0;
  settingsRev = 0;
  readonly docs = new Map<string, number>();
  readonly claims = new Map<string, { requestId: string; key: string | null }>();
  readonly turns = new Map<string, number>();
  readonly ended = new Map<string, number>();
  readonly moved = new Map<string, number>();

  hear(event: TraceEvent): void {
    if (event.kind !== 'said') return;
    const said = JSON.parse(event.line.slice(event.line.indexOf(' '))) as Record<string, unknown>;
    const number = (name: string) => Number(said[name]);
    const word = (name: string) => String(said[name]);
    if ('boot' in said) this.boots = number('boot');
    if ('settings' in said) this.settingsRev = number('settings');
    if ('doc' in said) this.docs.set(word('doc'), number('rev'));
    if ('progress' in said) this.turns.set(word('progress'), number('turns'));
    if ('finish' in said) this.ended.set(word('finish'), number('highGrams'));
    if ('feeding' in said) this.moved.set(word('feeding'), number('grams'));
    if ('claim' in said) {
      const key = said['key'] === null ? null : word('key');
      this.claims.set(word('claim'), { requestId: word('requestId'), key });
    }
  }
}

/** What is wrong with one crash state; all empty when the product kept its word. */
export interface CrashFindings {
  readonly lost: string[];
  readonly doubled: string[];
  readonly corrupt: string[];
}

const LATER: StationTime = {
  wallMs: 1_795_100_000_000,
  monoMs: 0,
  ageMs: 0,
  bootId: 'after',
  quality: 'unknown',
};
/** Grams are kept in whole milligrams. */
const ROUNDING_GRAMS = 0.002;

/** Puts a crash state on a disk, starts the product on it and compares with what was promised. */
export function checkCrash(
  state: DiskState,
  promises: Promises,
  options: { dir: string; mayRestore: boolean },
): CrashFindings {
  const { dir } = options;
  const findings: CrashFindings = { lost: [], doubled: [], corrupt: [] };
  writeState(state, dir);
  let store: DeviceStore | null = null;
  try {
    store = openStore({
      at: dir,
      time: () => LATER,
      defaultCalibration: {
        zeroCounts: 0,
        countsPerGram: 420,
        noiseGrams: 0.1,
        taredAtMs: null,
        spannedAtMs: null,
      },
    });
    if (store.restored !== null && !options.mayRestore) {
      findings.corrupt.push(`a power cut needed a restore: ${store.restored.reason}`);
    }
    findings.corrupt.push(...store.verify().problems);
    findLost(store, promises, findings.lost);
    findDoubled(store, promises, findings.doubled);
  } catch (error) {
    const code = error instanceof FeederError ? `${error.code}: ` : '';
    findings.corrupt.push(`${code}${error instanceof Error ? error.message : String(error)}`);
  } finally {
    store?.close();
  }
  return findings;
}

function writeState(state: DiskState, dir: string): void {
  rmSync(dir, { recursive: true, force: true });
  mkdirSync(dir, { recursive: true });
  for (const path of state.dirs) mkdirSync(join(dir, path), { recursive: true });
  for (const [path, data] of state.files) {
    // The shared memory of the WAL is gone after a power cut: SQLite makes it anew.
    if (path.endsWith('-shm')) continue;
    mkdirSync(join(dir, dirname(path)), { recursive: true });
    writeFileSync(join(dir, path), data);
  }
}

function findLost(store: DeviceStore, promises: Promises, lost: string[]): void {
  if (store.boots.read().number < promises.boots) lost.push('a start');
  if (store.settings.get().rev < promises.settingsRev) lost.push('a change of the settings');
  const docs = new Map(store.documents.all().map((doc) => [doc.id, doc.rev]));
  for (const [id, rev] of promises.docs) {
    if ((docs.get(id) ?? 0) < rev) lost.push(`document ${id}`);
  }
  for (const [id, { key }] of promises.claims) {
    if (store.journal.find(id) === undefined) lost.push(`claim ${id}`);
    if (key !== null && store.schedule.occurrence(key) === undefined)
      lost.push(`occurrence ${key}`);
  }
  for (const [id, turns] of promises.turns) {
    if ((store.journal.find(id)?.turns ?? 0) < turns) lost.push(`progress of ${id}`);
  }
  for (const id of promises.ended.keys()) {
    if (store.journal.find(id)?.state !== 'done') lost.push(`end of ${id}`);
  }
  const booked = new Map(
    store.journal.doses(LATER).map((dose) => [dose.feedingId, dose.highGrams]),
  );
  for (const [id, grams] of promises.moved) {
    if ((booked.get(id) ?? 0) + ROUNDING_GRAMS < grams) lost.push(`grams of ${id}`);
  }
}

/** What was claimed must never be claimable again, neither by its request nor by its occurrence. */
function findDoubled(store: DeviceStore, promises: Promises, doubled: string[]): void {
  for (const [id, { requestId, key }] of promises.claims) {
    if (canClaim(store, sampleClaim(`again-${id}`, { requestId, time: LATER }))) {
      doubled.push(`request ${requestId}`);
    }
    if (key === null) continue;
    const occurrence = sampleOccurrence(key.slice(-10), { key });
    if (canClaim(store, sampleClaim(`again-${key}`, { occurrence, time: LATER }))) {
      doubled.push(`occurrence ${key}`);
    }
  }
}

function canClaim(store: DeviceStore, claim: ReturnType<typeof sampleClaim>): boolean {
  try {
    store.journal.claim(claim);
    return true;
  } catch (error) {
    if (error instanceof FeederError && error.code === 'ERR_CONFLICT') return false;
    throw error;
  }
}
