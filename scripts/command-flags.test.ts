import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { expect, it } from 'vitest';

const root = resolve(import.meta.dirname, '..');
const { scripts } = JSON.parse(readFileSync(resolve(root, 'package.json'), 'utf8')) as {
  scripts: Record<string, string>;
};

/** Every command of package.json that takes flags: tests, simulators and benches of their own. */
const programs = Object.entries(scripts).flatMap(([name, command]) => {
  const [, path] = /^node (\S+\.ts)$/.exec(command) ?? [];
  return path !== undefined && /^(test|sim|bench):/.test(name) ? [[name, path]] : [];
});

it('knows the commands that take flags', () => {
  expect(programs.map(([name]) => name)).toEqual(
    expect.arrayContaining(['test:crash', 'test:kill', 'sim:device', 'bench:daemon']),
  );
  expect(programs.length).toBeGreaterThan(10);
});

it.each([...programs, ['scripts/release', 'scripts/make-release.ts']])(
  '%s refuses an unknown flag in one sentence',
  (_name, path = '') => {
    const ran = spawnSync(process.execPath, [path, '--no-such-flag'], {
      cwd: root,
      encoding: 'utf8',
    });
    expect(ran.stderr).toMatch(/^There is no flag --no-such-flag; there are --[^\n]+\.\n$/);
    expect([ran.stdout, ran.status]).toEqual(['', 2]);
  },
);
