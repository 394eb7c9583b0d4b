import {
  AlertState,
  AlertVerdict,
  EventClass,
  type Incident,
  type KeysReport,
  type ListModelsResponse,
  type LookupIntelResponse,
  type ModelReason,
  type ModelSummary,
  Outcome,
  type PreviewExceptionResponse,
  type RuleException,
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
  reasons: [
    { alertId: '01kb4', title: 'Interactive shell on a socket', contribution: 64, atUs: NOW_US },
    { alertId: '01kb5', ruleId: 'model/account', title: 'An account does what it never did', contribution: 16 },
  ],
  firstSeenAtUs: NOW_US - HOUR_US,
  lastSeenAtUs: NOW_US,
};

const REASON: ModelReason = {
  entityKind: 'account',
  entity: 'root on web-1',
  hourAtUs: NOW_US,
  score: 4,
  threshold: 3.2,
  votes: [
    { model: 'baseline', version: 0, surprise: 4.1, agrees: true },
    { model: 'isolation-forest', version: 3, surprise: 2, agrees: false },
  ],
  features: [
    {
      feature: 'bytes_out',
      unit: 'bytes',
      observed: 43e6,
      usualLow: 1e5,
      usualHigh: 2e6,
      peers: 7,
      peersLow: 5e4,
      peersHigh: 9e6,
      sentence: 'root on web-1 sent 43 MB, usually 100 kB to 2 MB at this hour',
    },
    { feature: 'source', value: '203.0.113.77', days: 9, sentence: 'from 203.0.113.77 for the first time in 9 days' },
  ],
};

/** What models raised. */
const UNUSUAL = alert({
  id: '01kb5',
  ruleId: 'model/account',
  title: 'An account does what it never did',
  reason: 'root on web-1 sent 43 MB, usually 100 kB to 2 MB at this hour',
  values: { 'user.name': 'root', 'destination.ip': '203.0.113.7' },
  entity: 'user.name=root',
  modelReason: REASON,
  triage: {
    probability: 0.87,
    sentence: '87 % likely to be real, as 40 verdicts have it',
    features: [{ name: 'rule', value: 'model/account', effect: 1.2, sentence: 'alerts of this rule were real' }],
    verdicts: 40,
    modelVersion: 2,
  },
  raisedAtUs: NOW_US - 7_200e6,
  updatedAtUs: NOW_US - 7_200e6,
});

const FOREST: ModelSummary = {
  name: 'isolation-forest',
  version: 3,
  state: 'active',
  trainedAtUs: NOW_US - 86_400e6,
  rows: 4_032,
  fromUs: NOW_US - 8 * 86_400e6,
  toUs: NOW_US - 86_400e6,
  digest: '0c'.repeat(32),
  alertsLastWeek: 1,
  alertsAllowed: 1.4,
};

const CARD = JSON.stringify({
  name: 'isolation-forest',
  version: 3,
  seed: 7,
  features: ['logons', 'failures', 'sources', 'programs_new', 'bytes_out', 'bytes_in', 'destinations', 'load'],
  data: { rows: { host: 2_000, user: 2_032 } },
  parameters: { trees: 100, sample: 256 },
});

const MODELS: ListModelsResponse = {
  learning: {
    learnedDays: 5,
    neededDays: 7,
    hosts: 12,
    users: 30,
    accounts: 44,
    programs: 180,
    peerGroups: 2,
    verdictsTrue: 4,
    verdictsOther: 9,
    verdictsNeeded: 20,
  },
  models: [
    FOREST,
    { ...FOREST, version: 2, state: 'retired' },
    {
      ...FOREST,
      name: 'autoencoder',
      version: 1,
      state: 'refused',
      alertsLastWeek: 9,
      notice: 'more alerts than the budget allows',
    },
  ],
};

const LISTED: LookupIntelResponse = {
  kind: 'address',
  value: '203.0.113.7',
  indicators: [
    {
      kind: 'address',
      value: '203.0.113.7',
      confidence: 80,
      weighed: 'weighed 80',
      claims: [{ source: 'feed-x', confidence: 80, tlp: 'amber', sinceUs: NOW_US - 86_400e6, about: 'Dropper' }],
    },
  ],
};

const EXCEPTION: RuleException = {
  id: '01kd0',
  ruleId: 'ssh-brute-force',
  ruleTitle: 'SSH brute force',
  conditions: [{ field: 'source.ip', value: '192.0.2.1' }],
  reason: 'our own scanner',
  alertId: '01kb3x8m5rq9t2v4w6y8z0a1b2',
  madeBy: 'alice',
  madeAtUs: NOW_US - 86_400e6,
  expiresAtUs: NOW_US + 29 * 86_400e6,
  hidden: 12,
  lastHiddenAtUs: NOW_US - 60e6,
};

/** As the collector previews: of the fields that are asked for, or of all. */
function previewed(fields: readonly string[]): PreviewExceptionResponse {
  const { values = {} } = alert();
  const all = Object.entries(values ?? {}).map(([field, value]) => ({ field, value }));
  const asked = fields.length > 0 ? all.filter(({ field }) => fields.includes(field)) : all;
  return {
    alertId: alert().id!,
    alertRevision: 1,
    ruleId: 'ssh-brute-force',
    ruleTitle: 'SSH brute force',
    conditions: asked,
    others: all.filter((each) => !asked.includes(each)),
    reach: {
      sinceUs: NOW_US - 30 * 86_400e6,
      ruleDetections: 40,
      hidden: 36 / asked.length,
      hosts: [{ agentName: 'web-1', count: 12 }],
      hostsTotal: 1,
      samples: [{ lastAtUs: NOW_US, reason: '10 failed logons as root from 192.0.2.1 within 60 s' }],
      without: asked.map(({ field }, index) => ({ field, count: 36 + index })),
    },
  };
}

const KEYS: KeysReport = {
  fleetName: 'fleet',
  rotation: {
    epoch: 4,
    fromEpoch: 3,
    phase: 'announced',
    startedAtUs: NOW_US - 30e6,
    startedBy: 'alice',
    agents: 2,
    told: 2,
    confirmed: 1,
    stragglers: 1,
  },
  stragglers: [{ agentName: 'db-1', sealingEpoch: 3, lastSeenAtUs: NOW_US - HOUR_US, waitsFor: 'it is not connected' }],
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
    getAlert: async (id) => ({
      alert: [SHELL, UNUSUAL].find((each) => id === each.id) ?? alert(),
      events: [events[1]!, storedEvent()],
    }),
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
    listModels: async () => MODELS,
    modelCard: async () => ({ model: FOREST, card: CARD }),
    activateModel: async ({ version = 0 }) => ({ model: { ...FOREST, version } }),
    rollbackModel: async () => ({ model: { ...FOREST, version: 2 } }),
    lookupIntel: async (value) => (value === LISTED.value ? LISTED : { kind: 'address', value }),
    previewException: async ({ fields = [] }) => previewed(fields ?? []),
    addException: async () => ({ exception: EXCEPTION }),
    listExceptions: async () => [EXCEPTION, { ...EXCEPTION, id: '01kd1', removedAtUs: NOW_US, removedBy: 'bob' }],
    getException: async () => ({
      exception: EXCEPTION,
      hidden: [{ lastAtUs: NOW_US, reason: '10 failed logons as root from 192.0.2.1 within 60 s' }],
    }),
    removeException: async () => ({ ...EXCEPTION, removedAtUs: NOW_US }),
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
