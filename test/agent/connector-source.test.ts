import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { Activity } from '@threatguard/proto';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { encodeListen, parseExecPids } from '../../agent/src/sensors/process/connector-parse.ts';
import { createConnectorSource } from '../../agent/src/sensors/process/connector-source.ts';
import type { ProcessSource } from '../../agent/src/sensors/process/source.ts';
import { RecordingSink } from '../support/recording-sink.ts';
import { may } from '../support/rights.ts';
import { until } from '../support/until.ts';

const hasPython = spawnSync('python3', ['-V']).status === 0;

describe.skipIf(!may('net_admin'))('execs by the proc connector (needs CAP_NET_ADMIN)', () => {
  let sink: RecordingSink;
  let source: ProcessSource;

  beforeEach(async () => {
    sink = new RecordingSink();
    source = createConnectorSource();
    await source.start(sink);
  });

  afterEach(() => source.stop());

  const seen = (pid: number | undefined) =>
    until(() => sink.events.find((event) => event.process?.pid === pid), { limitMs: 5000, what: `the exec of ${pid}` });

  test('a process that stays is seen with its arguments, its parent and its user', async () => {
    const child = spawn('/bin/sleep', ['30'], { cwd: '/usr', stdio: 'ignore' });
    const event = await seen(child.pid);
    child.kill('SIGKILL');
    expect(event).toMatchObject({
      activity: Activity.EXEC,
      sensor: 'process.connector',
      user: { id: 0, name: 'root' },
      process: { args: ['/bin/sleep', '30'], workingDirectory: '/usr', parentPid: process.pid },
      missing: [],
    });
    expect(event.process?.parentExecutable).toBe(process.execPath);
  });

  test('every exec of a burst is told, and what was not seen of it is named', async () => {
    const count = 200;
    const shell = spawn('sh', ['-c', `for i in $(seq ${count}); do /bin/true; done`], { stdio: 'ignore' });
    await seen(shell.pid);
    // The shell, seq, and as many of /bin/true.
    const mine = () => new Set(sink.events.map((event) => event.process?.pid)).size;
    await until(() => mine() >= count + 2, { limitMs: 10_000, what: () => `${count + 2} execs, saw ${mine()}` });
    for (const { process: shown, missing } of sink.events) {
      if (!shown?.name) expect(missing).toContain('process.executable');
    }
    expect(sink.losses).toEqual([]);
  });

  test.skipIf(!hasPython)('a standard stream that is a socket is seen with its addresses (needs python3)', async () => {
    const script = 'import socket,os,subprocess\ns=socket.socket();s.bind(("127.0.0.1",0));s.listen()\n';
    // A length of its own: others on this host sleep too.
    const seconds = `2.${process.pid}`;
    const rest = `c=socket.create_connection(s.getsockname())\nsubprocess.run(["/bin/sleep","${seconds}"],stdin=c)\n`;
    const child = spawn('python3', ['-c', script + rest], { stdio: 'ignore' });
    const event = await until(() => sink.events.find(({ process: by }) => by?.args?.[1] === seconds), {
      limitMs: 5000,
      what: 'the process on a socket',
    });
    child.kill('SIGKILL');
    expect(event.process?.stdioSockets).toMatchObject([
      { descriptor: 0, family: 'inet', localAddress: '127.0.0.1', remoteAddress: '127.0.0.1' },
    ]);
  });

  test('stopped twice, it tells nothing more', async () => {
    await source.stop();
    await source.stop();
    const count = sink.events.length;
    const second = createConnectorSource();
    const later = new RecordingSink();
    await second.start(later);
    execFileSync('/bin/true');
    await until(() => later.events.length > 0, { limitMs: 5000, what: 'another source to see it' });
    await second.stop();
    expect(sink.events).toHaveLength(count);
  });
});

describe('messages of the proc connector', () => {
  const exec = (what: number, pid: number): Uint8Array => {
    const bytes = Buffer.alloc(16 + 20 + 40);
    bytes.writeUInt32LE(bytes.length, 0);
    bytes.writeUInt16LE(3, 4);
    bytes.writeUInt32LE(1, 16);
    bytes.writeUInt32LE(1, 20);
    bytes.writeUInt32LE(what, 36);
    bytes.writeUInt32LE(pid, 36 + 16);
    bytes.writeUInt32LE(pid, 36 + 20);
    return bytes;
  };

  test.each([
    ['an exec', exec(2, 77), [77]],
    ['a fork', exec(1, 77), []],
    ['another connector', Buffer.concat([exec(2, 77).subarray(0, 16), Buffer.alloc(60)]), []],
    ['half of one', exec(2, 77).subarray(0, 50), []],
    ['nothing', new Uint8Array(), []],
    ['what we send ourselves', encodeListen(true), []],
  ])('%s', (_what, bytes, pids) => {
    expect(parseExecPids(bytes)).toEqual(pids);
  });
});
