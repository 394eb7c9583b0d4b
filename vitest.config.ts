import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { defineConfig } from 'vitest/config';
import { LongestFirst } from './test/support/longest-first.ts';

/** Files at a time. Most of them wait more than they compute: for processes, servers, the kernel. */
const WORKERS = Math.min(availableParallelism(), 4) + 1;

// For all processes to come, several hundred: they begin in half of the time.
process.env.NODE_COMPILE_CACHE ??= join(import.meta.dirname, 'node_modules', '.cache', 'test-compile');

const project = (name: string, options: object = {}) => ({
  extends: true as const,
  test: { name, include: [`test/${name}/**/*.test.ts`], ...options },
});

export default defineConfig({
  test: {
    pool: 'forks',
    maxWorkers: WORKERS,
    sequence: { sequencer: LongestFirst },
    // For what hangs; most tests have limits of their own that name what they waited for.
    testTimeout: 180_000,
    hookTimeout: 180_000,
    reporters: ['default', './test/support/closing-line.ts'],
    globalSetup: 'test/support/made-once.ts',
    setupFiles: 'test/support/set-up.ts',
    // The kernel has one audit: agents that tests start leave it to the tests that are about it.
    // Collectors in processes of their own would share one port; those that are asked over HTTP name theirs.
    env: { THREATGUARD_AUDIT: 'off', THREATGUARD_HTTP_LISTEN: 'off' },
    // Crash tests, each with servers of its own, that wait more than they compute.
    maxConcurrency: 2,
    projects: [
      project('architecture'),
      project('proto'),
      project('agent'),
      project('collector'),
      project('console'),
      project('fuzz'),
      // After the others, since these use the machine as a whole: its sshd, its kernel, its disks.
      project('system', { sequence: { groupOrder: 1 } }),
    ],
  },
});
