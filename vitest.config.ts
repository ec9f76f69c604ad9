import { defineConfig } from 'vitest/config';

// Three kinds of tests, from the quickest to the most real. See README.md, "Tests".
export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          include: ['{operator,recorder-image,test}/**/*.test.ts'],
          exclude: ['test/{integration,conformance,e2e}/**', '**/node_modules/**'],
        },
      },
      {
        test: {
          name: 'integration',
          include: ['test/{integration,conformance}/**/*.test.ts'],
          testTimeout: 60_000,
          hookTimeout: 60_000,
          maxWorkers: 2,
        },
      },
      {
        test: {
          name: 'e2e',
          include: ['test/e2e/**/*.test.ts'],
          globalSetup: ['test/e2e/setup.ts'],
          testTimeout: 180_000,
          hookTimeout: 300_000,
          // One cluster of two cores: meetings that encode side by side would only slow one another down.
          fileParallelism: false,
        },
      },
    ],
  },
});
