import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { FeederError } from '@cat-feeder/shared';
import { afterAll, describe, expect, it } from 'vitest';
import { loadProfile, parseProfile } from './load-profile.ts';
import { profileSchemaJson, profileTables } from './profile-docs.ts';

const root = resolve(import.meta.dirname, '../../../..');
const profiles = join(root, 'device/profiles');
/** Hardware profiles lie beside them, in `boards/`: they have a schema of their own. */
const shipped = readdirSync(profiles, { recursive: true, encoding: 'utf8' }).filter(
  (name) => name.endsWith('.json') && !name.startsWith('boards/'),
);

function problemsOf(value: unknown): FeederError {
  try {
    parseProfile(value);
  } catch (error) {
    if (error instanceof FeederError) return error;
  }
  throw new Error('the profile was accepted');
}

describe('a profile', () => {
  it('may be empty: every key has a default', () => {
    const profile = parseProfile({});
    expect(profile.auger.gramsPerTurnMean).toBe(6);
    expect(profile.motor.indexEdgesPerTurn).toBe(4);
    expect(profile.bowlCell.countsPerGram).toBe(429);
  });

  it('names only what is special, and may say null where that is allowed', () => {
    const profile = parseProfile({ motor: { indexEdgesPerTurn: null, coastMs: 7 } });
    expect(profile.motor).toMatchObject({ indexEdgesPerTurn: null, coastMs: 7, spinUpMs: 60 });
  });

  it('is refused with every problem at once, each with its path', () => {
    const error = problemsOf({
      colour: 'red',
      auger: { gramsPerTurnMean: -1, threads: 3 },
      cat: { leanProbability: 1.5, pushGrams: 'hard' },
      bowl: 7,
      bowlCell: { countsPerGram: 0 },
    });
    expect(error.code).toBe('ERR_PROFILE');
    expect(Object.fromEntries(error.details.map(({ path, message }) => [path, message]))).toEqual({
      colour: 'is not a key of profiles',
      'auger.gramsPerTurnMean': 'must be at least 0.3',
      'auger.threads': 'is not a key of profiles',
      'cat.leanProbability': 'must be at most 1',
      'cat.pushGrams': 'must be a number',
      bowl: 'must be an object',
      'bowlCell.countsPerGram': 'must be 1 or more away from 0',
    });
    for (const { path } of error.details) expect(error.message).toContain(path);
  });

  it.each([[null], [[]], [{ cat: [] }], ['text'], [3]])(
    'is refused when it is %j',
    (value: unknown) => {
      expect(problemsOf(value).code).toBe('ERR_PROFILE');
    },
  );
});

describe('profile files', () => {
  const folder = mkdtempSync(join(tmpdir(), 'profile-'));
  afterAll(() => rmSync(folder, { recursive: true }));

  it.each(shipped)('%s loads', (name) => {
    const profile = loadProfile(join(profiles, name));
    expect(name).toContain(profile.name);
    expect(profile.description?.length).toBeGreaterThan(20);
  });

  it('are more than one, with two held out', () => {
    expect(shipped.filter((name) => name.startsWith('holdout'))).toHaveLength(2);
    expect(shipped.length).toBeGreaterThanOrEqual(8);
  });

  it('keep a name of their own', () => {
    const path = join(folder, 'a.json');
    writeFileSync(path, '{"name": "mine"}');
    expect(loadProfile(path).name).toBe('mine');
  });

  it.each([
    ['missing.json', null],
    ['broken.json', '{"kibble": '],
    ['long.json', ' '.repeat(300_000)],
    ['wrong.json', '{"kibbel": {}}'],
  ])('refuse %s and name it', (name, text) => {
    const path = join(folder, name);
    if (text !== null) writeFileSync(path, text);
    expect(() => loadProfile(path)).toThrow(expect.objectContaining({ code: 'ERR_PROFILE' }));
    expect(() => loadProfile(path)).toThrow(name);
  });
});

describe('the documentation of profiles', () => {
  it('has every key, its range and default (update with vitest -u)', async () => {
    const path = join(root, 'docs/profiles.md');
    const marker = '<!-- tables: made from device/src/hardware/simulated/profile.ts -->\n';
    const [intro = ''] = readFileSync(path, 'utf8').split(marker);
    await expect(`${intro}${marker}\n${profileTables()}`).toMatchFileSnapshot(path);
  });

  it('has a schema for editors (update with vitest -u)', async () => {
    await expect(profileSchemaJson()).toMatchFileSnapshot(join(root, 'docs/profile.schema.json'));
  });
});
