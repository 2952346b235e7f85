import { FeederError, PETS_MAX, type Pet, type PetInput } from '@cat-feeder/shared';
import type { Collection } from '../platform/collection.ts';

/** A change as it comes over the API: a field that is undefined is left alone. */
type PetPatch = { [K in keyof Omit<Pet, 'id' | 'rev'>]?: Pet[K] | undefined };

export interface PetRegisterParts {
  readonly pets: Collection<Pet>;
  /** How many meals are planned for a pet: it cannot be retired before they are changed. */
  readonly mealsFor: (petId: string) => number;
}

/** The pets that eat here. */
export class PetRegister {
  readonly #parts: PetRegisterParts;

  constructor(parts: PetRegisterParts) {
    this.#parts = parts;
  }

  list(): readonly Pet[] {
    return this.#parts.pets.list();
  }

  /** `ERR_NOT_FOUND`. */
  get(id: string): Pet {
    const pet = this.#parts.pets.get(id);
    if (pet === undefined) throw new FeederError('ERR_NOT_FOUND');
    return pet;
  }

  /** `ERR_BUSINESS_RULE` beyond 20 pets. */
  add(input: PetInput): Pet {
    if (this.list().length >= PETS_MAX) {
      throw rule('pets', `at most ${PETS_MAX} pets`);
    }
    return this.#parts.pets.add({ ...input });
  }

  /** `ERR_NOT_FOUND`, or `ERR_CONFLICT` when `expectedRev` is not the present revision. */
  change(id: string, patch: PetPatch, expectedRev?: number): Pet {
    const entries = Object.entries(patch).filter(([, value]) => value !== undefined);
    return this.#parts.pets.change(id, Object.fromEntries(entries), expectedRev);
  }

  /** Leaves the register; what it ate stays in the ledger. `ERR_BUSINESS_RULE` while it has meals. */
  retire(id: string): void {
    this.get(id);
    const meals = this.#parts.mealsFor(id);
    if (meals > 0) {
      throw rule('meals', `${meals} meals are planned for this pet; change or remove them first`);
    }
    this.#parts.pets.remove(id);
  }
}

function rule(path: string, message: string): FeederError {
  return new FeederError('ERR_BUSINESS_RULE', { details: [{ path, message }] });
}
