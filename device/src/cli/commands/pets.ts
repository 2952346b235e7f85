import type { PetView } from '@cat-feeder/shared';
import { type Command, type CommandInput, numberOf, UsageError } from '../command.ts';
import { gramsText, tableText } from '../text.ts';

/** The pets that eat here. */
export const petCommands: readonly Command[] = [
  {
    name: 'pet',
    alias: 'pet list',
    usage: '',
    summary: 'List the pets and what they have had today.',
    words: [0, 0],
    run: async ({ api }) => {
      const pets = await api.get<{ items: PetView[] }>('/pets');
      return { data: pets, text: petsText(pets.items) };
    },
  },
  {
    name: 'pet add',
    usage: 'NAME [--kg KG] [--ration GRAMS] [--stage STAGE]',
    summary: 'Add a pet. The ration is the most it may get on one day.',
    options: ['kg', 'ration', 'stage'],
    words: [1, 1],
    run: async ({ api, words, option }) => {
      const kg = option('kg');
      const ration = option('ration');
      const stage = option('stage');
      const pet = await api.post<PetView>('/pets', {
        name: words[0],
        ...(kg === undefined ? {} : { bodyKg: numberOf(kg, '--kg') }),
        ...(ration === undefined ? {} : { rationGrams: numberOf(ration, '--ration') }),
        ...(stage === undefined ? {} : { lifeStage: stage }),
      });
      return { data: pet, text: `Added ${pet.name} (${pet.id}).` };
    },
  },
  {
    name: 'pet remove',
    usage: 'ID|NAME',
    summary: 'Remove a pet; its feedings stay on record.',
    words: [1, 1],
    run: async (input) => {
      const { id, name } = await petNamed(input, input.words[0] ?? '');
      const data = await input.api.remove(`/pets/${id}`);
      return { data, text: `Removed ${name}.` };
    },
  },
];

/** The one pet with this id or name. */
export async function petNamed({ api }: CommandInput, wanted: string): Promise<PetView> {
  const { items } = await api.get<{ items: PetView[] }>('/pets');
  const found = items.filter(({ id, name }) => id === wanted || name === wanted);
  if (found.length === 1 && found[0] !== undefined) return found[0];
  const names = items.map(({ name }) => name).join(', ') || 'none';
  throw new UsageError(`'${wanted}' names no pet, or more than one; there are: ${names}`);
}

function petsText(pets: readonly PetView[]): string {
  if (pets.length === 0) return 'There are no pets. Add one: feeder pet add NAME';
  return tableText(
    pets.map(({ id, name, today }) => [
      name,
      `${gramsText(today.servedGrams)} today`,
      today.rationGrams === null ? 'no ration' : `of ${gramsText(today.rationGrams)}`,
      id,
    ]),
  );
}
