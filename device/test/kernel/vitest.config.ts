import { defineConfig } from 'vitest/config';

/** The tests that run inside the kernel of `npm run test:kernel`; nobody else takes them. */
export default defineConfig({
  root: import.meta.dirname,
  cacheDir: '/tmp/vite',
  test: {
    globals: false,
    include: ['*.guest.ts'],
    // One processor at 100 ticks a second, and the checks measure time: one after the other.
    fileParallelism: false,
    isolate: false,
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
