import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process';
import { accessSync, constants, existsSync } from 'node:fs';
import { resolve } from 'node:path';

/** Seen from an installed release, from the built program and from the source. */
const stepBackPlaces = ['.', '../..', '../../../..'].map((up) => `${up}/systemd/step-back`);
const stepBack =
  stepBackPlaces.map((place) => resolve(import.meta.dirname, place)).find(existsSync) ??
  'step-back';

/** What is wrong with `step-back`, through which every program starts, and what to do; null: nothing. */
export function wrapperProblem(path = stepBack): string | null {
  try {
    accessSync(path, constants.X_OK);
    return null;
  } catch (error) {
    if (!(error instanceof Error && 'code' in error)) throw error;
    const what = error.code === 'ENOENT' ? 'is missing' : 'cannot be started';
    return `${path}, through which FFmpeg starts, ${what}. Install the feeder again.`;
  }
}

/**
 * Starts a program in a process group of its own. Nothing of it outlives the daemon: `setpriv` asks
 * the kernel to kill it when the thread that started it dies, however that dies. FFmpeg itself
 * notices neither a closed stdin nor a broken pipe of its reports. `step-back` makes it yield the
 * CPU and, when memory runs out, its life to the feeder.
 */
export function spawnGroup(
  command: readonly [string, ...string[]],
  options: Pick<SpawnOptions, 'stdio'>,
): ChildProcess {
  return spawn('setpriv', ['--pdeathsig', 'KILL', '--', stepBack, ...command], {
    ...options,
    detached: true,
  });
}

/** Signals a whole group; one that is gone already is no error. */
export function signalGroup(child: ChildProcess, signal: 'SIGTERM' | 'SIGKILL'): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, signal);
  } catch (error) {
    if (!isGone(error)) throw error;
  }
}

function isGone(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? error.code : '';
  return code === 'ESRCH';
}
