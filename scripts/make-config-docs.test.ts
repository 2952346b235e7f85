import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { expect, it } from 'vitest';
import { configPages } from './make-config-docs.ts';

it.each(Object.entries(configPages()))(
  'B-69 %s is as scripts/make-config-docs.ts makes it',
  (path, text) => {
    expect(readFileSync(resolve(import.meta.dirname, '..', path), 'utf8')).toBe(text);
  },
);
