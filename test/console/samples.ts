import {
  Activity,
  type AgentSummary,
  type Alert,
  AlertState,
  EventClass,
  Outcome,
  Severity,
  type StoredEvent,
} from '@threatguard/proto';

export const NOW_US = Date.UTC(2026, 10, 21, 10, 0, 0) * 1000;

export function alert(change: Alert = {}): Alert {
  return {
    id: '01kb3x8m5rq9t2v4w6y8z0a1b2',
    ruleId: 'ssh-brute-force',
    title: 'SSH brute force',
    severity: Severity.HIGH,
    state: AlertState.OPEN,
    techniques: ['T1110.001'],
    tactics: ['credential-access'],
    reason: '10 failed logons as root from 192.0.2.1 within 60 s',
    values: { 'user.name': 'root', 'source.ip': '192.0.2.1', 'process.executable': '/usr/sbin/sshd' },
    agentId: '6f1c0f8e-0b59-4a4e-9d8e-3c2e6f0f9a11',
    agentName: 'web-1',
    entity: 'source.ip=192.0.2.1',
    count: 3,
    firstAtUs: NOW_US - 5_000_000,
    lastAtUs: NOW_US - 1_000_123,
    raisedAtUs: NOW_US - 900_000,
    updatedAtUs: NOW_US,
    revision: 1,
    observedRatio: 0.972,
    ...change,
  };
}

export function storedEvent(change: StoredEvent = {}): StoredEvent {
  return {
    reference: { agentId: '6f1c0f8e-0b59-4a4e-9d8e-3c2e6f0f9a11', sequence: 7, index: 0 },
    agentName: 'web-1',
    receivedAtUs: NOW_US + 2000,
    eventAtUs: NOW_US,
    event: {
      observedAtUs: NOW_US,
      class: EventClass.AUTHENTICATION,
      activity: Activity.LOGON,
      outcome: Outcome.FAILURE,
      sensor: 'auth.file',
      serviceName: 'sshd',
      user: { name: 'root' },
      authentication: { method: 'password', sourceAddress: '192.0.2.1', sourcePort: 50273 },
      original: 'sshd[1]: Failed password for root from 192.0.2.1 port 50273 ssh2',
    },
    ...change,
  };
}

export function agent(change: AgentSummary = {}): AgentSummary {
  return {
    id: '6f1c0f8e-0b59-4a4e-9d8e-3c2e6f0f9a11',
    name: 'web-1',
    state: 'connected',
    enrolledAtUs: NOW_US - 86_400_000_000,
    lastSeenAtUs: NOW_US,
    version: '0.1.0',
    events: 12345,
    lost: 6,
    address: '192.0.2.20',
    sensors: [
      { sensor: 'auth', source: 'journald', state: 'running', events: 10 },
      { sensor: 'process', source: 'proc-scan', state: 'degraded', detail: 'short-lived processes are not seen' },
    ],
    ...change,
  };
}
