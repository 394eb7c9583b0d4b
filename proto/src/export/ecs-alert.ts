// Alerts in the Elastic Common Schema. What events are in it stands in ../ecs.ts and ecs-event.ts.
import { ECS_FIELDS } from '../ecs.ts';
import { severityName } from '../subjects.ts';
import { type Alert, AlertState } from '../v1.ts';
import { tacticsOf, techniquesOf } from './attack.ts';
import { type ExportDocument, type ExportValue, nestDocument, withoutEmpty } from './json.ts';
import { alertKeyOf, type Exporter, PRODUCT, toIso, VENDOR } from './source.ts';

/** The version of the schema these names are from. */
const ECS_VERSION = '8.17.0';

/** Names that say who exports, the same in alerts and events. */
export const ECS_OBSERVER: Record<string, (exporter: Exporter) => ExportValue> = {
  'ecs.version': () => ECS_VERSION,
  'observer.vendor': () => VENDOR,
  'observer.product': () => PRODUCT,
  'observer.type': () => 'ids',
  'observer.version': ({ version }) => version,
  'observer.hostname': ({ observer }) => observer || undefined,
};

const STATE_ACTION: Record<number, string> = {
  [AlertState.OPEN]: 'alert-updated',
  [AlertState.ACKNOWLEDGED]: 'alert-acknowledged',
  [AlertState.CLOSED]: 'alert-closed',
};

const stateName = (alert: Alert) => (AlertState[alert.state ?? 0] ?? 'open').toLowerCase();

/** Values of detections whose ECS field is a list or a number are text there: they go beside, not in. */
const TEXT_VALUES = new Set([
  'user.name',
  'user.id',
  'user.target.name',
  'source.ip',
  'destination.ip',
  'process.name',
  'process.executable',
  'process.command_line',
  'process.parent.executable',
  'file.path',
  'service.name',
  'dns.question.name',
]);

const ECS_ALERT: Record<string, (alert: Alert) => ExportValue> = {
  '@timestamp': (alert) => toIso(alert.updatedAtUs || alert.raisedAtUs || alert.lastAtUs),
  message: (alert) => alert.reason || alert.title,
  'event.kind': () => 'alert',
  'event.category': () => ['intrusion_detection'],
  'event.type': () => ['info'],
  'event.outcome': () => 'unknown',
  'event.action': (alert) =>
    (alert.revision ?? 0) <= 1 && alert.state !== AlertState.CLOSED
      ? 'alert-raised'
      : (STATE_ACTION[alert.state ?? 0] ?? 'alert-updated'),
  'event.module': () => 'threatguard',
  'event.dataset': () => 'threatguard.alert',
  'event.id': alertKeyOf,
  'event.created': (alert) => toIso(alert.raisedAtUs),
  'event.start': (alert) => toIso(alert.firstAtUs),
  'event.end': (alert) => toIso(alert.lastAtUs),
  'event.severity': (alert) => alert.severity ?? 0,
  'event.risk_score': (alert) => alert.risk || undefined,
  'event.reason': (alert) => alert.reason || undefined,
  'rule.id': (alert) => alert.ruleId,
  'rule.name': (alert) => alert.title,
  'threat.framework': (alert) => (alert.techniques?.length || alert.tactics?.length ? 'MITRE ATT&CK' : undefined),
  'threat.tactic.id': (alert) => tacticsOf(alert.tactics).flatMap(({ id }) => (id ? [id] : [])),
  'threat.tactic.name': (alert) => tacticsOf(alert.tactics).map(({ title }) => title),
  'threat.technique.id': (alert) => techniquesOf(alert.techniques).techniques,
  'threat.technique.subtechnique.id': (alert) => techniquesOf(alert.techniques).subs,
  'agent.id': (alert) => alert.agentId || undefined,
  'agent.name': (alert) => alert.agentName || undefined,
  'agent.type': (alert) => (alert.agentId ? 'threatguard' : undefined),
  'host.name': (alert) => alert.agentName || undefined,
  'host.id': (alert) => alert.agentId || undefined,
  'related.hosts': (alert) => (alert.agentName ? [alert.agentName] : []),
  'related.user': (alert) => valuesOf(alert, 'user.name', 'user.target.name'),
  'related.ip': (alert) => valuesOf(alert, 'source.ip', 'destination.ip'),
  'threatguard.alert.id': (alert) => alert.id,
  'threatguard.alert.revision': (alert) => alert.revision ?? 0,
  'threatguard.alert.state': stateName,
  'threatguard.alert.severity': (alert) => severityName(alert.severity ?? 0),
  'threatguard.alert.entity': (alert) => alert.entity || undefined,
  'threatguard.alert.count': (alert) => alert.count ?? 0,
  'threatguard.alert.observed_ratio': (alert) => alert.observedRatio ?? undefined,
  'threatguard.alert.withheld': (alert) => alert.withheld || undefined,
};

/** ECS takes any keyword below `labels`. */
const LABEL = /^labels\.[a-z_]{1,32}$/;

function valuesOf(alert: Alert, ...names: string[]): string[] {
  return [...new Set(names.flatMap((name) => alert.values?.[name] || []))];
}

/** One alert as an ECS document. */
export function alertToEcs(alert: Alert, exporter: Exporter): ExportDocument {
  const flat: ExportDocument = {};
  for (const [name, read] of Object.entries(ECS_OBSERVER)) flat[name] = read(exporter);
  for (const [name, read] of Object.entries(ECS_ALERT)) flat[name] = read(alert);
  const beside: ExportDocument[] = [];
  for (const [name, value] of Object.entries(alert.values ?? {})) {
    if (LABEL.test(name) || (TEXT_VALUES.has(name) && Object.hasOwn(ECS_FIELDS, name))) flat[name] = value;
    else beside.push({ field: name, value });
  }
  flat['threatguard.alert.values'] = beside;
  return withoutEmpty(nestDocument(flat));
}
