import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { HISTORY_LINES_MAX, History } from '../../console/src/services/shell/history.ts';
import { runConsole } from '../support/console-process.ts';
import { FakeConsoleServer } from '../support/fake-console-server.ts';
import { hasTmux, TmuxConsole } from '../support/tmux.ts';
import { agent, alert } from './samples.ts';

const OTHER_ID = '01kb3x8m5rq9t2v4w6y8z0a1b3';
let server: FakeConsoleServer;
let directory: string;
beforeAll(async () => {
  server = await FakeConsoleServer.start();
  server.agents = [agent()];
  server.alerts = [alert({ id: `${'01kb3x8m5rq9t2v4w6y8z0a1b2'}` }), alert({ id: OTHER_ID })];
});
afterAll(() => server[Symbol.asyncDispose]());
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'threatguard-shell-'));
  server.refusals.clear();
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const environment = () => ({
  THREATGUARD_HOME: server.home,
  XDG_STATE_HOME: join(directory, 'state'),
  XDG_CONFIG_HOME: join(directory, 'config'),
  TZ: 'UTC',
});
const historyPath = () => join(directory, 'state', 'threatguard', 'shell-history');

describe('a shell in a pipe', () => {
  const pipe = (lines: string[], ...args: string[]) =>
    runConsole(['shell', ...args], { ...environment(), XDG_STATE_HOME: '/nonexistent' }, lines.join('\n'));

  it('runs each line over one connection, and ends with the exit code of the last', async () => {
    const before = server.connections;
    const { code, stdout, stderr } = await pipe([
      '# a comment',
      '',
      'agents list --fields name --output csv',
      'alerts lsit',
      'threatguard alerts list --fields id --output csv',
    ]);
    expect(stdout.split('\n')).toEqual(['name', 'web-1', 'id', OTHER_ID, '01kb3x8m5rq9t2v4w6y8z0a1b2', '']);
    expect(stderr).toBe('error: there is no command "alerts lsit"; did you mean "alerts list"?\n');
    expect(code).toBe(0);
    expect(server.connections - before).toBe(1);
  });

  it('stops with --strict at the first that fails', async () => {
    const { code, stdout } = await pipe(['alerts show', 'agents list'], '--strict');
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  });

  it.each([
    [['exit 7', 'agents list'], 7, ''],
    [['exit 256'], 2, 'takes an exit code from 0 to 255'],
    [['agents list | grep web'], 2, 'pipe "threatguard ..." in the shell of your system'],
    [["hunt run 'user:root"], 2, "the quote ' is not closed"],
    [['shell'], 2, 'this is the shell already'],
    [['agents show'], 2, 'NAME is missing'],
    [['agents list --context nowhere'], 2, 'there is no context "nowhere"'],
    [['help agents list'], 0, ''],
  ])('%j ends with %i', async (lines, code, said) => {
    const result = await pipe(lines);
    expect(result.code).toBe(code);
    expect(result.stderr).toContain(said);
  });
});

