import {
  type ErrorEnvelope,
  ErrorEnvelopeSchema,
  FeederError,
  type Feeding,
  type Meal,
  makeUlid,
  type Occurrence,
  occurrenceKey,
  type SuccessEnvelope,
} from '@cat-feeder/shared';
import * as v from 'valibot';
import { claimedFeeding } from '../../src/feeding/claimed-feeding.ts';
import type { Collection, Entity } from '../../src/platform/collection.ts';
import { SeededRandom } from '../../src/platform/random.ts';

export const START_MS = Date.UTC(2026, 10, 22, 8);
const random = new SeededRandom('fake feeder');

/** An id as the feeder makes them. */
export function fakeId(): string {
  return makeUlid(START_MS, (length) => random.bytes(length));
}

/** A collection in memory that counts its writes. */
export class FakeCollection<T extends Entity> implements Collection<T> {
  readonly #items = new Map<string, T>();
  readonly #onWrite: () => void;

  constructor(onWrite: () => void) {
    this.#onWrite = onWrite;
  }

  list(): readonly T[] {
    return [...this.#items.values()];
  }

  get(id: string): T | undefined {
    return this.#items.get(id);
  }

  add(value: Omit<T, 'id' | 'rev'>): T {
    const entity = { ...value, id: fakeId(), rev: 1 } as unknown as T;
    this.#onWrite();
    this.#items.set(entity.id, entity);
    return entity;
  }

  change(id: string, patch: Partial<Omit<T, 'id' | 'rev'>>, expectedRev?: number): T {
    const present = this.#items.get(id);
    if (present === undefined) throw new FeederError('ERR_NOT_FOUND');
    if (expectedRev !== undefined && expectedRev !== present.rev) {
      throw new FeederError('ERR_CONFLICT');
    }
    const changed = { ...present, ...patch, rev: present.rev + 1 };
    this.#onWrite();
    this.#items.set(id, changed);
    return changed;
  }

  remove(id: string): void {
    if (!this.#items.delete(id)) throw new FeederError('ERR_NOT_FOUND');
    this.#onWrite();
  }
}

/** A feeding that has just been claimed. */
export function sampleFeeding(values: Partial<Feeding>): Feeding {
  const claimed = claimedFeeding({
    feedingId: fakeId(),
    requestId: 'test-1',
    cause: 'person',
    occurrence: null,
    petId: null,
    kibbleId: null,
    portionGrams: 12,
    reservedGrams: 13,
    time: { wallMs: START_MS, monoMs: 0, ageMs: 0, bootId: 'fake', quality: 'synchronized' },
    why: 'Asked for by person.',
  });
  return { ...claimed, ...values };
}

/** What a success carries. */
export async function dataOf<T>(response: Response | Promise<Response>): Promise<T> {
  return ((await (await response).json()) as SuccessEnvelope<T>).data;
}

/** What a failure carries; throws when it is none. */
export async function errorOf(
  response: Response | Promise<Response>,
): Promise<ErrorEnvelope['error']> {
  return v.parse(ErrorEnvelopeSchema, await (await response).json()).error;
}

/** A meal's occurrence that nothing has decided yet. */
export function plannedOccurrence(meal: Meal, localDate: string): Occurrence {
  return {
    key: occurrenceKey(meal.id, localDate),
    mealId: meal.id,
    mealName: meal.name,
    petId: meal.petId,
    localDate,
    localTime: typeof meal.time === 'string' ? meal.time : '06:00',
    dueAtMs: START_MS,
    portionGrams: meal.portionGrams,
    state: 'planned',
    verdict: null,
    rule: null,
    feedingId: null,
    servedGrams: null,
    decidedAtMs: null,
    why: 'Planned.',
  };
}
