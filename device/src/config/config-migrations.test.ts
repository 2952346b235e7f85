import { describe, expect, it } from 'vitest';
import { type ConfigMigration, migrateConfig } from './config-migrations.ts';

const migrations: readonly ConfigMigration[] = [
  { from: 1, renamed: { address: 'host' }, removed: {} },
  { from: 2, renamed: {}, removed: { color: 'the page follows the system' } },
];

describe('migrateConfig', () => {
  it('renames and removes, step by step, and says so', () => {
    const migrated = migrateConfig({ address: '::1', color: 'red', port: 1 }, 1, migrations);
    expect(migrated.values).toEqual({ host: '::1', port: 1 });
    expect(migrated.notes).toEqual([
      'address is called host now',
      'color has no effect any more: the page follows the system',
    ]);
  });

  it('begins at the version of the file', () => {
    expect(migrateConfig({ address: '::1' }, 2, migrations).values).toEqual({ address: '::1' });
    expect(migrateConfig({ color: 'red' }, 3, migrations).values).toEqual({ color: 'red' });
  });

  it('lets the new name win where both stand', () => {
    expect(migrateConfig({ address: 'old', host: 'new' }, 1, migrations).values).toEqual({
      host: 'new',
    });
  });

  it('takes no name for renamed that every object inherits', () => {
    const values = JSON.parse('{"__proto__": 1, "constructor": 2}');
    expect(migrateConfig(values, 1)).toEqual({ values, notes: [] });
  });
});
