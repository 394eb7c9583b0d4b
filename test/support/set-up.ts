// vitest's set-up of every test file: what differs from one caller to the next, and what vitest would have impatient.
import { vi } from 'vitest';
import { SLOWER_MAX } from './until.ts';

process.umask(0o022);
/** Programs that tests start would heed them. */
for (const name of ['FORCE_COLOR', 'NO_COLOR', 'COLUMNS', 'LINES', 'THREATGUARD_HOME']) delete process.env[name];

/** vitest's own, for `vi.waitFor`; it becomes as patient as `until`. */
const TIMEOUT_MS = 1_000;

const { waitFor } = vi;
vi.waitFor = (condition, options = {}) => {
  const { timeout = TIMEOUT_MS, ...more } = typeof options === 'number' ? { timeout: options } : options;
  return waitFor(condition, { interval: 20, ...more, timeout: timeout * SLOWER_MAX });
};
