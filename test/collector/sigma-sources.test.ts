// Sigma's names over events of our agents, log source by log source, and SigmaHQ's own rules over them where they are there.
import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { refusals, ruleOf } from '../support/flat-rules.ts';
import type { WrittenEvent } from '../support/rule-events.ts';
import { detectionsOf, engineOf } from '../support/rule-text.ts';

const user = { name: 'alice', id: 1000 };
const process = {
  pid: 7,
  parentPid: 6,
  name: 'chmod',
  executable: '/usr/bin/chmod',
  args: ['chmod', '777', '/srv/x'],
  workingDirectory: '/srv',
  parentName: 'bash',
  parentExecutable: '/usr/bin/bash',
  parentArgs: ['-bash'],
  loginUid: 1000,
  sessionId: 4,
  effectiveUserId: 0,
};
const exec = { class: 'PROCESS', activity: 'EXEC', user, process };
const connect = {
  class: 'NETWORK',
  activity: 'CONNECTION_OPENED',
  user,
  process,
  network: {
    transport: 'tcp',
    direction: 2,
    sourceAddress: '10.0.0.1',
    sourcePort: 4000,
    destinationAddress: '192.0.2.7',
    destinationPort: 443,
  },
};
const query = {
  class: 'NETWORK',
  activity: 'DNS_QUERY',
  network: { questionName: 'c2.example', questionType: 'TXT', answers: ['192.0.2.7'] },
};
const written = {
  class: 'FILE',
  activity: 'FILE_CREATED',
  user,
  process,
  file: { path: '/etc/systemd/system/x.service' },
};
const logon = {
  class: 'AUTHENTICATION',
  activity: 'LOGON',
  outcome: 'FAILURE',
  serviceName: 'sshd',
  user,
  authentication: { sourceAddress: '192.0.2.7', sourcePort: 5000 },
  original: 'sshd[7]: Failed password for alice from 192.0.2.7 port 5000 ssh2',
};
const sudo = {
  class: 'AUTHENTICATION',
  activity: 'PRIVILEGE',
  serviceName: 'sudo',
  user,
  targetUser: { name: 'root' },
  authentication: { command: '/bin/ls', tty: 'pts/1' },
};
const stopped = { class: 'HOST', activity: 'SERVICE_STOPPED', serviceName: 'ufw' };
const added = { class: 'ACCOUNT', activity: 'USER_CREATED', serviceName: 'useradd', targetUser: { name: 'mallory' } };

const rule = (source: string, selection: string) =>
  ruleOf(`sel:\n    ${selection}\ncondition: sel`, `title: t\nid: t\nlogsource: {product: linux, ${source}}\n`);
const matches = (text: string, event: WrittenEvent) => detectionsOf(engineOf(text), [event]).length > 0;

