// Worked examples, written from the specifications: ECS 8.17, OCSF 1.3.0, CEF version 0.
import { Activity, type Alert, AlertState, type HostEvent, Severity, type StoredEvent } from '@threatguard/proto';
import {
  type ExportFormat,
  exportAlert,
  exportAudit,
  exportEvent,
  type ForwardFormat,
} from '@threatguard/proto/export';
import { describe, expect, it } from 'vitest';
import { alert, NOW_US, storedEvent } from '../console/samples.ts';

const exporter = { version: '0.1.0', observer: 'collector-1' };
/** What each class requires beside what all do (OCSF 1.3.0). */
const REQUIRED: Record<number, string[]> = {
  0: [],
  1001: ['actor', 'device', 'file'],
  1007: ['actor', 'device', 'process'],
  1008: ['actor', 'device'],
  3001: ['user'],
  3002: ['user', 'service'],
  3003: ['user', 'privileges'],
  3006: ['group', 'user'],
  4001: ['dst_endpoint'],
  4003: [],
  5001: ['device'],
  6002: ['app'],
};
const NOW = '2026-11-21T10:00:00.000Z';
const asAlert = (change: Alert, format: ForwardFormat) => JSON.parse(exportAlert(alert(change), format, exporter));
const asEvent = (event: HostEvent, format: ExportFormat, stored: StoredEvent = {}) =>
  JSON.parse(exportEvent({ ...storedEvent(stored), event }, format, exporter));

