import type { Feeding, FeedingsPage, Occurrence, Settings } from '@cat-feeder/shared';
import type { Command, CommandInput, CommandResult } from '../command.ts';
import { feedingText, occurrenceText } from '../text.ts';

/** What was decided, and by which rule. */
export const why: Command = {
  name: 'why',
  usage: '[OCCURRENCE-KEY | FEEDING-ID | today | last]',
  summary: 'Why a meal or a feeding ended as it did; without a word: all meals of today.',
  words: [0, 1],
  run: async (input) => {
    const what = input.words[0] ?? 'today';
    if (what === 'today') return today(input);
    if (what === 'last') return last(input);
    return what.includes('@') ? occurrence(input, what) : feeding(input, what);
  },
};

async function today({ api }: CommandInput): Promise<CommandResult> {
  const { items } = await api.get<{ items: Occurrence[] }>('/occurrences');
  const text = items.map(occurrenceStory).join('\n') || 'No meals are planned for today.';
  return { data: { items }, text };
}

async function last({ api }: CommandInput): Promise<CommandResult> {
  const page = await api.get<FeedingsPage>('/feedings?limit=1');
  const newest = page.items[0];
  if (newest === undefined) return { data: null, text: 'Nothing was fed yet.' };
  const { zone } = await api.get<Settings>('/settings');
  return { data: newest, text: feedingStory(newest, zone) };
}

async function occurrence({ api }: CommandInput, key: string): Promise<CommandResult> {
  const found = await api.get<Occurrence>(`/occurrences/${encodeURIComponent(key)}`);
  return { data: found, text: occurrenceStory(found) };
}

async function feeding({ api }: CommandInput, id: string): Promise<CommandResult> {
  const found = await api.get<Feeding>(`/feedings/${encodeURIComponent(id)}`);
  const { zone } = await api.get<Settings>('/settings');
  return { data: found, text: feedingStory(found, zone) };
}

function occurrenceStory(found: Occurrence): string {
  const rule = found.rule === null ? '' : ` [${found.rule}]`;
  return `${occurrenceText(found)}\n  ${found.why}${rule}`;
}

function feedingStory(found: Feeding, zone: string): string {
  return `${feedingText(found, zone)}\n  ${found.why}`;
}
