// Logging in from the console: real processes, a real collector, and a real provider of OpenID Connect.
import { execFile } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { hotp } from '../../collector/src/access/totp.ts';
import { bringLogin, LoginBearer, loginOf } from '../../console/src/client/bring-login.ts';
import { LoginFile } from '../../console/src/client/login-file.ts';
import { ApiUser, PASSWORD } from '../support/api-user.ts';
import { initTestHome, TestCollector } from '../support/collector.ts';
import { runCommand } from '../support/console-commands.ts';
import { RunningConsole } from '../support/console-process.ts';
import { ask } from '../support/http.ts';
import { Browser, CLIENT_ID, TestProvider } from '../support/oidc.ts';
import { hasTmux, TmuxConsole } from '../support/tmux.ts';
import { until } from '../support/until.ts';

let collector: TestCollector;
let provider: TestProvider;
let admin: ApiUser;
let state: string;
let passwordFile: string;

const env = () => ({ THREATGUARD_HOME: collector.home, XDG_STATE_HOME: state, TZ: 'UTC' });
const run = (...args: string[]) => runCommand(args, env());
const json = async (...args: string[]) => JSON.parse((await run(...args, '--output', 'json')).stdout);
const logInAs = (name: string) => run('login', name, '--password-file', passwordFile);
const loginsIn = (directory: string) => {
  try {
    return readdirSync(join(directory, 'threatguard', 'logins'));
  } catch {
    return [];
  }
};
const loginFile = () => join(state, 'threatguard', 'logins', loginsIn(state)[0]!);

beforeAll(async () => {
  provider = await TestProvider.forDevices({ olga: ['soc-readers'] });
  const home = await initTestHome();
  const config = `http:\n  listen: 127.0.0.1:0\n${provider.textFor(home, { 'soc-readers': 'viewer' })}`;
  collector = await TestCollector.start({ home, config });
  writeFileSync(join(home, 'console', 'console.json'), JSON.stringify({ collector: collector.address }));
  admin = await ApiUser.first(collector, 'ada');
  await admin.withRole('vic', 'viewer');
  passwordFile = join(home, 'password');
  writeFileSync(passwordFile, `${PASSWORD}\n`);
});
afterAll(async () => {
  await collector?.[Symbol.asyncDispose]();
  await provider?.[Symbol.asyncDispose]();
});
beforeEach(() => {
  state = mkdtempSync(join(tmpdir(), 'threatguard-state-'));
  return () => rmSync(state, { recursive: true, force: true });
});