describe('an alert', () => {
  it('is an ECS alert', () => {
    expect(asAlert({ risk: 73 }, 'ecs')).toEqual({
      '@timestamp': NOW,
      message: '10 failed logons as root from 192.0.2.1 within 60 s',
      ecs: { version: '8.17.0' },
      event: {
        kind: 'alert',
        category: ['intrusion_detection'],
        type: ['info'],
        outcome: 'unknown',
        action: 'alert-raised',
        module: 'threatguard',
        dataset: 'threatguard.alert',
        id: '01kb3x8m5rq9t2v4w6y8z0a1b2:1',
        created: '2026-11-21T09:59:59.100Z',
        start: '2026-11-21T09:59:55.000Z',
        end: '2026-11-21T09:59:58.999Z',
        severity: 4,
        risk_score: 73,
        reason: '10 failed logons as root from 192.0.2.1 within 60 s',
      },
      rule: { id: 'ssh-brute-force', name: 'SSH brute force' },
      threat: {
        framework: 'MITRE ATT&CK',
        tactic: { id: ['TA0006'], name: ['Credential Access'] },
        technique: { id: ['T1110'], subtechnique: { id: ['T1110.001'] } },
      },
      observer: {
        vendor: 'ThreatGuard',
        product: 'ThreatGuard',
        type: 'ids',
        version: '0.1.0',
        hostname: 'collector-1',
      },
      agent: { id: '6f1c0f8e-0b59-4a4e-9d8e-3c2e6f0f9a11', name: 'web-1', type: 'threatguard' },
      host: { name: 'web-1', id: '6f1c0f8e-0b59-4a4e-9d8e-3c2e6f0f9a11' },
      related: { hosts: ['web-1'], user: ['root'], ip: ['192.0.2.1'] },
      user: { name: 'root' },
      source: { ip: '192.0.2.1' },
      process: { executable: '/usr/sbin/sshd' },
      threatguard: {
        alert: {
          id: '01kb3x8m5rq9t2v4w6y8z0a1b2',
          revision: 1,
          state: 'open',
          severity: 'high',
          entity: 'source.ip=192.0.2.1',
          count: 3,
          observed_ratio: 0.972,
        },
      },
    });
  });

  it('is an OCSF Detection Finding', () => {
    const agent = { type_id: 1, type: 'Server', uid: '6f1c0f8e-0b59-4a4e-9d8e-3c2e6f0f9a11', hostname: 'web-1' };
    expect(asAlert({}, 'ocsf')).toMatchObject({
      class_uid: 2004,
      class_name: 'Detection Finding',
      category_uid: 2,
      category_name: 'Findings',
      activity_id: 1,
      type_uid: 200_401,
      type_name: 'Detection Finding: Create',
      metadata: {
        version: '1.3.0',
        uid: '01kb3x8m5rq9t2v4w6y8z0a1b2:1',
        product: { name: 'ThreatGuard', vendor_name: 'ThreatGuard', version: '0.1.0' },
      },
      time: NOW_US / 1000,
      severity_id: 4,
      severity: 'High',
      status_id: 1,
      finding_info: {
        uid: '01kb3x8m5rq9t2v4w6y8z0a1b2',
        title: 'SSH brute force',
        analytic: { type_id: 1, type: 'Rule', uid: 'ssh-brute-force' },
        attacks: [
          {
            tactic: { uid: 'TA0006', name: 'Credential Access' },
            technique: { uid: 'T1110' },
            sub_technique: { uid: 'T1110.001' },
          },
        ],
      },
      device: agent,
      evidences: [{ src_endpoint: { ip: '192.0.2.1' }, actor: { user: { name: 'root' } } }],
      observables: [
        { name: 'device.hostname', type_id: 1, type: 'Hostname', value: 'web-1' },
        { name: 'evidences.src_endpoint.ip', type_id: 2, type: 'IP Address', value: '192.0.2.1' },
        { name: 'evidences.actor.user.name', type_id: 4, type: 'User Name', value: 'root' },
      ],
    });
  });

  it('has in OCSF no attribute that version 1.3.0 does not know, nor a process without its number', () => {
    const withoutPid = asAlert(
      { values: { 'process.executable': '/usr/bin/nc', 'process.command_line': 'nc -l' } },
      'ocsf',
    );
    expect(withoutPid).not.toHaveProperty('is_alert');
    expect(withoutPid.evidences[0].process).toBeUndefined();
    expect(withoutPid.evidences[0].file.path).toBe('/usr/bin/nc');
    expect(withoutPid.evidences[0].data.values).toContainEqual({ name: 'process.command_line', value: 'nc -l' });
    const withPid = asAlert({ values: { 'process.pid': '7', 'process.parent.executable': '/bin/sh' } }, 'ocsf');
    expect(withPid.evidences[0].process).toEqual({ pid: 7 });
  });

  it('tells techniques and several tactics apart, and says labels', () => {
    const values = { 'labels.demo': 'true' };
    const odd = { techniques: ['T1059.004'], tactics: ['execution', 'persistence'], values };
    expect(asAlert(odd, 'ocsf').finding_info.attacks).toMatchObject([
      { technique: { uid: 'T1059' }, sub_technique: { uid: 'T1059.004' } },
      { tactic: { uid: 'TA0002' } },
      { tactic: { uid: 'TA0003' } },
    ]);
    expect(asAlert(odd, 'ocsf').metadata.labels).toEqual(['demo:true']);
    expect(asAlert(odd, 'ecs').labels).toEqual({ demo: 'true' });
  });

  it('is a line of CEF', () => {
    expect(exportAlert(alert({ risk: 7 }), 'cef', exporter)).toBe(
      'CEF:0|ThreatGuard|ThreatGuard|0.1.0|ssh-brute-force|SSH brute force|8|rt=1795255200000 start=1795255195000 ' +
        'end=1795255198999 externalId=01kb3x8m5rq9t2v4w6y8z0a1b2:1 deviceExternalId=6f1c0f8e-0b59-4a4e-9d8e-3c2e6f0f9a11 ' +
        'dvchost=web-1 cnt=3 cat=credential-access msg=10 failed logons as root from 192.0.2.1 within 60 s src=192.0.2.1 ' +
        'suser=root dproc=/usr/sbin/sshd cs1Label=techniques cs1=T1110.001 cs2Label=entity cs2=source.ip\\=192.0.2.1 ' +
        'cs3Label=state cs3=open cs4Label=severity cs4=high cn1Label=risk cn1=7',
    );
  });

  it.each([
    [{ revision: 2 }, 'alert-updated', 2, 1],
    [{ revision: 3, state: AlertState.ACKNOWLEDGED }, 'alert-acknowledged', 2, 2],
    [{ revision: 4, state: AlertState.CLOSED }, 'alert-closed', 3, 4],
  ])('%j says what has changed', (change, action, activityId, statusId) => {
    expect(asAlert(change, 'ecs').event.action).toBe(action);
    expect(asAlert(change, 'ocsf')).toMatchObject({ activity_id: activityId, status_id: statusId });
  });

  it.each([
    [Severity.INFORMATIONAL, 1, 1],
    [Severity.LOW, 2, 3],
    [Severity.MEDIUM, 3, 6],
    [Severity.HIGH, 4, 8],
    [Severity.CRITICAL, 5, 10],
  ])('of severity %i is %i in OCSF and %i in CEF', (severity, ocsf, cef) => {
    expect(asAlert({ severity }, 'ocsf').severity_id).toBe(ocsf);
    expect(exportAlert(alert({ severity }), 'cef', exporter).split('|')[6]).toBe(String(cef));
  });

  it('keeps what has no place of its own beside, and does not claim ATT&CK where there is none', () => {
    const odd = asAlert(
      { techniques: [], tactics: ['made-up'], values: { 'process.args': 'a b', __proto__x: 'y' } },
      'ecs',
    );
    expect(odd.threatguard.alert.values).toEqual([
      { field: 'process.args', value: 'a b' },
      { field: '__proto__x', value: 'y' },
    ]);
    expect(odd.threat).toEqual({ framework: 'MITRE ATT&CK', tactic: { name: ['made-up'] } });
    expect(asAlert({ techniques: [], tactics: [] }, 'ecs').threat).toBeUndefined();
  });

  it('names addresses of version 6 as CEF does', () => {
    const line = exportAlert(alert({ values: { 'source.ip': '2001:db8::1' } }), 'cef', exporter);
    expect(line).toContain('c6a2Label=Source IPv6 Address c6a2=2001:db8::1');
    expect(line).not.toMatch(/ src=/);
  });
});

