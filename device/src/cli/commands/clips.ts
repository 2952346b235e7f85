import {
  type Clip,
  type ClipRank,
  type ClipsPage,
  SECOND_MS,
  type Settings,
} from '@cat-feeder/shared';
import {
  type Command,
  type CommandInput,
  type CommandResult,
  numberOf,
  UsageError,
} from '../command.ts';
import { tableText, timeText } from '../text.ts';

const MB = 1_000_000;

/** Clips of the camera. */
export const clipCommands: readonly Command[] = [
  {
    name: 'clips',
    alias: 'clips list',
    usage: '[--date YYYY-MM-DD] [--feeding ID] [--limit N] [--kept]',
    summary: 'List clips, newest first.',
    options: ['date', 'feeding', 'limit'],
    flags: ['kept'],
    words: [0, 0],
    run: list,
  },
  {
    name: 'clips keep',
    usage: 'ID [--no-longer]',
    summary: 'Keep a clip until you delete it, whatever room is needed.',
    flags: ['no-longer'],
    words: [1, 1],
    run: async ({ api, words, flag }) => {
      const keep = !flag('no-longer');
      const clip = await api.patch<Clip>(`/clips/${idIn(words)}`, { keep });
      return { data: clip, text: keep ? `${clip.id} is kept.` : `${clip.id} may go again.` };
    },
  },
  {
    name: 'clips delete',
    usage: 'ID',
    summary: 'Delete a clip and its pictures; the ledger keeps what it was.',
    words: [1, 1],
    run: async ({ api, words }) => {
      const data = await api.remove(`/clips/${idIn(words)}`);
      return { data, text: `Deleted ${words[0]}.` };
    },
  },
  {
    name: 'clips export',
    usage: 'YYYY-MM-DD [--to FILE]',
    summary: 'Write one day’s clips into a new zip.',
    options: ['to'],
    words: [1, 1],
    run: exportDay,
  },
];

const idIn = (words: readonly string[]) => encodeURIComponent(words[0] ?? '');

async function list(input: CommandInput): Promise<CommandResult> {
  const { api, option, flag } = input;
  const query = new URLSearchParams();
  const limit = option('limit');
  const [date, feeding] = [option('date'), option('feeding')];
  if (limit !== undefined) query.set('limit', String(numberOf(limit, '--limit')));
  if (date !== undefined) query.set('date', date);
  if (feeding !== undefined) query.set('feedingId', feeding);
  if (flag('kept')) query.set('keep', 'true');
  const page = await api.get<ClipsPage>(`/clips${query.size === 0 ? '' : `?${query}`}`);
  const { zone } = await api.get<Settings>('/settings');
  return { data: page, text: clipsText(page, zone) };
}

const shows: Readonly<Record<ClipRank, string>> = {
  visit: 'visit',
  feeding: 'feeding',
  failed_feeding: 'failed feeding',
};

function clipsText({ items, nextCursor }: ClipsPage, zone: string): string {
  if (items.length === 0) return 'There are no clips.';
  const rows = items.map(({ id, startedMs, durationMs, bytes, rank, keep }) => [
    timeText(startedMs, zone),
    id,
    `${Math.round(durationMs / SECOND_MS)} s`,
    `${(bytes / MB).toFixed(1)} MB`,
    `${shows[rank]}${keep ? ', kept' : ''}`,
  ]);
  return `${tableText(rows)}${nextCursor === null ? '' : '\nThere are older ones: --limit N, --date DAY'}`;
}

async function exportDay({ api, io, words, option }: CommandInput): Promise<CommandResult> {
  const [date = ''] = words;
  if (!/^\d{4}-\d{2}-\d{2}$/.test(date)) throw new UsageError(`'${date}' is no date, YYYY-MM-DD`);
  const path = option('to') ?? `clips-${date}.zip`;
  const bytes = await io.saveNew(path, await api.download(`/clips.zip?date=${date}`));
  return {
    data: { path, bytes },
    text: `Wrote ${path}, ${(bytes / MB).toFixed(1)} MB.`,
  };
}
