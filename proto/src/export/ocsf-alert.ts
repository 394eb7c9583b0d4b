// Alerts as OCSF Detection Findings.
import { type Alert, AlertState, Severity } from '../v1.ts';
import { type Tactic, tacticsOf, techniquesOf } from './attack.ts';
import { type ExportDocument, type ExportValue, withoutEmpty } from './json.ts';
import { OCSF_VERSION, ocsfHead } from './ocsf-classes.ts';
import { alertKeyOf, type Exporter, PRODUCT, toMs, VENDOR } from './source.ts';

/** severity_id: ours and theirs count the same way, 0 being unknown. */
const SEVERITIES: Record<number, readonly [number, string]> = {
  [Severity.INFORMATIONAL]: [1, 'Informational'],
  [Severity.LOW]: [2, 'Low'],
  [Severity.MEDIUM]: [3, 'Medium'],
  [Severity.HIGH]: [4, 'High'],
  [Severity.CRITICAL]: [5, 'Critical'],
};

const STATES: Record<number, readonly [number, string]> = {
  [AlertState.OPEN]: [1, 'New'],
  [AlertState.ACKNOWLEDGED]: [2, 'In Progress'],
  [AlertState.CLOSED]: [4, 'Resolved'],
};

function activityOf(alert: Alert) {
  if (alert.state === AlertState.CLOSED) return { activityId: 3, activityName: 'Close' };
  if ((alert.revision ?? 0) > 1) return { activityId: 2, activityName: 'Update' };
  return { activityId: 1, activityName: 'Create' };
}

/** Who exports, and what names this object for ever. */
export function ocsfMetadata(
  exporter: Exporter,
  about: {
    uid: string | undefined;
    logName?: string | undefined;
    labels?: string[] | undefined;
    profiles?: string[] | undefined;
  },
) {
  return {
    version: OCSF_VERSION,
    uid: about.uid,
    log_name: about.logName,
    log_provider: exporter.observer || undefined,
    profiles: about.profiles ?? ['host'],
    labels: about.labels,
    product: { name: PRODUCT, vendor_name: VENDOR, version: exporter.version },
  };
}

/** A server that has an agent; type 1 is "Server". */
export function ocsfDevice(agentId: string | null | undefined, name: string | null | undefined): ExportValue {
  if (!agentId && !name) return undefined;
  return { type_id: 1, type: 'Server', uid: agentId || undefined, hostname: name || undefined };
}

/** Members of one piece of evidence, by the ECS name of the value: path in OCSF, made from its text. */
const EVIDENCE: Record<string, (value: string) => ExportDocument> = {
  'source.ip': (ip) => ({ src_endpoint: { ip } }),
  'destination.ip': (ip) => ({ dst_endpoint: { ip } }),
  'user.name': (name) => ({ actor: { user: { name } } }),
  'user.target.name': (name) => ({ user: { name } }),
  'process.pid': (pid) => ({ process: { pid: Number(pid) } }),
  'process.parent.pid': (pid) => ({ process: { parent_process: { pid: Number(pid) } } }),
  'process.executable': (path) => ({ process: { file: { path, name: nameOf(path), type_id: 1 } } }),
  'process.name': (name) => ({ process: { name } }),
  'process.command_line': (cmd_line) => ({ process: { cmd_line } }),
  'process.parent.executable': (path) => ({
    process: { parent_process: { file: { path, name: nameOf(path), type_id: 1 } } },
  }),
  'file.path': (path) => ({ file: { path, name: nameOf(path), type_id: 1 } }),
  'dns.question.name': (hostname) => ({ query: { hostname } }),
};

/** The last part of a path, the whole where it has none. */
export function nameOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1) || path;
}

function evidenceOf({ values }: Alert): ExportDocument {
  const evidence: ExportDocument = {};
  for (const [name, value] of Object.entries(values ?? {})) {
    if (Object.hasOwn(EVIDENCE, name)) merge(evidence, EVIDENCE[name]!(value));
  }
  // A process is named by its number there; without one, its image is all there is to say.
  const { process, ...others } = evidence as { process?: ExportDocument } & ExportDocument;
  const parent = process?.parent_process as ExportDocument | undefined;
  const told = process && {
    ...process,
    parent_process: parent?.pid === undefined ? undefined : parent,
  };
  return {
    ...(process?.pid === undefined ? { file: process?.file } : { process: told }),
    ...others,
    data: { values: Object.entries(values ?? {}).map(([name, value]) => ({ name, value })) },
  };
}