describe('a local account', () => {
  it('is logged in, is who asks from then on with what its role allows, and is logged out', async () => {
    expect(await json('whoami')).toMatchObject({ kind: 'certificate', role: 'admin' });
    const done = await logInAs('vic');
    expect([done.code, done.stdout]).toEqual([0, expect.stringMatching(/user +vic\nrole +viewer/)]);
    expect(await json('whoami')).toMatchObject({ kind: 'user', name: 'vic', role: 'viewer', source: 'local' });
    const refused = await run('users', 'list');
    expect([refused.code, refused.stderr]).toEqual([
      5,
      'error: this needs the role admin; you are viewer (vic); "threatguard login" as someone else\n',
    ]);
    expect((await run('alerts', 'list')).code).toBe(0);
    const { accessToken } = JSON.parse(readFileSync(loginFile(), 'utf8'));
    expect((await run('logout')).code).toBe(0);
    expect(loginsIn(state)).toEqual([]);
    expect((await ask(`${collector.httpUrl}/api/auth/me`, { token: accessToken })).status).toBe(401);
    expect(await json('whoami')).toMatchObject({ kind: 'certificate' });
  });

  it('keeps its tokens where only its user reads them, and shows no password', async () => {
    const done = await logInAs('vic');
    expect(statSync(loginFile()).mode & 0o777).toBe(0o600);
    expect(statSync(join(state, 'threatguard', 'logins')).mode & 0o777).toBe(0o700);
    expect(done.stdout + done.stderr + readFileSync(loginFile(), 'utf8')).not.toContain(PASSWORD);
  });

  it('is one login, however often one logs in', async () => {
    await logInAs('vic');
    await logInAs('ada');
    const listed = async () => (await json('users', 'list')).find(({ name }: { name: string }) => name === 'vic');
    const { sessions } = await listed();
    await logInAs('vic');
    await logInAs('ada');
    expect((await listed()).sessions).toBe(sessions);
  });

  it('with a password from stdin, and a code where there is a second factor', async () => {
    const { secret, step } = await withSecondFactor('tom');
    const command =
      '"$0" --disable-warning=ExperimentalWarning console/bin/threatguard.js login tom --password-file - --code "$1"';
    const piped = (code: string) =>
      runIn(env(), '/bin/sh', ['-c', `echo '${PASSWORD}' | ${command}`, process.execPath, code]);
    expect((await piped('000000')).stderr).toContain('name, password or code is wrong');
    expect((await piped(hotp(secret, step))).stdout).toMatch(/role +analyst/);
  });

  it.each([
    ['a wrong password', ['login', 'vic', '--password-file', '/etc/hostname'], 5, 'name, password or code is wrong'],
    ['no file', ['login', 'vic', '--password-file', '/nowhere'], 2, 'cannot be read'],
    ['an empty file', ['login', 'vic', '--password-file', '/dev/null'], 2, 'holds no password'],
    ['nobody to ask', ['login', 'vic'], 2, 'there is no terminal to ask on'],
    ['no name', ['login', '--local'], 2, 'there is no terminal to ask on'],
  ])('is not logged in with %s, and nothing is kept', async (_, args, code, problem) => {
    const done = await run(...args);
    expect([done.code, done.stderr]).toEqual([code, expect.stringContaining(problem)]);
    expect(loginsIn(state)).toEqual([]);
  });

  it('whose login was ended is told so, and never asks as its certificate instead', async () => {
    await logInAs('vic');
    await admin.ask('/api/users/vic', { method: 'PATCH', json: { password: PASSWORD } });
    for (const damage of [() => undefined, () => writeFileSync(loginFile(), '{"version":1}')]) {
      damage();
      const done = await run('alerts', 'list');
      expect([done.code, done.stderr]).toEqual([5, expect.stringContaining('run "threatguard login" again')]);
    }
    expect((await run('logout')).code).toBe(0);
    expect((await run('alerts', 'list')).code).toBe(0);
  });

  it('is logged in with another collector only there', async () => {
    await logInAs('vic');
    const here = { collector: collector.address, home: collector.home };
    expect(new LoginFile(join(state, 'threatguard'), here).read()).toMatchObject({ user: 'vic' });
    expect(new LoginFile(join(state, 'threatguard'), { ...here, collector: '127.0.0.1:1' }).read()).toBeUndefined();
    expect(new LoginFile(join(state, 'threatguard'), { ...here, home: '/elsewhere' }).read()).toBeUndefined();
  });
});

