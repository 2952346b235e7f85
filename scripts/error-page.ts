import { errorTable } from '../shared/src/index.ts';

const retries = {
  now: 'at once',
  later: 'later',
  never: 'not as it is',
} as const;

/** docs/errors.md: every error code with its meaning, made from shared/src/errors.ts. */
export function errorPage(): string {
  const rows = Object.entries(errorTable).map(
    ([code, { status, message, hint, retry }]) =>
      `| \`${code}\` | ${status} | ${message} | ${hint} | ${retries[retry]} |`,
  );
  return [
    '# Errors',
    '',
    'Made from `shared/src/errors.ts` by `npm run docs:errors`; a test keeps them equal. Every failure of',
    'the API comes in one envelope: `{"error":{"code","message","status","requestId","hint","retry","details"}}`.',
    '',
    '| code | status | meaning | what to do | try again |',
    '|---|---|---|---|---|',
    ...rows,
    '',
  ].join('\n');
}
