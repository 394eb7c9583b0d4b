// The life of the packages on a host: installed, enrolled, seeing, killed by the watchdog, upgraded, removed, purged.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ROOT } from '../support/source-files.ts';
import { canRunSystemd, SystemdRoot } from '../support/systemd-root.ts';
import { until } from '../support/until.ts';

const AGENT = 'threatguard-agent.service';
const COLLECTOR = 'threatguard-collector.service';
const NEXT_VERSION = '9.0.0';
/** What dpkg, systemd and their triggers keep for themselves. */
const BOOKKEEPING =
  /^\/(var\/(lib\/(dpkg|systemd|private)|log|cache|backups)|etc\/(\.pwd\.lock|systemd|passwd|group|shadow|gshadow|subuid|subgid|ld\.so\.cache|machine-id)|mnt|root)/;
const able = canRunSystemd() && existsSync('/usr/bin/strip');

describe.skipIf(!able)(
  'the Debian packages (needs root, dpkg, strip, namespaces and an installed systemd)',
  {
    timeout: 180_000,
  },
  () => {
    let packages: string;
    let host: SystemdRoot;
    let before: string[];
    let installed: string[];

    const build = (...args: string[]) => {
      const { status, stderr } = spawnSync(
        process.execPath,
        [
          '--disable-warning=ExperimentalWarning',
          join(ROOT, 'packaging', 'build-deb.ts'),
          '--compression',
          'none',
          '--output',
          packages,
          ...args,
        ],
        { encoding: 'utf8', env: { ...process.env, SOURCE_DATE_EPOCH: '1767225600' } },
      );
      if (status !== 0) throw new Error(stderr);
    };
    const property = (unit: string, name: string) =>
      host.must('systemctl', 'show', '--value', '--property', name, unit).trim();
    const install = (pattern: string) => host.must('sh', '-c', `dpkg --install /mnt/packages/${pattern}`);
    const connected = (version: string) => () =>
      (JSON.parse(host.must('threatguard', 'agents', 'list', '--output', 'json')) as Record<string, unknown>[]).some(
        (agent) => agent.state === 'connected' && agent.version === version,
      );

    beforeAll(async () => {
      packages = mkdtempSync(join(tmpdir(), 'threatguard-packages-'));
      build();
      build('--part', 'agent', '--version', NEXT_VERSION);
      host = await SystemdRoot.start(packages);
      host.must('mkdir', '-p', '/etc/sudoers.d');
      before = host.changes();
    }, 180_000);

    afterAll(async () => {
      await host?.[Symbol.asyncDispose]();
      if (packages) rmSync(packages, { recursive: true, force: true });
    });

    it('are the same bytes when built again', () => {
      build('--part', 'console', '--output', join(packages, 'again'));
      const name = readdirSync(join(packages, 'again'))[0]!;
      expect(readFileSync(join(packages, 'again', name)).equals(readFileSync(join(packages, name)))).toBe(true);
    });

    it('install with a collector that serves and an agent that says how it is enrolled', async () => {
      install('threatguard-co*.deb');
      await until(() => property(COLLECTOR, 'StatusText').startsWith('listening'), {
        limitMs: 40_000,
        what: 'the collector',
      });
      expect(property(COLLECTOR, 'ActiveState')).toBe('active');
      expect(install('threatguard-agent_[!9]*.deb')).toContain(
        'threatguard-agent enroll --collector HOST:PORT --token TOKEN',
      );
      expect(property(AGENT, 'ActiveState')).toBe('inactive');
      installed = host.changes();
    });

    it('have units that systemd finds nothing wrong with, and little exposed', () => {
      for (const [unit, exposureMax] of [
        [AGENT, 3.2],
        [COLLECTOR, 1.5],
      ] as const) {
        const path = `/lib/systemd/system/${unit}`;
        expect(host.run('systemd-analyze', 'verify', path)).toMatchObject({ code: 0, stderr: '' });
        const text = host.must('systemd-analyze', 'security', '--offline=true', '--no-pager', path);
        expect(Number(/exposure level for \S+: ([\d.]+)/.exec(text)?.[1])).toBeLessThanOrEqual(exposureMax);
      }
    });

    it('watch as soon as the host is enrolled: all that an installer does', async () => {
      const { token } = JSON.parse(host.must('threatguard', 'agents', 'token', 'create', '--output', 'json')) as {
        token: string;
      };
      const said = host.must('threatguard-agent', 'enroll', '--collector', '127.0.0.1:7443', '--token', token);
      expect(said).toContain(`started ${AGENT}`);
      await until(connected(version()), { limitMs: 60_000, what: 'the agent to be connected' });
      expect(property(AGENT, 'StatusText')).toContain('127.0.0.1:7443');
    });

    it('see an intruder who makes himself root for later, from within the unit', async () => {
      host.must('sh', '-c', 'cp /bin/true /usr/bin/tg-probe && tg-probe one two');
      host.must('sh', '-c', 'echo "mallory ALL=(ALL) NOPASSWD: ALL" > /etc/sudoers.d/mallory');
      const search = (...query: string[]) =>
        host.run('threatguard', 'events', 'search', ...query, '--output', 'json').stdout;
      await until(() => search('process.name:tg-probe').includes('two'), {
        limitMs: 60_000,
        what: 'the exec with its arguments',
      });
      await until(
        () => host.run('threatguard', 'alerts', 'list', '--output', 'json').stdout.includes('/etc/sudoers.d/mallory'),
        {
          limitMs: 60_000,
          what: 'an alert about sudoers',
        },
      );
      host.must('rm', '/etc/sudoers.d/mallory', '/usr/bin/tg-probe');
    });

    it('tell with doctor what works', () => {
      const { stdout } = host.run('threatguard-agent', 'doctor', '--output', 'json');
      const states = Object.fromEntries(
        (JSON.parse(stdout) as { area: string; check: string; state: string }[]).map(({ area, check, state }) => [
          `${area} ${check}`,
          state,
        ]),
      );
      expect(states).toMatchObject({
        'agent settings': 'ok',
        'agent identity': 'ok',
        'agent service': 'ok',
        'collector 127.0.0.1:7443': 'ok',
        'process ebpf': 'ok',
        'auth journald': 'ok',
      });
    });

    it('are started anew by the watchdog when they hang', async () => {
      host.must(
        'sh',
        '-c',
        `mkdir -p /run/systemd/system/${AGENT}.d && printf '[Service]\\nWatchdogSec=2\\nRestartSec=0\\n' > /run/systemd/system/${AGENT}.d/fast.conf`,
      );
      host.must('systemctl', 'daemon-reload');
      host.must('systemctl', 'restart', AGENT);
      const pid = property(AGENT, 'MainPID');
      host.must('kill', '-STOP', pid);
      await until(() => Number(property(AGENT, 'NRestarts')) > 0 && property(AGENT, 'ActiveState') === 'active', {
        limitMs: 60_000,
        what: 'the watchdog',
      });
      expect(property(AGENT, 'MainPID')).not.toBe(pid);
      host.must('rm', '-r', `/run/systemd/system/${AGENT}.d`);
      host.must('systemctl', 'daemon-reload');
    });

    it('keep settings and identity over an upgrade, and run the new version', async () => {
      host.must('sh', '-c', 'echo "log: { level: debug }" >> /etc/threatguard/agent.yaml');
      const identity = host.must('cat', '/var/lib/threatguard/agent/identity/agent.crt');
      install(`threatguard-agent_${NEXT_VERSION}*.deb`);
      await until(connected(NEXT_VERSION), { limitMs: 60_000, what: 'the new agent to be connected' });
      expect(JSON.parse(host.must('threatguard-agent', 'config')).log.level).toBe('debug');
      expect(host.must('cat', '/var/lib/threatguard/agent/identity/agent.crt')).toBe(identity);
    });

    it('may be configured any number of times, and without systemd say what is to be done', () => {
      const script =
        'DPKG_MAINTSCRIPT_PACKAGE=threatguard-agent /var/lib/dpkg/info/threatguard-agent.postinst configure';
      const said = host.must(
        'unshare',
        '--mount',
        'sh',
        '-c',
        `mount -t tmpfs tmpfs /run/systemd && ${script} && ${script}`,
      );
      expect(said).toContain('systemd does not run here');
    });

    it('stop when removed, with settings and state kept', () => {
      host.must('dpkg', '--remove', 'threatguard-agent');
      expect(host.run('pgrep', '-f', '/usr/lib/threatguard/agent').code).toBe(1);
      expect(host.run('test', '-e', '/etc/threatguard/agent.yaml').code).toBe(0);
      expect(host.run('test', '-e', '/var/lib/threatguard/agent/identity/agent.key').code).toBe(0);
    });

    it('leave nothing behind when purged', () => {
      host.must('dpkg', '--purge', 'threatguard-agent', 'threatguard-collector', 'threatguard-console');
      expect(installed.filter((path) => path.includes('threatguard')).length).toBeGreaterThan(100);
      const left = host.changes().filter((path) => !before.includes(path));
      expect(left.filter((path) => path.includes('threatguard') && !/^\/var\/(log|cache)\//.test(path))).toEqual([]);
      expect(left.filter((path) => !BOOKKEEPING.test(path))).toEqual([]);
      expect(host.run('getent', 'passwd', 'threatguard-collector').code).toBe(2);
      expect(host.run('sh', '-c', 'ls -d /etc/threatguard /var/lib/threatguard /usr/lib/threatguard').stdout).toBe('');
    });
  },
);

function version(): string {
  return (JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { version: string }).version;
}
