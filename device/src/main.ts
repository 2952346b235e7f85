import { exitCodeFor, exitCodes, lastWords } from './app/exit-codes.ts';
import { runDaemon } from './app/run-daemon.ts';
import { SafetyStop } from './app/safety-stop.ts';
import { programVersion } from './app/version.ts';
import { helpText, parseArguments } from './config/parse-arguments.ts';
import { readConfig, usageProblems } from './config/read-config.ts';
import { createPinoLogger } from './platform/pino-logger.ts';
import { SystemClock } from './platform/system-clock.ts';

const daemonCommands = new Set(['run', 'help', 'version']);

/** Reads the arguments, then runs the daemon until a signal ends it, or one command of the CLI. */
async function main(argv: readonly string[]): Promise<void> {
  const [first = 'run'] = argv;
  const isAboutCommand = first === 'help' && argv.length > 1;
  if (isAboutCommand || (!first.startsWith('-') && !daemonCommands.has(first))) {
    await runCommand(argv);
    return;
  }
  const asked = parseArguments(argv);
  switch (asked.kind) {
    case 'usage': {
      const message = usageProblems(asked).join('\n');
      if (argv.includes('--json')) {
        const error = { message, hint: 'See feeder --help.' };
        process.stdout.write(`${JSON.stringify({ error })}\n`);
      } else process.stderr.write(`${message}\n\n${helpText()}`);
      process.exitCode = exitCodes.usage;
      return;
    }
    case 'help': {
      const { cliOverview } = await import('./cli/cli-program.ts');
      process.stdout.write(
        `${helpText()}\nA running feeder is told what to do by a command:\n\n${cliOverview()}`,
      );
      return;
    }
    case 'version':
      process.stdout.write(`${programVersion}\n`);
      return;
    case 'check-config':
      // Settings came before the words; the command of the CLI is the only one that checks.
      await runCommand(['config', 'check', ...asked.rest]);
      return;
    case 'run':
      await run(asked);
  }
}

/** Loaded when asked for: the daemon has no use for it. */
async function runCommand(argv: readonly string[]): Promise<void> {
  const { runCliProgram } = await import('./cli/cli-program.ts');
  process.exitCode = await runCliProgram(argv);
}

async function run(asked: Parameters<typeof readConfig>[0]): Promise<void> {
  const { config, warnings } = readConfig(asked);
  const logger = createPinoLogger({ level: config.logLevel });
  const safetyStop = new SafetyStop({ process, clock: new SystemClock(), log: logger });
  for (const warning of warnings) logger.warn({}, warning);
  try {
    const { url } = await runDaemon(config, { logger, safetyStop });
    const hardware = config.hardware.kind;
    logger.info({ url, dataDir: config.dataDir, hardware }, `The feeder is at ${url}`);
  } catch (error) {
    process.stderr.write(lastWords(error));
    safetyStop.fail(error);
  }
}

main(process.argv.slice(2)).catch((error: unknown) => {
  process.stderr.write(lastWords(error));
  process.exit(exitCodeFor(error));
});