describe.skipIf(!hasTmux)('a shell in a terminal', () => {
  const open = () => new TmuxConsole(['shell'], { columns: 110, rows: 30, env: environment() });

  it('completes live values, says what was mistyped, shows its exit code, and finds former lines', async () => {
    using terminal = open();
    await terminal.shows('threatguard local>');
    terminal.type('alerts sh');
    terminal.press('Tab');
    await terminal.shows('alerts show');
    terminal.press('Tab');
    await terminal.shows('alerts show 01kb3x8m5rq9t2v4w6y8z0a1b');
    terminal.press('Tab');
    await terminal.shows(new RegExp(`\\n01kb3x8m5rq9t2v4w6y8z0a1b2 +${OTHER_ID}`));
    terminal.press('C-c');
    terminal.type('alerts lsit');
    terminal.press('Enter');
    await terminal.shows('did you mean "alerts list"?');
    await terminal.shows('threatguard local [2]>');
    terminal.type('agents list --fields name');
    terminal.press('Enter');
    await terminal.shows(/\nname\nweb-1\nthreatguard local>/);
    terminal.press('C-r');
    terminal.type('lsi');
    await terminal.shows('bck-i-search: lsi_');
    await terminal.shows('threatguard local> alerts lsit');
    terminal.press('C-c');
    terminal.type('exit 5');
    terminal.press('Enter');
    await terminal.shows('ended with 5');
  });

  it('keeps lines for the next shell, for their owner alone, and none with a secret', async () => {
    {
      using terminal = open();
      await terminal.shows('threatguard local>');
      for (const line of ['agents list --fields name', ' status', 'users add bob --password hunter2', 'exit']) {
        terminal.type(line);
        terminal.press('Enter');
      }
      await terminal.shows('ended with');
    }
    expect(readFileSync(historyPath(), 'utf8')).toBe('agents list --fields name\nexit\n');
    expect(statSync(historyPath()).mode & 0o777).toBe(0o600);
    using next = open();
    await next.shows('threatguard local>');
    next.press('Up', 'Up');
    await next.shows('threatguard local> agents list --fields name');
    next.press('C-c', 'C-d');
    await next.shows('ended with 0');
  });

  it('ends the command and not itself with Ctrl-C', async () => {
    using terminal = open();
    await terminal.shows('threatguard local>');
    terminal.type('alerts watch');
    terminal.press('Enter');
    await terminal.shows('watching alerts');
    terminal.press('C-c');
    terminal.type('agents list --fields name');
    terminal.press('Enter');
    await terminal.shows(/\nname\nweb-1\nthreatguard local>/);
    server.silent.add('listAgents');
    terminal.type('agents list --fields id');
    terminal.press('Enter');
    await terminal.shows(/--fields id\n/);
    terminal.press('C-c');
    await terminal.shows('threatguard local [130]>');
    server.silent.clear();
  });

  it('gives the terminal to a full-screen view and has it back', async () => {
    using terminal = open();
    await terminal.shows('threatguard local>');
    terminal.type('dashboard agents');
    terminal.press('Enter');
    await terminal.shows(/ThreatGuard local 127\.0\.0\.1[\s\S]*web-1/);
    terminal.press('C-c');
    await terminal.shows(/dashboard agents\nthreatguard local>/);
    terminal.type('agents list --fields name');
    terminal.press('Enter');
    await terminal.shows(/\nname\nweb-1\nthreatguard local>/);
  });
});

describe('kept lines', () => {
  it('are the newest, without secrets, in a file that is made its owner’s', () => {
    mkdirSync(join(directory, 'h'));
    const path = join(directory, 'h', 'shell-history');
    const lines = Array.from({ length: HISTORY_LINES_MAX + 50 }, (_, index) => `alerts show ${index}`);
    writeFileSync(path, `${lines.join('\n')}\nlogin --password x\n${'x'.repeat(5000)}\n`);
    chmodSync(path, 0o644);
    const history = new History(join(directory, 'h'));
    expect(history.newestFirst()).toHaveLength(HISTORY_LINES_MAX);
    expect(history.newestFirst()[0]).toBe(`alerts show ${HISTORY_LINES_MAX + 49}`);
    history.add('status');
    history.add('status');
    expect(readFileSync(path, 'utf8').split('\n').slice(-2)).toEqual(['status', '']);
    expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  it('are made anew where the file has grown', () => {
    const path = join(directory, 'shell-history');
    writeFileSync(path, 'alerts list --user somebody\n'.repeat(60_000));
    new History(directory);
    expect(readFileSync(path, 'utf8').split('\n')).toHaveLength(HISTORY_LINES_MAX + 1);
  });

  it('are none where the directory cannot be used, and say why', () => {
    writeFileSync(join(directory, 'file'), '');
    const history = new History(join(directory, 'file'));
    history.add('status');
    expect(history.problem).toContain('EEXIST');
    expect(history.newestFirst()).toEqual(['status']);
  });
});
