import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { defaultHome } from '../../console/src/client/deployment.ts';
import { Child, type ChildOptions } from '../../console/src/services/up/child.ts';
import { logTail } from '../../console/src/services/up/log-tail.ts';
import { findNatsServer } from '../../console/src/services/up/nats-program.ts';
import { writeNatsConfig } from '../../console/src/services/up/nats-settings.ts';
import { freePort, parseAddress } from '../../console/src/services/up/ports.ts';
import { identifyProcess, isRunning } from '../../console/src/services/up/process-identity.ts';
import { RunFile } from '../../console/src/services/up/run-file.ts';
import { endChild } from '../support/child-server.ts';
import { HOSTILE, RAW } from '../support/hostile.ts';
import { until } from '../support/until.ts';

let home: string;
const notes: string[] = [];
const onNote = (note: string) => notes.push(note);
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'threatguard-up-'));
  notes.length = 0;
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

describe('a state directory', () => {
  it('is run by one `up` at a time, and free again after it', async () => {
    const first = await RunFile.take(home, { pid: process.pid, onNote });
    await expect(RunFile.take(home, { pid: process.pid, onNote })).rejects.toMatchObject({ code: 'refused' });
    first[Symbol.dispose]();
    (await RunFile.take(home, { pid: process.pid, onNote }))[Symbol.dispose]();
  });

  it('is taken over from an `up` that was killed, and what that left running is ended first', async () => {
    const killed = spawn('sleep', ['1000']);
    const left = spawn('sleep', ['1000']);
    (await RunFile.take(home, { pid: killed.pid!, onNote })).noteChild('agent', left.pid);
    const identity = identifyProcess(left.pid!)!;
    await endChild(killed, 'SIGKILL');
    using _ = await RunFile.take(home, { pid: process.pid, onNote });
    expect(isRunning(identity)).toBe(false);
    expect(notes.join()).toContain(
      `ending the agent that an earlier "threatguard up" left running (process ${left.pid})`,
    );
  });

  it('is not taken for run because its number belongs to another process by now', async () => {
    const up = { pid: process.pid, started: '1@another-boot' };
    writeFileSync(join(home, 'up.json'), JSON.stringify({ up, children: { agent: up } }));
    using _ = await RunFile.take(home, { pid: process.pid, onNote });
    expect(notes).toEqual([]);
  });

  it.each([['{'], [''], ['{}'], ['[]']])('is taken over from a run file that says %j', async (text) => {
    writeFileSync(join(home, 'up.json'), text);
    using _ = await RunFile.take(home, { pid: process.pid, onNote });
  });

  it.each([
    [{ THREATGUARD_HOME: '/x', HOME: '/home/a' }, true, '/x'],
    [{ HOME: '/root' }, true, '/var/lib/threatguard'],
    [{ HOME: '/home/a' }, false, '/home/a/.local/state/threatguard'],
    [{ HOME: '/home/a', XDG_STATE_HOME: '/s' }, false, '/s/threatguard'],
  ])('is found from %j (root: %s)', (env, isRoot, path) => {
    expect(defaultHome(env, isRoot)).toBe(path);
  });
});

describe('a child', () => {
  const pids: (number | undefined)[] = [];
  const child = (script: string, change: Partial<ChildOptions> = {}) =>
    new Child({
      title: 'the child',
      program: process.execPath,
      args: () => ['-e', script],
      env: process.env,
      logFile: join(home, 'child.log'),
      isReady: (line) => line === 'ready',
      readyMsMax: 10_000,
      stopMsMax: 500,
      onPid: (pid) => pids.push(pid),
      onNote,
      ...change,
    });
  const never = new AbortController().signal;
  const SERVE = "console.error('ready'); setInterval(() => {}, 1000);";

  it('is ready when it says so, is started again when it dies, and stops when told', async () => {
    const running = child(SERVE);
    await running.start(never);
    const first = pids.at(-1)!;
    process.kill(first, 'SIGKILL');
    await until(() => pids.at(-1) && pids.at(-1) !== first, { limitMs: 10_000, what: 'the second start' });
    expect(notes.join()).toContain('the child ended (signal SIGKILL); starting it again in 0.5 s');
    const second = identifyProcess(pids.at(-1)!)!;
    await running[Symbol.asyncDispose]();
    expect(isRunning(second)).toBe(false);
  });

  it('that does not want to stop is killed', async () => {
    const stubborn = child(`process.on('SIGTERM', () => {}); ${SERVE}`);
    await stubborn.start(never);
    const identity = identifyProcess(pids.at(-1)!)!;
    await stubborn[Symbol.asyncDispose]();
    expect(isRunning(identity)).toBe(false);
  });

  it('that dies at once five times ends `up`, with what its log ends with', async () => {
    const broken = child(`console.error(JSON.stringify({ msg: 'no such file' })); process.exit(3)`);
    await expect(broken.start(never)).rejects.toMatchObject({
      code: 'failure',
      message: expect.stringMatching(/the child ended 5 times at once \(exit code 3\).*\n {2}no such file/),
    });
    await broken[Symbol.asyncDispose]();
  });

  it('that never gets ready is said to be late', async () => {
    const silent = child('setInterval(() => {}, 1000)', { readyMsMax: 100 });
    await expect(silent.start(never)).rejects.toThrow('the child was not ready after 0.1 s');
    await silent[Symbol.asyncDispose]();
  });

  it('has a log whose end is safe to show', () => {
    writeFileSync(
      join(home, 'x.log'),
      `${JSON.stringify({ msg: HOSTILE, err: { message: 'why' } })}\n${HOSTILE.replace('\n', '')}\n`,
    );
    const tail = logTail(join(home, 'x.log'), 5);
    expect(tail).toHaveLength(2);
    expect(tail.join('')).not.toMatch(RAW);
    expect(tail[0]).toContain(': why');
  });
});

describe('addresses and ports', () => {
  it('takes the next free port where the wanted one is taken', async () => {
    const taken = createServer();
    await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve));
    const { port } = taken.address() as { port: number };
    expect(await freePort({ host: '127.0.0.1', port })).toBeGreaterThan(port);
    taken.close();
  });

  it.each([
    ['127.0.0.1:7443', { host: '127.0.0.1', port: 7443 }],
    ['[::1]:0', { host: '::1', port: 0 }],
    ['tg.example.net:1', { host: 'tg.example.net', port: 1 }],
  ])('%s is an address', (text, address) => {
    expect(parseAddress(text)).toEqual(address);
  });

  it.each([['7443'], ['host:'], ['host:70000'], ['::1:7443'], ['a b:1'], ['']])('"%s" is none', (text) => {
    expect(() => parseAddress(text)).toThrow('write HOST:PORT');
  });
});

describe('NATS on this host', () => {
  it('keeps its passwords over starts, in files only their owner reads', async () => {
    const first = await writeNatsConfig(home);
    const second = await writeNatsConfig(home);
    expect(second).toEqual(first);
    expect(readFileSync(first.configFile, 'utf8')).not.toContain('undefined');
    expect(new URL(first.collectorUrl).password).not.toBe(new URL(first.consoleUrl).password);
  });

  it('is done without, in one line, where it is missing and may not be installed', async () => {
    // Debian's own folder is always searched, so the line can only be seen where it is not installed.
    const found = await findNatsServer({ env: { PATH: home, THREATGUARD_NO_INSTALL: '1' }, isRoot: true, onNote });
    if (found === undefined) expect(notes).toEqual([expect.stringContaining('THREATGUARD_NO_INSTALL=1')]);
    else expect(notes).toEqual([]);
  });
});
