import { stripVTControlCharacters } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { width } from '../../console/src/model/printable.ts';
import { FakeConsoleServer } from '../support/fake-console-server.ts';
import { HOSTILE } from '../support/hostile.ts';
import { hasPty, runInTerminal } from '../support/pty.ts';
import { agent, alert, storedEvent } from './samples.ts';

describe.skipIf(!hasPty)('in a terminal (needs script(1))', () => {
  let server: FakeConsoleServer;
  beforeAll(async () => {
    server = await FakeConsoleServer.start();
    server.alerts = [alert(), alert({ reason: HOSTILE.repeat(50), agentName: '日本語'.repeat(20) })];
    server.events = [storedEvent(), storedEvent({ agentName: 'x'.repeat(300) })];
    server.agents = [agent()];
  });
  afterAll(() => server[Symbol.asyncDispose]());
  const run = (args: string[], columns: number, env: Record<string, string> = {}) =>
    runInTerminal(args, { columns, env: { THREATGUARD_HOME: server.home, TZ: 'UTC', ...env } });

  it.each([
    [['alerts', 'list'], 80],
    [['alerts', 'list'], 160],
    [['events', 'search'], 80],
    [['agents', 'list'], 80],
  ])('%j fits %i columns', async (args, columns) => {
    const { code, screen } = await run(args, columns);
    expect(code).toBe(0);
    const lines = stripVTControlCharacters(screen).trim().split('\n');
    expect(lines.length).toBeGreaterThanOrEqual(2);
    expect(Math.max(...lines.map(width))).toBeLessThanOrEqual(columns);
  });

  it('severity is coloured, and is not with NO_COLOR', async () => {
    const coloured = await run(['alerts', 'list'], 120);
    expect(coloured.screen).toContain('\u001b[31mhigh');
    const plain = await run(['alerts', 'list'], 120, { NO_COLOR: '1' });
    expect(plain.screen).toContain('high');
    expect(plain.screen).not.toContain('\u001b');
  });
});
