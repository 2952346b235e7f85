import { PETS_MAX, type Pet, type PetInput } from '@cat-feeder/shared';
import { describe, expect, it } from 'vitest';
import { MemoryCollection, numberedIds } from '../../test/contracts/memory-documents.ts';
import { PetRegister } from './pet-register.ts';
import { kcalNeed, petDays } from './rations.ts';

const luna: PetInput = {
  name: 'Luna',
  bodyKg: 4,
  lifeStage: 'neutered_adult',
  rationGrams: 50,
  note: '',
};

function newRegister(mealsFor: (petId: string) => number = () => 0): PetRegister {
  return new PetRegister({ pets: new MemoryCollection<Pet>(numberedIds()), mealsFor });
}

describe('A-67 the register of pets', () => {
  it('adds, changes and retires', () => {
    const register = newRegister();
    const { id } = register.add(luna);
    expect(register.change(id, { bodyKg: 4.5, name: undefined }, 1)).toMatchObject({
      name: 'Luna',
      bodyKg: 4.5,
      rev: 2,
    });
    expect(() => register.change(id, { bodyKg: 5 }, 1)).toThrow(
      expect.objectContaining({ code: 'ERR_CONFLICT' }),
    );
    register.retire(id);
    expect(register.list()).toEqual([]);
    expect(() => register.get(id)).toThrow(expect.objectContaining({ code: 'ERR_NOT_FOUND' }));
  });

  it('keeps a pet that meals are planned for', () => {
    const register = newRegister(() => 2);
    const { id } = register.add(luna);
    expect(() => register.retire(id)).toThrow(
      expect.objectContaining({ code: 'ERR_BUSINESS_RULE' }),
    );
    expect(register.get(id).name).toBe('Luna');
  });

  it('has room for twenty', () => {
    const register = newRegister();
    for (let i = 0; i < PETS_MAX; i++) register.add(luna);
    expect(() => register.add(luna)).toThrow(
      expect.objectContaining({ code: 'ERR_BUSINESS_RULE' }),
    );
  });
});

describe('A-68 the rations of a day', () => {
  const pet: Pet = { ...luna, id: 'luna', rev: 1 } as Pet;
  const day = { startMs: 1000, endMs: 2000 };
  const dose = (wallMs: number, rationGrams: number, petId: string | null = 'luna') => ({
    petId,
    rationGrams,
    wallMs,
  });

  it('counts what may have reached the bowl, from midnight to midnight, for this pet', () => {
    const doses = [
      dose(999, 9),
      dose(1000, 11),
      dose(1999, 13),
      dose(2000, 9),
      dose(1500, 9, null),
    ];
    expect(petDays({ pets: [pet], doses, day, kcalPer100g: 400 })).toEqual([
      {
        petId: 'luna',
        servedGrams: 24,
        remainingGrams: 26,
        servedKcal: 96,
        needKcal: 238,
      },
    ]);
  });

  it('never leaves less than nothing, and has no remainder without a ration', () => {
    const input = { doses: [dose(1500, 80)], day, kcalPer100g: null };
    expect(petDays({ ...input, pets: [pet] })[0]?.remainingGrams).toBe(0);
    const free = petDays({ ...input, pets: [{ ...pet, rationGrams: null }] })[0];
    expect(free).toMatchObject({ remainingGrams: null, servedKcal: null });
  });

  it.each([
    [4, 'neutered_adult', 238],
    [4, 'weight_loss', 158],
    [1, 'kitten', 175],
    [null, 'kitten', null],
    [4, null, null],
  ] as const)('a pet of %s kg, %s, needs %s kcal', (bodyKg, lifeStage, kcal) => {
    expect(kcalNeed({ bodyKg, lifeStage })).toBe(kcal);
  });
});
