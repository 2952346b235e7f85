import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';

type Manifest = Readonly<Record<string, Readonly<Record<string, unknown>> | undefined>>;
type Locked = { readonly resolved?: string; readonly link?: boolean; readonly integrity?: string };

const root = resolve(import.meta.dirname, '..');
const read = <T>(path: string): T => JSON.parse(readFileSync(resolve(root, path), 'utf8')) as T;
const lock = read<{ packages: Readonly<Record<string, Locked & Record<string, unknown>>> }>(
  'package-lock.json',
);
const installed = Object.entries(lock.packages).filter(
  ([path, entry]) => path.includes('node_modules/') && entry.link !== true,
);

describe('FMEA-85 the packages', () => {
  const workspaces = read<{ workspaces: readonly string[] }>('package.json').workspaces;
  it.each(['.', ...workspaces])('are pinned exactly in %s', (folder) => {
    const manifest = read<Manifest>(`${folder}/package.json`);
    const kinds = ['dependencies', 'devDependencies', 'optionalDependencies'];
    const versions = kinds.flatMap((kind) => Object.values(manifest[kind] ?? {}));
    expect(versions.filter((version) => !/^\d+\.\d+\.\d+$/.test(String(version)))).toEqual([]);
  });

  it('are locked by their content, whichever mirror they come from', () => {
    expect(installed.filter(([, entry]) => !entry.integrity).map(([path]) => path)).toEqual([]);
    expect(installed.filter(([, entry]) => entry.resolved).map(([path]) => path)).toEqual([]);
  });

  it('run no script when they are installed', () => {
    const allowed = read<Manifest>('package.json')['allowScripts'] ?? {};
    expect(Object.values(allowed).every((isAllowed) => isAllowed === false)).toBe(true);
    const undecided = installed
      .filter(([, entry]) => entry['hasInstallScript'] === true)
      .map(([path]) => path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length))
      .filter((name) => !(name in allowed));
    expect(undecided).toEqual([]);
  });
});
