import { globSync, readFileSync } from 'node:fs';
import { matchesGlob, relative, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import config from '../vitest.config.ts';

const root = resolve(import.meta.dirname, '..');

interface Project {
  readonly test: { readonly name: string; readonly include: string[]; readonly exclude?: string[] };
}
const projects = (config as { test: { projects: Project[] } }).test.projects.map(
  ({ test }) => test,
);

const testFiles = ['shared', 'device', 'cloud-sync', 'scripts']
  .flatMap((folder) => globSync(`${folder}/**/*.test.ts`, { cwd: root }))
  .map((path) => relative(root, resolve(root, path)))
  .filter((path) => !path.includes('node_modules') && !path.includes('/dist/'));

function projectsOf(path: string): string[] {
  return projects
    .filter(({ include }) => include.some((glob) => matchesGlob(path, glob)))
    .filter(({ exclude = [] }) => !exclude.some((glob) => matchesGlob(path, glob)))
    .map(({ name }) => name);
}

describe('B-07 the projects of the tests', () => {
  it('take each test file exactly once', () => {
    expect(testFiles.length).toBeGreaterThan(50);
    const wrong = testFiles.filter((path) => projectsOf(path).length !== 1);
    expect(wrong).toEqual([]);
  });

  it('can each be run alone by a script of the package', () => {
    const { scripts } = JSON.parse(readFileSync(resolve(root, 'package.json'), 'utf8')) as {
      scripts: Record<string, string>;
    };
    for (const { name } of projects) {
      expect(scripts[`test:${name}`]).toBe(`vitest run --project ${name}`);
    }
  });
});
