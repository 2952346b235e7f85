/** One step from a version of the configuration file to the next, as data. */
export interface ConfigMigration {
  /** The version that it starts from; it ends at `from + 1`. */
  readonly from: number;
  readonly renamed: Readonly<Record<string, string>>;
  /** Settings that went, each with the reason that the owner is told. */
  readonly removed: Readonly<Record<string, string>>;
}

/** All steps, oldest first. A file without `version` is of version 1. */
export const configMigrations: readonly ConfigMigration[] = [
  { from: 1, renamed: { board: 'hardware' }, removed: {} },
];

/** The version that this program writes and reads. */
export const CONFIG_VERSION = 1 + configMigrations.length;

/** A file's values in the present version, and what the owner should change in it. */
export interface MigratedConfig {
  readonly values: Readonly<Record<string, unknown>>;
  readonly notes: readonly string[];
}

/**
 * Brings the values of a file (without its `version`) from `version` to the present one. The file
 * itself is left as it is; a version outside 1 to the present one is the caller's to refuse.
 */
export function migrateConfig(
  values: Readonly<Record<string, unknown>>,
  version: number,
  migrations: readonly ConfigMigration[] = configMigrations,
): MigratedConfig {
  const notes: string[] = [];
  let present = values;
  for (const migration of migrations.slice(version - 1)) {
    const next: [string, unknown][] = [];
    for (const [name, value] of Object.entries(present)) {
      const newName = ownText(migration.renamed, name);
      const reason = ownText(migration.removed, name);
      if (newName !== undefined) {
        notes.push(`${name} is called ${newName} now`);
        if (!Object.hasOwn(present, newName)) next.push([newName, value]);
      } else if (reason !== undefined) {
        notes.push(`${name} has no effect any more: ${reason}`);
      } else {
        next.push([name, value]);
      }
    }
    present = Object.fromEntries(next);
  }
  return { values: present, notes };
}

/** A file may name what every object inherits. */
function ownText(texts: Readonly<Record<string, string>>, name: string): string | undefined {
  return Object.hasOwn(texts, name) ? texts[name] : undefined;
}
