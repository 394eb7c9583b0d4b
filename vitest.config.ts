import { defineConfig } from 'vitest/config';

// Projects run one file at a time where real servers and kernel facilities are shared.
const project = (name: string, options: object = {}) => ({
  extends: true as const,
  test: { name, include: [`test/${name}/**/*.test.ts`], ...options },
});

export default defineConfig({
  test: {
    pool: 'forks',
    testTimeout: 30_000,
    hookTimeout: 60_000,
    // The kernel has one audit: agents that tests start leave it to the tests that are about it.
    env: { THREATGUARD_AUDIT: 'off' },
    projects: [
      project('architecture'),
      project('proto'),
      project('agent'),
      project('collector'),
      project('console'),
      project('fuzz'),
      project('system', { fileParallelism: false, testTimeout: 120_000, hookTimeout: 120_000 }),
    ],
  },
});
