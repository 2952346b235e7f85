import type { Milliseconds } from '@cat-feeder/shared';
import type { Cancel, Clock } from '../../platform/clock.ts';
import { signalGroup, spawnGroup } from './process-group.ts';

/** More output than this is not kept. */
const OUTPUT_BYTES_MAX = 4_000_000;
/** After the end of a program, what it said is read for so long: a stray child may hold its pipes. */
const PIPES_MS: Milliseconds = 1000;

/** How a short program ended. */
export interface ToolResult {
  readonly end: 'ok' | 'failed' | 'missing' | 'hung';
  readonly stdout: Buffer;
  /** Its last words, for people. */
  readonly why: string;
}

/** Runs a program to its end, killed with its group after `limitMs`. Never rejects. */
export function runTool(
  clock: Clock,
  command: readonly [string, ...string[]],
  limitMs: Milliseconds,
): Promise<ToolResult> {
  return new Promise((resolve) => {
    const child = spawnGroup(command, { stdio: ['ignore', 'pipe', 'pipe'] });
    const chunks: Buffer[] = [];
    let bytes = 0;
    let why = '';
    let isHung = false;
    let cancelPipes: Cancel = () => {};
    const cancel = clock.after('camera tool', limitMs, () => {
      isHung = true;
      signalGroup(child, 'SIGKILL');
    });
    const end = (result: Omit<ToolResult, 'stdout'>) => {
      cancel();
      cancelPipes();
      resolve({ ...result, stdout: Buffer.concat(chunks) });
    };
    child.stdout?.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes <= OUTPUT_BYTES_MAX) chunks.push(chunk);
    });
    child.stderr?.on('data', (chunk: Buffer) => {
      why = lastWords(why + chunk.toString());
    });
    child.once('error', () => end({ end: 'missing', why: 'setpriv (util-linux) is missing.' }));
    const ended = (code: number | null) => {
      const [program] = command;
      if (isHung) end({ end: 'hung', why: `${program} did not end within ${limitMs} ms.` });
      // What setpriv and nice answer when there is no such program.
      else if (code === 127 || code === 126) end({ end: 'missing', why: notStarted(program, why) });
      else end({ end: code === 0 ? 'ok' : 'failed', why: why || `${program} ended with ${code}.` });
    };
    child.once('close', ended);
    child.once('exit', (code) => {
      cancel();
      cancelPipes = clock.after('pipes of a camera tool', PIPES_MS, () => {
        signalGroup(child, 'SIGKILL');
        child.stdout?.destroy();
        child.stderr?.destroy();
        ended(code);
      });
    });
  });
}

function notStarted(program: string, why: string): string {
  const isMissing = why === '' || /No such file/.test(why);
  return isMissing ? `${program} is missing.` : `${program} cannot be started: ${why.trim()}.`;
}

/** The end of what a program said, short enough for one line. */
export function lastWords(text: string): string {
  return text.slice(-2000);
}
