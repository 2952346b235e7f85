import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';

const root = resolve(import.meta.dirname, '..');
const pages = ['*.md', 'docs/**/*.md', 'systemd/*.md', 'device/**/*.md', 'cloud-sync/**/*.md']
  .flatMap((glob) => globSync(glob, { cwd: root }))
  .filter((path) => !path.includes('node_modules'));

/** Where the links of a page lead, as far as they stay in the repository. */
function linksOf(path: string, text: string): string[] {
  return [...text.matchAll(/\]\(([^)\s]+)\)/g)]
    .map((match) => match[1] ?? '')
    .filter((target) => !/^[a-z]+:/.test(target) && !target.startsWith('#'))
    .map((target) => join(dirname(path), target.replace(/#.*/, '')));
}

/** Files and folders that a page names in code. */
function pathsOf(text: string): string[] {
  const named = /`((?:shared|device|cloud-sync|scripts|docs|systemd)\/[\w./-]*[\w/])`/g;
  return [...text.matchAll(named)].map((match) => match[1] ?? '');
}

/** `npm run NAME` in a page. */
function scriptsOf(text: string): string[] {
  return [...text.matchAll(/npm run ([\w:-]+)/g)].map((match) => match[1] ?? '');
}

describe('A-65 the pages of the project', () => {
  const read = (path: string) => readFileSync(join(root, path), 'utf8');
  const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };

  it('are there', () => {
    expect(pages).toEqual(expect.arrayContaining(['README.md', 'docs/architecture.md']));
  });

  it.each(pages)('%s leads nowhere else than to what exists', (path) => {
    const text = read(path);
    const missing = [...linksOf(path, text), ...pathsOf(text)].filter(
      (target) => !existsSync(join(root, target)),
    );
    expect(missing).toEqual([]);
    expect(scriptsOf(text).filter((name) => !(name in scripts))).toEqual([]);
  });

  it('would be caught', () => {
    expect(linksOf('docs/a.md', '[x](b.md#c) [y](https://e.test) [z](#d)')).toEqual(['docs/b.md']);
    expect(pathsOf('`device/src/none.ts` and `npm test`')).toEqual(['device/src/none.ts']);
    expect(scriptsOf('`npm run nothing`')).toEqual(['nothing']);
  });
});
