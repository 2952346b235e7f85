import packageJson from '../../package.json' with { type: 'json' };

/** The version of the program, and the first instant at which it can have run. */
export const programVersion: string = packageJson.version;
/** No believable clock is before the month in which this version was made. */
export const builtAtMs = 1_793_491_200_000; // 2026-11-01T00:00Z