describe('Sigma’s names for events of our agents', () => {
  it.each<[string, string, WrittenEvent]>([
    [
      'category: process_creation',
      '{Image: /usr/bin/chmod, CommandLine: "chmod 777 /srv/x", CurrentDirectory: /srv}',
      exec,
    ],
    [
      'category: process_creation',
      '{ParentImage: /usr/bin/bash, ParentCommandLine: -bash, ParentProcessId: 6, ProcessId: 7}',
      exec,
    ],
    ['category: process_creation', '{User: alice, LogonId: 1000, TerminalSessionId: 4}', exec],
    [
      'category: network_connection',
      '{DestinationIp|cidr: 192.0.2.0/24, DestinationPort: 443, SourcePort: 4000, Protocol: tcp}',
      connect,
    ],
    ['category: network_connection', "{Initiated: 'true', Image|endswith: /chmod}", connect],
    ['category: network, service: connection', '{destination.ip: 192.0.2.7}', connect],
    ['category: network, service: dns', '{dns.question.name|endswith: .example, dns.question.type: txt}', query],
    ['category: dns_query', '{QueryName: c2.example, QueryResults: 192.0.2.7}', query],
    ['category: dns', '{query: c2.example, record_type: TXT}', query],
    ['category: file_event', '{TargetFilename|startswith: /etc/systemd/, Image: /usr/bin/chmod}', written],
    ['service: auditd', '{type: EXECVE, a0: chmod, a1: 777}', exec],
    [
      'service: auditd',
      '{type: SYSCALL, SYSCALL: execve, exe: /usr/bin/chmod, comm: chmod, euid: 0, uid: 1000, auid: 1000}',
      exec,
    ],
    ['service: auditd', "{type: EXECVE, '|all': [chmod, /srv]}", exec],
    ['service: auditd', '{type: PATH, nametype: CREATE, name|startswith: /etc/systemd/system/}', written],
    ['service: auditd', '{type: SERVICE_STOP, unit: ufw}', stopped],
    ['service: auditd', '{type: ADD_USER}', added],
    ['service: auth', '{pam_user: alice, pam_rhost: 192.0.2.7}', logon],
    ['service: auth', "{'|all': ['failed password', alice]}", logon],
    ['service: sshd', "{'|contains': 'failed password for'}", logon],
    ['service: syslog', "{'|contains': 'failed password for'}", logon],
    ['service: sudo', '{USER: root, COMMAND: /bin/ls, TTY: pts/1}', sudo],
    ['service: vsftpd', '{User: alice}', { ...logon, serviceName: 'vsftpd' }],
    ['service: cron', '{User: alice}', { ...logon, serviceName: 'cron' }],
    ['category: process_creation', '{Computer: web-1}', exec],
  ])('%s %s', (source, selection, event) => {
    expect(matches(rule(source, selection), event)).toBe(true);
  });

  it.each<[string, string, WrittenEvent]>([
    ['category: process_creation', '{Image: /usr/bin/chmod}', connect],
    ['category: network_connection', '{DestinationIp|exists: false}', query],
    ['service: auditd', '{type: PATH, nametype: CREATE}', exec],
    ['service: sshd', '{User: alice}', sudo],
    // Lines of a log are meant, not what a program was called with.
    ['service: syslog', "{'|contains': chmod}", exec],
    ['service: cron', '{User: alice}', logon],
  ])('%s %s is not any event', (source, selection, event) => {
    expect(matches(rule(source, selection), event)).toBe(false);
  });

  it.each([
    ['category: process_creation', '{TargetFilename: x}', /no field "TargetFilename"/],
    ['category: file_event', '{Company: x}', /no field "Company"/],
    ['service: auditd', '{key: x}', /no field "key"/],
    ['service: auditd', '{type: TTY}', /no sensor reports "type" as TTY/],
    ['service: clamav', '{x: y}', /ClamAV/],
    ['category: process_creation, service: sshd', '{User: x}', /category "process_creation" of service "sshd"/],
    ['category: network_connection', '{DestinationIp|fieldref: Nobody}', /no field "Nobody"/],
  ])('%s %s is refused: nothing could match', (source, selection, reason) => {
    expect(refusals(rule(source, selection), {})).toEqual([expect.stringMatching(reason)]);
  });

  it('never match by what cannot be seen', () => {
    const head = 'title: t\nid: t\nlogsource: {category: process_creation}\n';
    const selections = 'sel: {Image: /usr/bin/chmod}\nunseen: {Company: x}\nunset: {Company: null}\n';
    const never = ['unseen', 'unset', 'not unseen', 'not unset', 'sel and not unseen', 'sel and not 1 of un*'];
    for (const condition of never) {
      expect(refusals(ruleOf(`${selections}condition: ${condition}`, head), {})).toEqual([
        expect.stringMatching(/"Company"/),
      ]);
    }
    for (const condition of ['sel', 'sel or unseen', '1 of them', 'sel and not (not sel and unseen)']) {
      expect(matches(ruleOf(`${selections}condition: ${condition}`, head), exec)).toBe(true);
    }
    expect(refusals(ruleOf('sel: {Company|neq: x}\ncondition: sel', head), {})).toHaveLength(1);
  });

  it('are those of a taxonomy that is known', () => {
    const head = (taxonomy: string) =>
      `title: t\nid: t\ntaxonomy: ${taxonomy}\nlogsource: {category: process_creation}\n`;
    expect(matches(ruleOf('sel: {process.executable: /usr/bin/chmod}\ncondition: sel', head('ecs')), exec)).toBe(true);
    expect(refusals(ruleOf('sel: {a: b}\ncondition: sel', head('ocsf')), {})).toEqual([
      expect.stringMatching(/taxonomy "ocsf"/),
    ]);
  });
});

const sigmaHq = new URL('../../../shared/data/sigma-linux-rules/rules/linux/', import.meta.url).pathname;
describe.skipIf(!existsSync(sigmaHq))('rules of SigmaHQ, unmodified (need ../shared/data)', () => {
  it.each<[string, WrittenEvent, boolean]>([
    ['auditd/execve/lnx_auditd_susp_cmds.yml', exec, true],
    [
      'auditd/execve/lnx_auditd_susp_cmds.yml',
      { ...exec, process: { ...process, args: ['chmod', '644', 'x'] } },
      false,
    ],
    ['auditd/path/lnx_auditd_systemd_service_creation.yml', written, true],
    ['auditd/service_stop/lnx_auditd_disable_system_firewall.yml', stopped, true],
    ['auditd/syscall/lnx_auditd_create_account.yml', added, true],
    ['auditd/syscall/lnx_auditd_web_rce.yml', { ...exec, process: { ...process, effectiveUserId: 33 } }, true],
    ['auditd/syscall/lnx_auditd_web_rce.yml', exec, false],
    [
      'process_creation/proc_creation_lnx_base64_decode.yml',
      { ...exec, process: { ...process, executable: '/usr/bin/base64', args: ['base64', '-d'] } },
      true,
    ],
    [
      'network_connection/net_connection_lnx_back_connect_shell_dev.yml',
      { ...connect, process: { ...process, executable: '/bin/bash' } },
      true,
    ],
  ])('%s', (file, event, expected) => {
    expect(matches(readFileSync(sigmaHq + file, 'utf8'), event)).toBe(expected);
  });
});