/** Of our own names alone: what is merged was made by the table above. */
function merge(into: ExportDocument, from: ExportDocument): void {
  for (const [name, value] of Object.entries(from)) {
    const there = into[name];
    if (typeof there === 'object' && typeof value === 'object') merge(there as ExportDocument, value as ExportDocument);
    else into[name] = value;
  }
}

function attacksOf(alert: Alert): ExportValue {
  const tactics = tacticsOf(alert.tactics).map(({ id, title }: Tactic) => ({ uid: id, name: title }));
  const { techniques, subs } = techniquesOf(alert.techniques);
  const rows = techniques.flatMap((uid) => {
    const below = subs.filter((sub) => sub.startsWith(`${uid}.`));
    return below.length > 0
      ? below.map((sub) => ({ technique: { uid }, sub_technique: { uid: sub } }))
      : [{ technique: { uid } }];
  });
  // Which of several tactics a technique served nobody said: then both stand for themselves.
  const [only] = tactics;
  const attacks: ExportDocument[] =
    tactics.length === 1 && rows.length > 0
      ? rows.map((row) => ({ tactic: only, ...row }))
      : [...rows, ...tactics.map((tactic) => ({ tactic }))];
  return attacks.map((attack) => ({ version: '15.0', ...attack }));
}

/** By the ECS name of the value: observable.type_id, its caption, and where in this object it stands. */
const OBSERVABLES: Record<string, readonly [number, string, string]> = {
  'host.name': [1, 'Hostname', 'device.hostname'],
  'source.ip': [2, 'IP Address', 'evidences.src_endpoint.ip'],
  'destination.ip': [2, 'IP Address', 'evidences.dst_endpoint.ip'],
  'user.name': [4, 'User Name', 'evidences.actor.user.name'],
  'user.target.name': [4, 'User Name', 'evidences.user.name'],
};

/** What an analyst would go on from. */
function observablesOf(alert: Alert): ExportValue {
  const values: Record<string, string> = { ...alert.values, 'host.name': alert.agentName ?? '' };
  return Object.entries(OBSERVABLES).flatMap(([field, [typeId, type, name]]) => {
    const value = Object.hasOwn(values, field) ? values[field] : '';
    return value ? [{ name, type_id: typeId, type, value }] : [];
  });
}

/** `name:value` of what ECS has below `labels`. */
function labelsOf({ values }: Alert): string[] | undefined {
  const labels = Object.entries(values ?? {}).filter(([name]) => name.startsWith('labels.'));
  return labels.length > 0 ? labels.map(([name, value]) => `${name.slice('labels.'.length)}:${value}`) : undefined;
}

/** One alert as a Detection Finding (2004). */
export function alertToOcsf(alert: Alert, exporter: Exporter): ExportDocument {
  const [severityId, severity] = SEVERITIES[alert.severity ?? 0] ?? [0, 'Unknown'];
  const [statusId, status] = STATES[alert.state ?? 0] ?? [1, 'New'];
  return withoutEmpty({
    ...ocsfHead({ classUid: 2004, ...activityOf(alert) }),
    metadata: ocsfMetadata(exporter, { uid: alertKeyOf(alert), logName: 'threatguard.alert', labels: labelsOf(alert) }),
    time: toMs(alert.updatedAtUs || alert.raisedAtUs || alert.lastAtUs),
    start_time: toMs(alert.firstAtUs),
    end_time: toMs(alert.lastAtUs),
    count: alert.count ?? 0,
    severity_id: severityId,
    severity,
    status_id: statusId,
    status,
    message: alert.reason || alert.title,
    risk_score: alert.risk || undefined,
    finding_info: {
      uid: alert.id,
      title: alert.title,
      desc: alert.reason || undefined,
      created_time: toMs(alert.raisedAtUs),
      modified_time: toMs(alert.updatedAtUs),
      first_seen_time: toMs(alert.firstAtUs),
      last_seen_time: toMs(alert.lastAtUs),
      analytic: { type_id: 1, type: 'Rule', uid: alert.ruleId, name: alert.title },
      attacks: attacksOf(alert),
    },
    device: ocsfDevice(alert.agentId, alert.agentName),
    evidences: [evidenceOf(alert)],
    observables: observablesOf(alert),
    unmapped: {
      entity: alert.entity || undefined,
      revision: alert.revision ?? 0,
      observed_ratio: alert.observedRatio ?? undefined,
      withheld: alert.withheld || undefined,
    },
  });
}
