import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { errorPage } from './error-page.ts';

test('docs/errors.md says what shared/src/errors.ts says', () => {
  const page = readFileSync(new URL('../docs/errors.md', import.meta.url), 'utf8');
  expect(page).toBe(errorPage());
});
