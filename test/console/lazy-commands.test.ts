import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { COMMANDS } from '../../console/src/commands/index.ts';
import { LOADED } from '../../console/src/commands/loaded.ts';
import { runConsole } from '../support/console-process.ts';

const directory = mkdtempSync(join(tmpdir(), 'tg-lazy-'));
afterAll(() => rmSync(directory, { recursive: true }));

/** Files of commands that a run of the console loaded, as V8 itself counts them. */
async function loadedBy(args: string[]): Promise<{ stdout: string; stderr: string; files: string[] }> {
  const coverage = mkdtempSync(join(directory, 'run-'));
  const { stdout, stderr } = await runConsole(args, { THREATGUARD_HOME: '/nonexistent', NODE_V8_COVERAGE: coverage });
  const scripts = readdirSync(coverage).flatMap(
    (file): { url: string }[] => JSON.parse(readFileSync(join(coverage, file), 'utf8')).result,
  );
  const files = scripts.flatMap(({ url }) => /\/console\/src\/commands\/(.*)\.ts$/.exec(url)?.[1] ?? []);
  return { stdout, stderr, files: files.filter((file) => file.includes('/')) };
}

describe('a command', () => {
  it('is loaded alone', async () => {
    const { stderr, files } = await loadedBy(['alerts', 'list']);
    expect(stderr).toContain('there is no deployment in /nonexistent');
    expect(files).toEqual(['alerts/list']);
  });

  it('is told what it does not take without the others', async () => {
    const { stderr, files } = await loadedBy(['agents', 'revoke', 'web-1', 'web-2']);
    expect(stderr).toContain('"agents revoke" does not take "web-2"; it takes NAME, --home, ');
    expect(files).toEqual(['agents/revoke']);
  });

  it('is not needed to say the version', async () => {
    const { stdout, files } = await loadedBy(['--version']);
    expect(stdout).toMatch(/^@threatguard\/console\/\d/);
    expect(files).toEqual([]);
  });

  it('is among all where one is looked for that is not there', async () => {
    const { stderr, files } = await loadedBy(['alerts', 'lsit']);
    expect(stderr).toContain('did you mean "alerts list"?');
    expect(files.length).toBeGreaterThan(50);
  });

  it('is the one its words say', () => {
    expect(Object.keys(LOADED)).toEqual(Object.keys(COMMANDS));
    for (const command of Object.values(LOADED)) expect(typeof command.run).toBe('function');
  });
});
