import { FeederError } from '@cat-feeder/shared';
import {
  type Command,
  type CommandInput,
  type CommandResult,
  EXIT_FAILED,
  EXIT_OK,
} from './command.ts';
import { bundleOf } from './doctor/bundle.ts';
import { lookAtDaemon } from './doctor/daemon-findings.ts';
import { bad, type Finding, good, warn } from './doctor/finding.ts';
import { lookAtMachine } from './doctor/machine-findings.ts';
import { testMotor } from './doctor/motor-test.ts';
import { lookAtWiring } from './doctor/wiring-findings.ts';
import { tableText } from './text.ts';

/** Looks at everything that can be looked at from outside, and says how to mend it. */
export const doctor: Command = {
  name: 'doctor',
  usage: '[--motor [--yes]] [--bundle FILE]',
  summary:
    'Look at everything and say how to mend what is wrong. --motor serves a small portion, after asking. --bundle writes a file to send to somebody who helps, without secrets. Exit code 1 when anything is bad.',
  options: ['bundle'],
  flags: ['motor', 'yes'],
  words: [0, 0],
  run: examine,
};

async function examine(input: CommandInput): Promise<CommandResult> {
  const { hardware, finding } = lookAtConfig(input);
  const findings = [
    ...(await lookAtDaemon(input)),
    finding,
    ...lookAtMachine(input.io.machine, hardware),
    ...lookAtWiring(input.io.machine, hardware),
    ...(input.flag('motor') ? [await testMotor(input)] : []),
  ];
  const path = input.option('bundle');
  if (path !== undefined) {
    input.io.writeFile(path, await bundleOf(input, findings));
    findings.push(good('bundle', `written to ${path}; look through it before you send it`));
  }
  const isBad = findings.some(({ level }) => level === 'bad');
  return {
    data: { ok: !isBad, findings },
    text: findingsText(findings),
    exitCode: isBad ? EXIT_FAILED : EXIT_OK,
  };
}

function lookAtConfig({ io }: CommandInput) {
  try {
    const { warnings, hardware = { kind: 'simulated' as const } } = io.loadConfig([]);
    const finding =
      warnings.length === 0
        ? good('config', 'every value is usable')
        : warn('config', warnings.join('; '), 'Remove or correct these names.');
    return { hardware, finding };
  } catch (error) {
    if (!(error instanceof FeederError)) throw error;
    const problems = error.details.map(({ path, message }) => `${path} ${message}`).join('; ');
    const finding = bad('config', problems || error.message, 'Correct these values.');
    return { hardware: null, finding };
  }
}

function findingsText(findings: readonly Finding[]): string {
  const rows = findings.map(({ level, check, found }) => [level, check, found]);
  const fixes = findings
    .filter(({ fix }) => fix !== null)
    .map(({ check, fix }) => `${check}: ${fix}`);
  const table = tableText(rows);
  return fixes.length === 0 ? table : `${table}\n\nWhat to do:\n${fixes.join('\n')}`;
}
