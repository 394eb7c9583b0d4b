import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { runConsole } from '../support/console-process.ts';

let cache: string;
beforeEach(() => {
  cache = mkdtempSync(join(tmpdir(), 'threatguard-cache-'));
});
afterEach(() => rmSync(cache, { recursive: true }));

const compiled = () => join(cache, 'threatguard', 'compiled');
const run = () => runConsole(['completion', 'bash'], { XDG_CACHE_HOME: cache });

it('compiled sources are kept in a directory of this user alone', async () => {
  expect((await run()).code).toBe(0);
  expect(readdirSync(compiled()).length).toBeGreaterThan(0);
});

it.each([0o777, 0o770])('and not where others may write (%o): it is code', async (mode) => {
  mkdirSync(compiled(), { recursive: true });
  chmodSync(compiled(), mode);
  expect((await run()).code).toBe(0);
  expect(readdirSync(compiled())).toEqual([]);
});

it('where there can be no directory it starts without', async () => {
  chmodSync(cache, 0o500);
  const { code } = await runConsole(['completion', 'bash'], { XDG_CACHE_HOME: '/proc/nowhere' });
  expect(code).toBe(0);
  expect(existsSync(compiled())).toBe(false);
});