describe('an event', () => {
  it.each(Object.values(Activity).filter((value) => typeof value === 'number'))(
    'of activity %s has in OCSF what its class requires, where the host said nothing more',
    (activity) => {
      const found = asEvent({ activity }, 'ocsf');
      expect(Object.keys(found)).toEqual(expect.arrayContaining(['metadata', 'time', 'severity_id', 'type_uid']));
      expect(Object.keys(found)).toEqual(expect.arrayContaining(REQUIRED[found.class_uid]!));
      if (found.class_uid === 0) expect(Object.keys(found)).not.toContain('device');
    },
  );

  it('has in OCSF nothing below process that is not there', () => {
    const process = { pid: 7, workingDirectory: '/srv', containerId: 'c0ffee' };
    const found = asEvent({ activity: Activity.EXEC, process }, 'ocsf');
    expect(found.process).toMatchObject({ pid: 7, container: { uid: 'c0ffee' } });
    expect(found.process).not.toHaveProperty('working_directory');
    expect(found.unmapped['process.working_directory']).toBe('/srv');
    expect(found.metadata.profiles).toEqual(['host', 'container']);
  });

  it('is an ECS document with everything the search has', () => {
    const document = JSON.parse(exportEvent(storedEvent(), 'ecs', exporter));
    expect(document).toMatchObject({
      '@timestamp': NOW,
      ecs: { version: '8.17.0' },
      event: { kind: 'event', category: ['authentication'], type: ['start'], action: 'logon', outcome: 'failure' },
      user: { name: 'root' },
      source: { ip: '192.0.2.1', port: 50273 },
      observer: { type: 'ids' },
      agent: { type: 'threatguard' },
      host: { name: 'web-1' },
    });
  });

  it('has the types ECS gives its fields, and a value beside names that begin with it', () => {
    const document = asEvent(
      {
        user: { id: 0 },
        host: { cpuPercent: 42.5 },
        process: { stdioSockets: [{ family: 'inet', remoteAddress: '192.0.2.9', remotePort: 4444 }] },
      },
      'ecs',
    );
    expect(document.user.id).toBe('0');
    expect(document.host.cpu.usage).toBe(0.425);
    expect(document.event.outcome).toBe('unknown');
    expect(document.threatguard.process.stdio_socket).toEqual({
      value: true,
      family: 'inet',
      remote_address: '192.0.2.9',
      remote_port: 4444,
    });
  });

  it.each<[string, HostEvent, number, object]>([
    [
      'logon',
      storedEvent().event!,
      300_201,
      { status_id: 2, user: { name: 'root' }, src_endpoint: { ip: '192.0.2.1', port: 50273 } },
    ],
    [
      'sudo',
      {
        activity: Activity.PRIVILEGE,
        user: { name: 'eve' },
        targetUser: { name: 'root' },
        authentication: { command: 'sh' },
      },
      300_301,
      { actor: { user: { name: 'eve' } }, user: { name: 'root' }, privileges: ['sh'] },
    ],
    [
      'exec',
      {
        activity: Activity.EXEC,
        user: { name: 'www-data', id: 33 },
        process: {
          pid: 7,
          parentPid: 6,
          executable: '/usr/bin/curl',
          args: ['curl', '-s'],
          parentExecutable: '/bin/sh',
        },
      },
      100_701,
      {
        actor: { process: { pid: 6, file: { name: 'sh', path: '/bin/sh' } } },
        process: { pid: 7, cmd_line: 'curl -s', file: { name: 'curl', path: '/usr/bin/curl', type_id: 1 } },
      },
    ],
    [
      'trace',
      { activity: Activity.TRACED, process: { pid: 7, name: 'gdb' }, targetProcess: { pid: 9, name: 'sshd' } },
      100_703,
      { actor: { process: { pid: 7 } }, process: { pid: 9, name: 'sshd' } },
    ],
    [
      'connection',
      {
        activity: Activity.CONNECTION_CLOSED,
        network: {
          transport: 'tcp',
          direction: 2,
          sourceAddress: '10.0.0.1',
          destinationAddress: '192.0.2.9',
          destinationPort: 443,
          bytesSent: 10,
          bytesReceived: 20,
          durationUs: 1_500_000,
        },
      },
      400_102,
      {
        connection_info: { direction_id: 2, protocol_name: 'tcp', protocol_num: 6 },
        dst_endpoint: { ip: '192.0.2.9', port: 443 },
        traffic: { bytes_out: 10, bytes_in: 20 },
        duration: 1500,
      },
    ],
    [
      'listening',
      { activity: Activity.LISTENING, network: { transport: 'tcp', sourceAddress: '0.0.0.0', sourcePort: 4444 } },
      400_107,
      { dst_endpoint: { ip: '0.0.0.0', port: 4444 } },
    ],
    [
      'DNS question',
      {
        activity: Activity.DNS_QUERY,
        network: { questionName: 'evil.example', questionType: 'TXT', answers: ['192.0.2.9'] },
      },
      400_301,
      { query: { hostname: 'evil.example', type: 'TXT' }, answers: [{ rdata: '192.0.2.9' }] },
    ],
    [
      'file',
      { activity: Activity.FILE_MODIFIED, file: { path: '/etc/passwd', sha256: 'ab', ownerId: 0 } },
      100_103,
      {
        file: { path: '/etc/passwd', name: 'passwd', hashes: [{ algorithm_id: 3, value: 'ab' }], owner: { uid: '0' } },
      },
    ],
    ['owner or mode', { activity: Activity.FILE_ATTRIBUTES, file: { path: '/x' } }, 100_107, { file: { name: 'x' } }],
    [
      'account',
      { activity: Activity.USER_CREATED, targetUser: { name: 'eve', id: 1001 } },
      300_101,
      { user: { name: 'eve', uid: '1001' } },
    ],
    [
      'group',
      { activity: Activity.GROUP_DELETED, targetUser: { groupName: 'wheel', groupId: 10 } },
      300_605,
      { group: { name: 'wheel', uid: '10' } },
    ],
    ['service', { activity: Activity.SERVICE_STOPPED, serviceName: 'auditd' }, 600_204, { app: { name: 'auditd' } }],
    ['sample', { activity: Activity.SAMPLE }, 500_102, { class_name: 'Device Inventory Info' }],
    ['activity nobody has named', { activity: 9_999 as Activity }, 0, { class_uid: 0, category_name: 'Uncategorized' }],
  ])('about %s is of its OCSF class', (_, event, typeUid, members) => {
    expect(asEvent(event, 'ocsf')).toMatchObject({
      type_uid: typeUid,
      metadata: { version: '1.3.0' },
      severity_id: 1,
      ...members,
    });
  });

  it('is a line of CEF', () => {
    expect(exportEvent(storedEvent(), 'cef', exporter)).toBe(
      'CEF:0|ThreatGuard|ThreatGuard|0.1.0|logon|logon|0|rt=1795255200000 cs6Label=eventId ' +
        'cs6=6f1c0f8e-0b59-4a4e-9d8e-3c2e6f0f9a11::7:0 deviceExternalId=6f1c0f8e-0b59-4a4e-9d8e-3c2e6f0f9a11 dvchost=web-1 ' +
        'act=logon outcome=failure cat=authentication app=sshd suser=root spt=50273 ' +
        'msg=sshd[1]: Failed password for root from 192.0.2.1 port 50273 ssh2 src=192.0.2.1',
    );
  });
});

