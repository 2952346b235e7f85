import { copyFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { runToEnd } from '../../servers/own-process.ts';

/**
 * Installs what the lock file here names into a folder, with the settings of the npm that runs this.
 * No script of a package runs: leveldown brings what it needs ready made.
 */
export async function installRivals(below: string): Promise<string> {
  const folder = join(below, 'rivals');
  mkdirSync(folder);
  for (const name of ['package.json', 'package-lock.json']) {
    copyFileSync(join(import.meta.dirname, name), join(folder, name));
  }
  const env = Object.entries(process.env).filter((one): one is [string, string] => Boolean(one[1]));
  const quiet = ['--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];
  await runToEnd('npm', ['ci', '--prefix', folder, ...quiet], Object.fromEntries(env));
  return folder;
}
