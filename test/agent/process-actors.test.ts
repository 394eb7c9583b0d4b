import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Activity, EventClass, type HostEvent } from '@threatguard/proto';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createEbpfSource } from '../../agent/src/sensors/process/ebpf-source.ts';
import { RecordingSink } from '../support/recording-sink.ts';
import { canLoadBpf } from '../support/rights.ts';
import { until } from '../support/until.ts';

const canLoad = canLoadBpf();
const has = (program: string) => spawnSync('sh', ['-c', `command -v ${program}`]).status === 0;
const PYTHON = has('python3')
  ? execFileSync('python3', ['-c', 'import sys; print(sys.executable)'], { encoding: 'utf8' }).trim()
  : '';
const NOBODY = 65534;
const CAP_SYS_ADMIN = 2 ** 21;
const CGROUP_ROOT = ['/sys/fs/cgroup/unified', '/sys/fs/cgroup'].find((root) => existsSync(`${root}/cgroup.procs`));

describe.skipIf(!canLoad)('what processes do beyond exec and exit, as eBPF sees it (needs eBPF)', () => {
  const sink = new RecordingSink();
  const source = createEbpfSource();
  const children: ChildProcess[] = [];
  beforeAll(() => source.start(sink));
  afterAll(() => source.stop());
  beforeEach(() => {
    sink.events.length = 0;
    for (const child of children.splice(0)) child.kill('SIGKILL');
  });
  afterAll(() => {
    for (const child of children.splice(0)) child.kill('SIGKILL');
  });

  const find = (what: string, matches: (event: HostEvent) => boolean): Promise<HostEvent> =>
    until(() => sink.events.find(matches), { limitMs: 5000, what });
  const execOf = (mark: string) =>
    find(`exec ${mark}`, ({ activity, process: by }) => activity === Activity.EXEC && !!by?.args?.includes(mark));
  // Other tests run meanwhile, and trace or become somebody else for reasons of their own.
  const tracing = (victim: ChildProcess) => (event: HostEvent) =>
    event.activity === Activity.TRACED && event.targetProcess?.pid === victim.pid;
  const python = (script: string, ...args: string[]) =>
    spawnSync(PYTHON, ['-c', script, ...args], { encoding: 'utf8' });

  test('every fact is seen on this kernel', () => {
    expect(source.detail()).toBe('');
  });

  test('a setuid program has another effective user, and its capabilities', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'threatguard-'));
    const file = join(directory, 'suid');
    execFileSync('sh', ['-c', `cp /bin/sleep ${file}; chmod 4755 ${file}; chmod 755 ${directory}`]);
    spawnSync(file, ['0', '0.0'], { uid: NOBODY, gid: NOBODY });
    const { user, process: seen } = await execOf('0.0');
    expect(user).toMatchObject({ id: NOBODY });
    expect(seen).toMatchObject({ effectiveUserId: 0 });
    expect(Math.floor((seen?.capabilities ?? 0) / CAP_SYS_ADMIN) % 2).toBe(1);
    rmSync(directory, { recursive: true });
  });

  test.skipIf(!PYTHON)(
    'a process that gives up root, and takes it back, is said each time (needs python3)',
    async () => {
      python('import os; os.setresuid(-1, 65534, 0); os.setresuid(-1, 0, 0)', 'mark-7401');
      const changes = () =>
        sink.events.filter(
          ({ activity, process: by }) => activity === Activity.CREDENTIALS_CHANGED && by?.args?.includes('mark-7401'),
        );
      await until(() => changes().length === 2, { limitMs: 5000, what: 'both changes' });
      expect(changes().map(({ process: by }) => [by?.previousUserId, by?.effectiveUserId])).toEqual([
        [0, NOBODY],
        [NOBODY, 0],
      ]);
      expect(changes()[1]).toMatchObject({
        class: EventClass.PROCESS,
        sensor: 'process.ebpf',
        user: { id: 0 },
        process: { executable: expect.stringContaining('python'), previousCapabilities: 0 },
      });
      expect(changes()[1]?.process?.capabilities).toBeGreaterThan(CAP_SYS_ADMIN);
    },
  );

  test.skipIf(!PYTHON)('calls that change nothing, and changes by exec, are no news (needs python3)', async () => {
    python('import os; os.setuid(0); os.setresuid(-1, 0, -1)', 'a-7402');
    spawnSync('/bin/true', ['mark-7402']);
    await execOf('mark-7402');
    const changes = sink.events.filter(({ activity }) => activity === Activity.CREDENTIALS_CHANGED);
    expect(changes.filter(({ process: by }) => by?.args?.includes('a-7402'))).toEqual([]);
  });

  test.skipIf(!PYTHON)('a debugger that attaches names itself and the other (needs python3)', async () => {
    const victim = spawn('/bin/sleep', ['61']);
    children.push(victim);
    await find('its exec', ({ process: by }) => by?.pid === victim.pid && by?.name === 'sleep');
    const attach = `import ctypes, os, sys
libc = ctypes.CDLL(None, use_errno=True)
pid = int(sys.argv[1])
for _ in range(3):
    assert libc.ptrace(16, pid, None, None) == 0
    os.waitpid(pid, 0)
    assert libc.ptrace(17, pid, None, None) == 0`;
    expect(python(attach, String(victim.pid), 'mark-7403').stderr).toBe('');
    const traced = await find('the trace', tracing(victim));
    expect(traced).toMatchObject({
      class: EventClass.PROCESS,
      user: { id: 0 },
      process: { executable: expect.stringContaining('python') },
      targetProcess: {
        pid: victim.pid,
        name: 'sleep',
        executable: expect.stringContaining('sleep'),
        args: ['/bin/sleep', '61'],
      },
      missing: [],
    });
    spawnSync('/bin/true', ['mark-7404']);
    await execOf('mark-7404');
    expect(sink.events.filter(tracing(victim))).toHaveLength(1);
  });

  test.skipIf(!PYTHON)(
    'memory of another process written is a trace, a refused attempt is none (needs python3)',
    async () => {
      const victim = spawn('/bin/sleep', ['62']);
      children.push(victim);
      await find('its exec', ({ process: by }) => by?.pid === victim.pid && by?.name === 'sleep');
      const write = `import ctypes, sys
libc = ctypes.CDLL(None, use_errno=True)
libc.process_vm_writev.restype = ctypes.c_ssize_t
pid = int(sys.argv[1])
assert libc.ptrace(16, 2 ** 22 + 5, None, None) == -1
stack = [l for l in open(f"/proc/{pid}/maps") if "[stack]" in l][0].split("-")[0]
class iovec(ctypes.Structure): _fields_ = [("base", ctypes.c_void_p), ("length", ctypes.c_size_t)]
own = ctypes.create_string_buffer(8)
local, remote = iovec(ctypes.addressof(own), 1), iovec(int(stack, 16), 1)
assert libc.process_vm_writev(pid, ctypes.byref(local), 1, ctypes.byref(remote), 1, 0) == 1`;
      expect(python(write, String(victim.pid)).stderr).toBe('');
      const traced = await find('the trace', tracing(victim));
      expect(traced.targetProcess).toMatchObject({ pid: victim.pid, executable: expect.stringContaining('sleep') });
    },
  );

  test.skipIf(!PYTHON)('a program that was only ever in memory is marked (needs python3)', async () => {
    const script = `import os
fd = os.memfd_create("tool")
os.write(fd, open("/bin/true", "rb").read())
os.execve(fd, ["tool", "mark-7405"], {})`;
    python(script);
    expect((await execOf('mark-7405')).process).toMatchObject({
      executable: '/memfd:tool',
      memoryExecutable: true,
      deletedExecutable: true,
    });
  });

  test('the second run of a file has the hash of its content, and a changed file another one', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'threatguard-'));
    const file = join(directory, 'tool');
    copyFileSync('/bin/true', file);
    const run = async (mark: string) => {
      spawnSync(file, [mark]);
      return (await execOf(mark)).process?.executableSha256;
    };
    const settled = async (mark: string) => {
      let runs = 0;
      // Other files may be before it, and are read no faster here than on a host at work.
      return until(() => run(`${mark}-${runs++}`), { limitMs: 14_000, what: 'the hash' });
    };
    spawnSync(file, ['mark-7406']);
    expect((await execOf('mark-7406')).missing).toContain('process.hash.sha256');
    const digest = () => createHash('sha256').update(readFileSync(file)).digest('hex');
    expect(await settled('mark-7407')).toBe(digest());
    writeFileSync(file, Buffer.concat([readFileSync(file), Buffer.from('x')]));
    expect(await settled('mark-7408')).toBe(digest());
    rmSync(directory, { recursive: true });
  });

  test.skipIf(!CGROUP_ROOT)(
    'a process in a container has its id, though the group is gone at once (needs cgroup)',
    async () => {
      const id = 'c0ffee'.repeat(11).slice(0, 64);
      const group = join(CGROUP_ROOT!, `tg-test-${process.pid}`);
      const container = join(group, `docker-${id}.scope`);
      mkdirSync(container, { recursive: true });
      const child = spawn('/bin/sh', ['-c', `echo $$ > ${container}/cgroup.procs && exec /bin/true mark-7409`]);
      await once(child, 'exit');
      rmdirSync(container);
      rmdirSync(group);
      expect((await execOf('mark-7409')).process).toMatchObject({
        containerId: id,
        cgroup: `/tg-test-${process.pid}/docker-${id}.scope`,
      });
    },
  );

  test('arguments of 31 KiB are whole', async () => {
    const long = 'z'.repeat(31 * 1024);
    spawnSync('/bin/true', ['mark-7410', long]);
    expect((await execOf('mark-7410')).process).toMatchObject({
      args: ['/bin/true', 'mark-7410', long],
      argsTruncated: false,
    });
  });
});
