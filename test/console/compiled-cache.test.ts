import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
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
// The tests themselves have one, which their children would take.
const run = (directory = cache) =>
  runConsole(['completion', 'bash'], { XDG_CACHE_HOME: directory, NODE_COMPILE_CACHE: undefined });

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
  expect((await run('/dev/null')).code).toBe(0);
});
