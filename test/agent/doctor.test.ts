import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Finding } from '../../agent/src/doctor/finding.ts';
import { checkIdentity } from '../../agent/src/doctor/home-checks.ts';
import { renderFindings } from '../../agent/src/doctor/render.ts';
import { enrol } from '../../agent/src/identity/enrol.ts';
import { TestCollector } from '../support/collector.ts';
import { may } from '../support/rights.ts';
import { ROOT } from '../support/source-files.ts';

const MAIN = join(ROOT, 'agent', 'src', 'main.ts');
const DAY_MS = 86_400_000;

/** What `threatguard-agent doctor` says, run as a process of its own, perhaps with rights taken away. */
function doctor(home: string, prefix: string[] = []): Promise<{ code: number; findings: Finding[] }> {
  const node = [process.execPath, '--disable-warning=ExperimentalWarning', MAIN];
  const [program, ...args] = [...prefix, ...node, 'doctor', '--home', home, '--output', 'json'];
  return new Promise((resolve, reject) => {
    execFile(program!, args, (error, stdout, stderr) => {
      if (!stdout.startsWith('[')) reject(new Error(stderr));
      else resolve({ code: error ? Number(error.code) : 0, findings: JSON.parse(stdout) });
    });
  });
}

const row = (findings: Finding[], name: string) => findings.find(({ area, check }) => `${area} ${check}` === name);

