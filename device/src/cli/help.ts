import type { Command } from './command.ts';
import { tableText } from './text.ts';

const common = [
  ['--json', 'print one line of JSON'],
  [
    '--url URL',
    'the feeder’s address (or FEEDER_URL; without either by FEEDER_PORT and the other settings)',
  ],
];
const exitCodes =
  'Exit codes: 0 done, 1 refused or failed, 2 wrong usage, 3 no feeder answers, 78 config check: not usable.';

/** All commands, one line each. */
export function overview(commands: readonly Command[]): string {
  const rows = commands.map(({ name, usage, summary }) => [
    `  ${`${name} ${usage}`.trim()}`,
    summary,
  ]);
  const options = common.map(([name = '', what = '']) => [`  ${name}`, what]);
  return [
    'Usage: feeder COMMAND [options]',
    '',
    tableText(rows),
    '',
    'Every command takes:',
    tableText([...options, ['  --help', 'say more about a command']]),
    '',
    exitCodes,
    '',
  ].join('\n');
}

/** One command. */
export function commandHelp({ name, usage, summary }: Command): string {
  const options = common.map(([option = '', what = '']) => [`  ${option}`, what]);
  return [
    `Usage: feeder ${`${name} ${usage}`.trim()}`,
    '',
    summary,
    '',
    tableText(options),
    '',
    exitCodes,
    '',
  ].join('\n');
}
