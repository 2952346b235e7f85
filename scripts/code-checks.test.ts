import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';

const root = resolve(import.meta.dirname, '..');
const folder = mkdtempSync(join(tmpdir(), 'feeder-checks-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const config = JSON.parse(readFileSync(resolve(root, 'biome.json'), 'utf8')) as object;
writeFileSync(
  join(folder, 'biome.json'),
  // The seeded files are in no repository.
  JSON.stringify({ ...config, $schema: undefined, vcs: { enabled: false } }),
);

/** What the linter says of one file with this text. */
function lint(path: string, text: string): { status: number | null; output: string } {
  const file = join(folder, path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
  const run = spawnSync(
    resolve(root, 'node_modules/.bin/biome'),
    ['lint', '--error-on-warnings', path],
    { cwd: folder, encoding: 'utf8' },
  );
  return { status: run.status, output: `${run.stdout}${run.stderr}` };
}

describe('A-64 the check before each commit', () => {
  it.each([
    ['noExplicitAny', 'device/src/api/a.ts', 'export const half = (x: any): number => x / 2;\n'],
    ['noUnusedVariables', 'device/src/api/b.ts', 'const unused = 1;\nexport const used = 2;\n'],
    [
      'noNonNullAssertion',
      'device/src/api/c.ts',
      'export const first = (list: number[]): number => list[0]!;\n',
    ],
    [
      'noRestrictedGlobals',
      'device/src/api/d.ts',
      'export const now = (): number => Date.now();\n',
    ],
    [
      'noRestrictedImports',
      'device/src/feeding/e.ts',
      "import { readFileSync } from 'node:fs';\nexport const read = readFileSync;\n",
    ],
  ])('is red by %s', (rule, path, text) => {
    const { status, output } = lint(path, text);
    expect(output).toContain(rule);
    expect(status).not.toBe(0);
  });

  it('is green for code that keeps the rules', () => {
    const { status, output } = lint(
      'device/src/api/f.ts',
      'export const half = (x: number) => x / 2;\n',
    );
    expect([status, output]).toEqual([0, expect.any(String)]);
  });
});
