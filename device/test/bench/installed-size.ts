import { readdirSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';

const root = resolve(import.meta.dirname, '../../..');

/** What lies on a feeder besides Node: the bundles, the page, and the one native package. */
export function installedSize(): { readonly megabytes: number; readonly files: number } {
  const native = 'node_modules/better-sqlite3';
  const paths = [
    ...filesBelow('dist/device'),
    ...filesBelow(`${native}/lib`),
    `${native}/package.json`,
    `${native}/LICENSE`,
    `${native}/prebuilds/linux-${process.arch}.node`,
  ];
  const bytes = paths.reduce((sum, path) => sum + statSync(join(root, path)).size, 0);
  return { megabytes: bytes / 1e6, files: paths.length };
}

function filesBelow(folder: string): string[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .map((name) => join(folder, name))
    .filter((path) => statSync(join(root, path)).isFile());
}
