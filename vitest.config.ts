import { defineConfig } from 'vitest/config';

/** Five kinds of tests, each runnable alone: `vitest run --project unit|scenarios|cloud|service|e2e`. */
export default defineConfig({
  test: {
    globals: false,
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          include: [
            'shared/src/**/*.test.ts',
            'device/src/**/*.test.ts',
            'device/native/**/*.test.ts',
            'device/ui/**/*.test.ts',
            'cloud-sync/**/*.test.ts',
            'scripts/**/*.test.ts',
          ],
          exclude: ['scripts/service/**', 'cloud-sync/test/**'],
          testTimeout: 10_000,
          hookTimeout: 10_000,
        },
      },
      {
        extends: true,
        test: {
          name: 'scenarios',
          include: ['device/test/**/*.test.ts'],
          exclude: ['device/test/e2e/**'],
          testTimeout: 30_000,
          hookTimeout: 30_000,
        },
      },
      {
        extends: true,
        test: {
          name: 'cloud',
          include: ['cloud-sync/test/**/*.test.ts'],
          // All of them share one set of real servers; one file at a time fits two cores.
          globalSetup: ['cloud-sync/test/rig.ts'],
          fileParallelism: false,
          testTimeout: 30_000,
          hookTimeout: 30_000,
        },
      },
      {
        extends: true,
        test: {
          name: 'service',
          include: ['scripts/service/**/*.test.ts'],
          // Each test installs and starts programs: one file at a time fits two cores.
          fileParallelism: false,
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      {
        extends: true,
        test: {
          name: 'e2e',
          include: ['device/test/e2e/**/*.test.ts'],
          // Each flow starts a daemon and a browser: one file at a time fits two cores.
          fileParallelism: false,
          testTimeout: 90_000,
          hookTimeout: 90_000,
        },
      },
    ],
  },
});
