// vitest's set-up of every test file: what waits by `vi.waitFor` is as patient as what waits by `until`.
import { vi } from 'vitest';
import { SLOWER_MAX } from './until.ts';

/** vitest's own. */
const TIMEOUT_MS = 1_000;

const { waitFor } = vi;
vi.waitFor = (condition, options = {}) => {
  const { timeout = TIMEOUT_MS, ...more } = typeof options === 'number' ? { timeout: options } : options;
  return waitFor(condition, { interval: 20, ...more, timeout: timeout * SLOWER_MAX });
};