describe('doctor', () => {
  let home: string;
  let collector: TestCollector;

  beforeAll(async () => {
    home = mkdtempSync(join(tmpdir(), 'threatguard-doctor-'));
    collector = await TestCollector.start();
    const { token } = await collector.console.createToken();
    await enrol({ home, collector: collector.address, token: token!, name: 'doctor', machineId: '', force: false });
  });
  afterAll(async () => {
    await collector?.[Symbol.asyncDispose]();
    rmSync(home, { recursive: true, force: true });
  });

  it('finds identity, collector and room for the spool well, each in words, and changes nothing', async () => {
    const before = filesOf(home);
    const { findings } = await doctor(home);
    expect(row(findings, 'agent settings')).toMatchObject({ state: 'ok', remedy: '' });
    expect(row(findings, 'agent identity')).toMatchObject({
      state: 'ok',
      finding: expect.stringContaining('certificate until 2'),
    });
    expect(row(findings, 'agent spool')).toMatchObject({ state: 'ok' });
    expect(row(findings, `collector ${collector.address}`)).toMatchObject({
      state: 'ok',
      finding: expect.stringContaining('TLSv1.3 with X25519MLKEM768'),
    });
    expect(filesOf(home)).toEqual(before);
  });

  it('has for everything degraded something to do, and ends with 1', async () => {
    const { code, findings } = await doctor(home);
    const degraded = findings.filter(({ state }) => state === 'degraded');
    // No agent runs with this home, so there is at least that.
    expect(row(degraded, 'agent service')?.remedy).toContain('threatguard-agent');
    expect(degraded.filter(({ remedy }) => remedy === '')).toEqual([]);
    expect(code).toBe(1);
  });

  it.skipIf(!may('sys_ptrace'))('sees as root what eBPF, audit and /proc offer (needs CAP_SYS_PTRACE)', async () => {
    const { findings } = await doctor(home);
    expect(row(findings, 'process /proc')?.state).toBe('ok');
    const used = findings.filter(({ area, finding }) => area === 'process' && finding.startsWith('in use: '));
    expect(used).toHaveLength(1);
  });

  it.skipIf(!may('setuid', 'setgid') || !existsSync('/usr/bin/setpriv'))(
    'names the rights that nobody lacks (needs root and setpriv)',
    async () => {
      const nobody = ['setpriv', '--reuid=nobody', '--regid=nogroup', '--clear-groups'];
      const { code, findings } = await doctor(home, nobody);
      expect(code).toBe(1);
      expect(row(findings, 'agent identity')).toMatchObject({
        state: 'degraded',
        remedy: expect.stringContaining('sudo'),
      });
      expect(row(findings, 'process ebpf')).toMatchObject({
        state: 'degraded',
        remedy: expect.stringContaining('CAP_BPF'),
      });
      expect(row(findings, 'process /proc')).toMatchObject({ state: 'degraded' });
      expect(row(findings, 'file critical paths')?.finding).toContain('/etc/shadow');
    },
  );

  it.skipIf(!may('setpcap') || !existsSync('/usr/bin/setpriv')).each([
    ['bpf', 'process ebpf', 'CAP_BPF'],
    ['perfmon', 'process ebpf', 'CAP_PERFMON'],
    ['sys_ptrace', 'process /proc', 'CAP_SYS_PTRACE'],
  ])('says what root without CAP %s cannot see (needs root and setpriv)', async (capability, name, word) => {
    // CAP_SYS_ADMIN stands for the other two as well.
    const less = ['setpriv', `--bounding-set=-sys_admin,-${capability}`];
    const found = row((await doctor(home, less)).findings, name);
    expect(found?.state).toBe('degraded');
    expect(`${found?.finding} ${found?.remedy}`).toContain(word);
  });

  it.skipIf(!may('setpcap') || !existsSync('/usr/bin/setpriv'))(
    'says that execs are not read from kernel audit where another process would store them all (needs root and setpriv)',
    async () => {
      const script = `import { NETLINK_AUDIT, NetlinkSocket } from '${ROOT}/agent/src/kernel/netlink.ts';
        new NetlinkSocket({ protocol: NETLINK_AUDIT, groups: 1 }).watch({ onDatagram() {}, onOverrun() {}, onError() {} });
        console.log('listening');`;
      const journald = execFile(process.execPath, ['--input-type=module', '-e', script]);
      try {
        await once(journald.stdout!, 'data');
        const less = ['setpriv', '--bounding-set=-sys_admin,-bpf'];
        const found = row((await doctor(home, less)).findings, 'process audit');
        // Where an audit daemon runs, the records of every exec are stored by somebody's choice.
        if (found?.finding.includes('no audit daemon')) {
          expect(found).toMatchObject({ state: 'degraded', remedy: expect.stringContaining('source: audit') });
          expect(found.finding).toContain('would store the records of every exec');
        }
      } finally {
        journald.kill();
      }
    },
  );

  it('says that nobody answers, or somebody else, where the collector should be', async () => {
    const silent = createServer((socket) =>
      socket
        .on('error', () => undefined)
        .resume()
        .end('HTTP/1.0 400 no\r\n\r\n'),
    );
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    const { port } = silent.address() as { port: number };
    const settings = join(home, 'agent.yaml');
    try {
      writeFileSync(settings, `collector: 127.0.0.1:${port}\n`);
      const other = row((await doctor(home)).findings, `collector 127.0.0.1:${port}`);
      expect(other).toMatchObject({ state: 'degraded', remedy: expect.stringContaining('X25519MLKEM768') });
      await new Promise((resolve) => silent.close(resolve));
      const gone = row((await doctor(home)).findings, `collector 127.0.0.1:${port}`);
      expect(gone).toMatchObject({ state: 'degraded', remedy: expect.stringContaining('firewall') });
    } finally {
      rmSync(settings);
    }
  });

  it.each<[string, string, string, RegExp]>([
    ['wrong settings', 'sensor: {}', 'agent settings', /agent\.yaml:1.*sensors/],
    [
      'a log that is not there',
      'sensors: { auth: { logs: [/nowhere/auth.log] } }',
      'auth /nowhere/auth.log',
      /not there/,
    ],
    ['a spool beyond the disk', `spool: { bytesMax: ${2 ** 50} }`, 'agent spool', /MiB free/],
  ])('names %s', async (_what, yaml, name, words) => {
    const settings = join(home, 'agent.yaml');
    try {
      writeFileSync(settings, `${yaml}\n`);
      expect(row((await doctor(home)).findings, name)).toMatchObject({
        state: 'degraded',
        finding: expect.stringMatching(words),
      });
    } finally {
      rmSync(settings);
    }
  });

  it('names an identity that is missing, ends soon, has ended, is not valid yet, or lies open', () => {
    const at = (days: number) => checkIdentity(home, Date.now() + days * DAY_MS).finding;
    expect(at(25)).toMatchObject({ state: 'degraded', finding: expect.stringMatching(/in [45] days/) });
    expect(at(40)).toMatchObject({ state: 'degraded', remedy: expect.stringContaining('--force') });
    expect(at(-2)).toMatchObject({ state: 'degraded', finding: expect.stringContaining('clock') });
    const key = join(home, 'identity', 'agent.key');
    chmodSync(key, 0o644);
    expect(at(0)).toMatchObject({ state: 'degraded', remedy: `chmod 600 ${key}` });
    chmodSync(key, 0o600);
    const empty = join(home, 'empty');
    mkdirSync(empty);
    expect(checkIdentity(empty, Date.now()).finding).toMatchObject({
      state: 'degraded',
      finding: expect.stringContaining('not enrolled'),
    });
    rmSync(empty, { recursive: true });
  });

  it('prints nothing that could steer a terminal', () => {
    const finding: Finding = {
      area: 'auth',
      check: 'log',
      state: 'degraded',
      finding: 'a\u001b]52;c;x\u0007\nb',
      remedy: 'c\r',
    };
    expect(renderFindings([finding]).replaceAll('\n', '')).not.toMatch(/\p{Cc}/u);
  });
});

function filesOf(directory: string): string[] {
  return (readdirSync(directory, { recursive: true }) as string[])
    .map((path) => `${path} ${statSync(join(directory, path)).mtimeMs}`)
    .sort();
}
