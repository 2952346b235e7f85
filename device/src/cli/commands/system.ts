import {
  type FaultView,
  type LedgerPage,
  type LedgerVerify,
  type RouteList,
  type Settings,
  SettingsPatchSchema,
} from '@cat-feeder/shared';
import * as v from 'valibot';
import {
  type Command,
  type CommandInput,
  type CommandResult,
  EXIT_FAILED,
  EXIT_OK,
  numberOf,
  UsageError,
} from '../command.ts';
import { tableText, timeText } from '../text.ts';

/** Faults, records and settings. */
export const systemCommands: readonly Command[] = [
  {
    name: 'faults',
    usage: '',
    summary: 'What is wrong now, and what to do about it.',
    words: [0, 0],
    run: async ({ api }) => faultsTold(await api.get('/faults')),
  },
  {
    name: 'clear',
    usage: 'FAULT',
    summary: 'Say that the cause of a fault is mended.',
    words: [1, 1],
    run: async ({ api, words }) =>
      faultsTold(await api.post(`/faults/${encodeURIComponent(words[0] ?? '')}/clear`)),
  },
  {
    name: 'ledger',
    alias: 'ledger page',
    usage: '[--after SEQ] [--limit N]',
    summary: 'The record of everything that happened, oldest first.',
    options: ['after', 'limit'],
    words: [0, 0],
    run: async ({ api, option }) => {
      const after = numberOf(option('after') ?? '0', '--after');
      const limit = numberOf(option('limit') ?? '100', '--limit');
      const page = await api.get<LedgerPage>(`/ledger?afterSeq=${after}&limit=${limit}`);
      const { zone } = await api.get<Settings>('/settings');
      const rows = page.items.map(({ seq, wallMs, kind, kindNumber, body }) => [
        String(seq),
        timeText(wallMs, zone),
        kind ?? `kind ${kindNumber}`,
        JSON.stringify(body),
      ]);
      return { data: page, text: rows.length === 0 ? 'Nothing after that.' : tableText(rows) };
    },
  },
  {
    name: 'ledger verify',
    usage: '',
    summary: 'Check every hash of the record.',
    words: [0, 0],
    run: async ({ api }) => {
      const result = await api.post<LedgerVerify>('/ledger/verify');
      const verdict = result.ok ? 'The record holds' : 'THE RECORD IS BROKEN';
      const key = result.key === null ? 'The feeder has no key.' : `Signed with key ${result.key}`;
      const text = `${verdict}: ${result.why}\n${key}`;
      return { data: result, text, exitCode: result.ok ? EXIT_OK : EXIT_FAILED };
    },
  },
  {
    name: 'ledger export',
    usage: '[--to FILE]',
    summary: 'Write the whole record, signed by the feeder, into a new file.',
    options: ['to'],
    words: [0, 0],
    run: exportLedger,
  },
  {
    name: 'settings get',
    alias: 'settings',
    usage: '[KEY]',
    summary: 'The settings, or one of them.',
    words: [0, 1],
    run: async ({ api, words }) => {
      const settings = await api.get<Settings>('/settings');
      const key = words[0];
      if (key === undefined) return { data: settings, text: settingsText(settings) };
      if (!Object.hasOwn(settings, key)) throw new UsageError(`There is no setting '${key}'`);
      const value = settings[key as keyof Settings];
      return { data: value, text: JSON.stringify(value) };
    },
  },
  {
    name: 'settings set',
    usage: 'KEY=VALUE ...',
    summary: 'Change settings: zone=Europe/Berlin dayGramsMax=120 quietHours=null',
    words: [1, 20],
    run: async ({ api, words }) => {
      const settings = await api.patch<Settings>(
        '/settings',
        Object.fromEntries(words.map(pairOf)),
      );
      return { data: settings, text: settingsText(settings) };
    },
  },
  {
    name: 'config check',
    usage: '[--file FILE] [settings]',
    summary: 'Read the daemon’s configuration and name every problem. Needs no running feeder.',
    isPassedOn: true,
    words: [0, 100],
    run: async ({ io, words }) => {
      // The daemon's own name for the file is --config.
      const args = words.map((word) => word.replace(/^--file(?==|$)/, '--config'));
      const { config, warnings, report } = io.loadConfig(args);
      return { data: { config, warnings }, text: report.trimEnd() };
    },
  },
  {
    name: 'routes',
    usage: '',
    summary: 'Every address of the API.',
    words: [0, 0],
    run: async ({ api }) => {
      const list = await api.get<RouteList>('/meta/routes');
      const rows = list.items.map(({ method, path, summary }) => [method, path, summary]);
      return { data: list, text: tableText(rows) };
    },
  },
];

async function exportLedger({ api, io, option }: CommandInput): Promise<CommandResult> {
  const path = option('to') ?? 'ledger.ndjson';
  const { key } = await api.post<LedgerVerify>('/ledger/verify');
  const bytes = await io.saveNew(path, await api.download('/ledger/file'));
  const check = key === null ? path : `${path} --key=${key}`;
  const text = `Wrote ${path}, ${bytes} bytes. To check it: node verify-ledger.ts ${check}`;
  return { data: { path, bytes, key }, text };
}

function faultsTold(faults: { items: FaultView[] }) {
  const rows = faults.items.map(({ fault, effect, advice }) => [fault, effect, advice]);
  return { data: faults, text: rows.length === 0 ? 'There are no faults.' : tableText(rows) };
}

function settingsText(settings: Settings): string {
  return tableText(Object.entries(settings).map(([key, value]) => [key, JSON.stringify(value)]));
}

/** Text where the setting is text, else JSON; what fits neither is left to the feeder to refuse. */
function pairOf(word: string): [string, unknown] {
  const at = word.indexOf('=');
  if (at < 1) throw new UsageError(`'${word}' is not KEY=VALUE`);
  const key = word.slice(0, at);
  const text = word.slice(at + 1);
  const entries: Record<string, v.GenericSchema> = SettingsPatchSchema.entries;
  const entry = Object.hasOwn(entries, key) ? entries[key] : undefined;
  if (entry !== undefined && v.is(entry, text)) return [key, text];
  try {
    return [key, JSON.parse(text)];
  } catch {
    return [key, text];
  }
}
