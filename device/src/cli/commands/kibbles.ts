import type { KibbleView } from '@cat-feeder/shared';
import { type Command, type CommandInput, numberOf, UsageError } from '../command.ts';
import { tableText } from '../text.ts';

/** Kinds of food, and which of them is in the hopper. */
export const kibbleCommands: readonly Command[] = [
  {
    name: 'kibble',
    alias: 'kibble list',
    usage: '',
    summary: 'List the kinds of food and say which is in the hopper.',
    words: [0, 0],
    run: async ({ api }) => {
      const kibbles = await api.get<{ items: KibbleView[] }>('/kibbles');
      return { data: kibbles, text: kibblesText(kibbles.items) };
    },
  },
  {
    name: 'kibble add',
    usage: 'NAME [--kcal KCAL]',
    summary: 'Add a kind of food. --kcal: its energy in 100 g, as its bag says.',
    options: ['kcal'],
    words: [1, 1],
    run: async ({ api, words, option }) => {
      const kcal = option('kcal');
      const kibble = await api.post<KibbleView>('/kibbles', {
        name: words[0],
        ...(kcal === undefined ? {} : { kcalPer100g: numberOf(kcal, '--kcal') }),
      });
      const text = `Added ${kibble.name} (${kibble.id}). When it is in the hopper: feeder kibble use '${kibble.name}'`;
      return { data: kibble, text };
    },
  },
  {
    name: 'kibble use',
    usage: 'ID|NAME',
    summary: 'Say that this kind of food is in the hopper now.',
    words: [1, 1],
    run: async (input) => {
      const { id, name } = await kibbleNamed(input, input.words[0] ?? '');
      const settings = await input.api.patch('/settings', { activeKibbleId: id });
      return { data: settings, text: `${name} is in the hopper.` };
    },
  },
];

/** The one kind of food with this id or name. */
export async function kibbleNamed({ api }: CommandInput, wanted: string): Promise<KibbleView> {
  const { items } = await api.get<{ items: KibbleView[] }>('/kibbles');
  const found = items.filter(({ id, name }) => id === wanted || name === wanted);
  if (found.length === 1 && found[0] !== undefined) return found[0];
  const names = items.map(({ name }) => name).join(', ') || 'none; add one: feeder kibble add NAME';
  throw new UsageError(`'${wanted}' names no kibble, or more than one; there are: ${names}`);
}

function kibblesText(kibbles: readonly KibbleView[]): string {
  if (kibbles.length === 0) return 'There is no kibble. Add one: feeder kibble add NAME';
  return tableText(
    kibbles.map(({ id, name, active, calibratedAtMs }) => [
      name,
      active ? 'in the hopper' : '',
      calibratedAtMs === null ? 'not calibrated' : 'calibrated',
      id,
    ]),
  );
}
