import { readFileSync } from 'node:fs';
import { registerHooks } from 'node:module';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { SourceEdit } from './mutants/mutant-edits.ts';
import { syncMutants } from './sync-mutants.ts';

/*
 * Loaded before the simulation (`node --import`): one rule is taken out of the source text as it is
 * loaded, so that no program carries switches for its own rules. The name comes as the last argument.
 */
const name = process.argv.at(-1);
const mutant = syncMutants.find((one) => one.name === name);
if (mutant === undefined) throw new RangeError(`There is no mutant '${name}'.`);
const root = resolve(import.meta.dirname, '../..');

registerHooks({
  load(url, context, nextLoad) {
    if (!url.startsWith('file:')) return nextLoad(url, context);
    const path = fileURLToPath(url);
    const edits = mutant.edits.filter(({ file }) => resolve(root, file) === path);
    if (edits.length === 0) return nextLoad(url, context);
    const source = edits.reduce(applyEdit, readFileSync(path, 'utf8'));
    return { format: 'module-typescript', shortCircuit: true, source };
  },
});

function applyEdit(source: string, { file, find, replace }: SourceEdit): string {
  const parts = source.split(find);
  if (parts.length === 2) return parts.join(replace);
  throw new RangeError(`${name}: its text stands ${parts.length - 1} times in ${file}`);
}