describe('a login that goes on', () => {
  const there = { collector: 'c:1', home: '/h' };
  const grant = (generation: number, seconds: number) => ({
    user: 'vic',
    accessToken: `access-${generation}`,
    refreshToken: `refresh-${generation}`,
    expiresInSeconds: seconds,
  });

  it('shows each refresh token once, however many consoles need the next at one time', async () => {
    const file = new LoginFile(join(state, 'threatguard'), there);
    file.write(loginOf(grant(0, 30)));
    const shown: string[] = [];
    const refresh = async (token: string) => {
      shown.push(token);
      return grant(shown.length, 900);
    };
    const consoles = Array.from(
      { length: 8 },
      () => new LoginBearer(new LoginFile(join(state, 'threatguard'), there), refresh),
    );
    const tokens = await Promise.all(consoles.flatMap((each) => [each.token(), each.token()]));
    expect(shown).toEqual(['refresh-0']);
    expect(new Set(tokens)).toEqual(new Set(['access-1']));
    expect(file.read()).toMatchObject({ refreshToken: 'refresh-1' });
  });

  it('goes on with what it has where the collector does not answer, and is over where it was logged out', async () => {
    const file = new LoginFile(join(state, 'threatguard'), there);
    file.write(loginOf(grant(0, 30)));
    const bearer = new LoginBearer(file, () => Promise.reject(new Error('away')));
    expect(await bearer.token()).toBe('access-0');
    file.remove();
    expect(await bearer.token()).toBe('ended');
    expect(await new LoginBearer(file, () => Promise.reject(new Error('away'))).token()).toBeUndefined();
    expect(bringLogin(bearer)).toBeTypeOf('function');
  });

  it('is renewed by a command, against a real collector', async () => {
    await logInAs('vic');
    const before = JSON.parse(readFileSync(loginFile(), 'utf8'));
    writeFileSync(loginFile(), JSON.stringify({ ...before, accessUntilMs: 0 }));
    expect(await json('whoami')).toMatchObject({ name: 'vic' });
    const after = JSON.parse(readFileSync(loginFile(), 'utf8'));
    expect(after.refreshToken).not.toBe(before.refreshToken);
    expect(after.accessUntilMs).toBeGreaterThan(Date.now());
  });
});

describe('single sign-on', () => {
  const shownBy = async (console: RunningConsole) => {
    const said = (pattern: RegExp) =>
      until(() => console.notes.map((line) => pattern.exec(line)?.[1]).find(Boolean), {
        limitMs: 30_000,
        what: () => `${pattern} in ${console.notes.join('\n')}`,
      });
    return { uri: await said(/open +(http\S+)/), code: await said(/enter +(\S+)/) };
  };

  it('shows a page and a code, and is logged in when somebody has entered it', async () => {
    await using console = new RunningConsole(['login'], env());
    const { uri, code } = await shownBy(console);
    expect(console.notes[0]).toBe(`Log in at ${provider.issuer} (as ${CLIENT_ID}):`);
    await new Browser().enterCode(uri, code, 'olga');
    await until(() => console.lines.length >= 2, { limitMs: 30_000, what: () => console.notes.join('\n') });
    expect(console.lines.join('\n')).toMatch(/user +olga\nrole +viewer/);
    expect(await json('whoami')).toMatchObject({ name: 'olga', role: 'viewer', source: provider.issuer });
  });

  it('is broken off by Ctrl-C, and nothing is kept', async () => {
    const console = new RunningConsole(['login'], env());
    await shownBy(console);
    expect(await console.stop()).toBe(1);
    expect(console.notes.at(-1)).toBe('error: not logged in');
    expect(loginsIn(state)).toEqual([]);
  });
});