describe('an entry of the audit log', () => {
  const entry = {
    sequence: 9,
    atUs: NOW_US,
    actorKind: 'console',
    actorId: 'alice',
    action: 'agent.revoked',
    subject: 'web-1',
  };
  it.each([
    ['agent.revoked', 'deletion', 300_404],
    ['token.created', 'creation', 300_401],
    ['evidence.exported', 'access', 300_402],
    ['kem_rotation.paused', 'change', 300_403],
  ])('%s is %s, and %i', (action, type, typeUid) => {
    const ecs = JSON.parse(exportAudit({ ...entry, action }, 'ecs', exporter));
    expect(ecs).toMatchObject({
      event: { id: 'audit:9', category: ['configuration'], type: [type] },
      user: { name: 'alice' },
    });
    const ocsf = JSON.parse(exportAudit({ ...entry, action }, 'ocsf', exporter));
    expect(ocsf).toMatchObject({ type_uid: typeUid, entity: { uid: 'web-1' }, actor: { user: { name: 'alice' } } });
  });

  it('is a line of CEF', () => {
    expect(exportAudit(entry, 'cef', exporter)).toBe(
      'CEF:0|ThreatGuard|ThreatGuard|0.1.0|agent.revoked|agent.revoked web-1 by console alice|1|rt=1795255200000 ' +
        'externalId=audit:9 act=agent.revoked suser=alice duser=web-1',
    );
  });
});