describe.skipIf(!hasTmux)('at a terminal', () => {
  const open = (...args: string[]) => new TmuxConsole(args, { columns: 80, rows: 24, env: env() });

  it('asks for what is missing, and shows nothing of a password', async () => {
    using terminal = open('login', '--local');
    for (const [question, answer] of [
      ['name:', 'vic'],
      ['password:', PASSWORD],
      ['code, or enter for none:', ''],
    ] as const) {
      await terminal.shows(question);
      terminal.type(answer);
      terminal.press('Enter');
    }
    const screen = await terminal.shows('ended with');
    expect(screen).toMatch(/name: vic\npassword:\ncode, or enter for none:\nuser +vic\nrole +viewer/);
    expect(screen).toContain('ended with 0');
  });

  const inShell = async () => {
    // Wide enough that no sentence is broken.
    const terminal = new TmuxConsole(['shell'], { columns: 120, rows: 40, env: env() });
    await terminal.shows('threatguard local>');
    const run = (line: string) => {
      terminal.type(line);
      terminal.press('Enter');
    };
    const answer = async (question: string, text: string) => {
      await terminal.shows(new RegExp(`${question} *\\n*$`));
      run(text);
    };
    return { terminal, run, answer };
  };

  it('asks within a shell, whose commands are then those of who logged in, until he logs out', async () => {
    const { secret, step } = await withSecondFactor('tim');
    const { terminal, run, answer } = await inShell();
    using _ = terminal;
    run('login --local');
    await answer('name:', 'tim');
    await answer('password:', PASSWORD);
    await answer('code, or enter for none:', '000000');
    await terminal.shows(/name, password or code is wrong[\s\S]*local \[5\]>/);
    run('login tim');
    await answer('password:', PASSWORD);
    await answer('code, or enter for none:', hotp(secret, step));
    await terminal.shows(/role +analyst[\s\S]*local>/);
    run('clear-nothing');
    await terminal.shows(/there is no command[\s\S]*local \[2\]>/);
    run('whoami');
    await terminal.shows(/user +tim[\s\S]*local> *\n*$/);
    run('login vic');
    await terminal.shows(/login vic\npassword:\s*$/);
    terminal.press('C-c');
    await terminal.shows(/error: not logged in\nthreatguard local \[1\]>/);
    run('logout');
    await terminal.shows(/logged out of[\s\S]*local>/);
    run('whoami --output json');
    await terminal.shows(/"kind": ?"certificate"/);
    run('exit');
    expect(await terminal.shows('ended with')).not.toContain(PASSWORD);
    const kept = readFileSync(join(state, 'threatguard', 'shell-history'), 'utf8');
    expect(kept).toContain('login tim');
    expect(kept).not.toContain(PASSWORD);
  });

  it('shows the page of single sign-on within a shell, and goes on when the code was entered', async () => {
    const { terminal, run } = await inShell();
    using _ = terminal;
    run('login');
    const screen = await terminal.shows(/and enter +\S+[\s\S]*Ctrl-C stops it/);
    const [, uri = ''] = /open +(http\S+)/.exec(screen)!;
    const [, code = ''] = /enter +(\S+)/.exec(screen)!;
    await new Browser().enterCode(uri, code, 'olga');
    await terminal.shows(/user +olga\nrole +viewer[\s\S]*local>/);
    run('users list');
    await terminal.shows('this needs the role admin; you are viewer (olga)');
    run('login');
    await until(() => terminal.screen().split('Ctrl-C stops it').length > 2, {
      limitMs: 20_000,
      what: 'the second page',
    });
    terminal.press('C-c');
    await terminal.shows(/not logged in|local \[130\]>/);
    run('whoami');
    await terminal.shows(/whoami\nuser +olga/);
  });

  it('lets Ctrl-C out of it', async () => {
    using terminal = open('login', 'vic');
    await terminal.shows('password:');
    terminal.press('C-c');
    expect(await terminal.shows('ended with')).toMatch(/error: not logged in\nended with 1/);
    expect(loginsIn(state)).toEqual([]);
  });
});

/** An analyst; codes of `step` and later are good, once each. */
async function withSecondFactor(name: string): Promise<{ secret: Uint8Array; step: number }> {
  const own = await admin.withRole(name, 'analyst');
  const { body } = await own.ask('/api/auth/second-factor', { json: { password: PASSWORD } });
  const secret = fromBase32(body.secret);
  const step = Math.floor(Date.now() / 30_000);
  await own.ask('/api/auth/second-factor/confirm', { json: { code: hotp(secret, step - 1) } });
  return { secret, step };
}

function runIn(
  more: Record<string, string>,
  file: string,
  args: string[],
): Promise<{ stdout: string; stderr: string }> {
  return new Promise((resolve) => {
    execFile(file, args, { env: { ...process.env, ...more } }, (_, stdout, stderr) => resolve({ stdout, stderr }));
  });
}

/** RFC 4648 6. */
function fromBase32(text: string): Uint8Array {
  const bits = [...text]
    .map((each) => 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(each).toString(2).padStart(5, '0'))
    .join('');
  return Uint8Array.from(bits.match(/.{8}/g)!, (byte) => Number.parseInt(byte, 2));
}
