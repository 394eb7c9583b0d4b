// What triage knows of an alert: only what the collector knew when it raised it.
import { type Alert, severityName } from '@threatguard/proto';
import type { RawColumn } from '../../detect/models/binned-table.ts';
import { type History, hostKind, type Tally } from './verdict-history.ts';

/** Changes whenever a feature means something else: a model of other features is refused. */
export const TRIAGE_FEATURES_VERSION = 1;
const TEXT_LENGTH_MAX = 128;
/** Verdicts beyond so many say nothing new; counted on, they would only tell the time. */
const CLOSED_COUNTED_MAX = 20;

/** One thing that is said of an alert, which may be several features: they stand and fall together. */
export type Factor =
  | 'rule'
  | 'entity'
  | 'severity'
  | 'time'
  | 'detections'
  | 'risk'
  | 'user'
  | 'address'
  | 'process'
  | 'model';

/** In the order a model takes them. */
export const TRIAGE_FEATURES = [
  ['rule', 'category', 'rule'],
  ['source', 'category', 'rule'],
  ['tactic', 'category', 'rule'],
  ['technique', 'category', 'rule'],
  ['rule_closed', 'number', 'rule'],
  ['rule_real', 'number', 'rule'],
  ['rule_hosts_closed', 'number', 'rule'],
  ['rule_hosts_real', 'number', 'rule'],
  ['entity_kind', 'category', 'entity'],
  ['rule_entity_closed', 'number', 'entity'],
  ['rule_entity_real', 'number', 'entity'],
  ['severity', 'number', 'severity'],
  ['hour', 'number', 'time'],
  ['weekday', 'number', 'time'],
  ['detections', 'number', 'detections'],
  ['risk', 'number', 'risk'],
  ['host_kind', 'category', 'rule'],
  ['user', 'category', 'user'],
  ['address', 'category', 'address'],
  ['process', 'category', 'process'],
  ['model_excess', 'number', 'model'],
  ['model_agreement', 'number', 'model'],
  ['model_peers', 'number', 'model'],
] as const satisfies readonly (readonly [string, RawColumn['kind'], Factor])[];

type FeatureName = (typeof TRIAGE_FEATURES)[number][0];

/** Numbers with NaN, and texts with undefined, for what is not known of an alert. */
export type AlertFacts = Record<FeatureName, number | string | undefined> & { history: History };

export function describeAlert(alert: Alert, history: History): AlertFacts {
  const values = alert.values ?? {};
  const at = new Date((alert.raisedAtUs ?? 0) / 1000);
  const program = values['process.executable'] || values['process.name'] || '';
  return {
    history,
    rule: text(alert.ruleId),
    source: sourceOf(alert.ruleId ?? ''),
    tactic: text(alert.tactics?.[0]),
    technique: text(alert.techniques?.[0]),
    rule_closed: Math.min(closed(history.rule), CLOSED_COUNTED_MAX),
    rule_real: share(history.rule),
    rule_hosts_closed: Math.min(closed(history.hosts), CLOSED_COUNTED_MAX),
    rule_hosts_real: share(history.hosts),
    entity_kind: text((alert.entity ?? '').split('=', 1)[0]),
    rule_entity_closed: Math.min(closed(history.entity), CLOSED_COUNTED_MAX),
    rule_entity_real: share(history.entity),
    severity: alert.severity ?? 0,
    hour: at.getUTCHours(),
    weekday: at.getUTCDay(),
    detections: alert.count ?? 0,
    risk: alert.risk ?? 0,
    host_kind: text(hostKind(alert)),
    user: text(values['user.name'] || values['user.target.name']),
    address: addressKind(values['source.ip'] || values['destination.ip'] || ''),
    process: text(program.slice(program.lastIndexOf('/') + 1)),
    ...modelFacts(alert),
  };
}

/** A table as trees take it. */
export function toColumns(facts: readonly AlertFacts[]): RawColumn[] {
  return TRIAGE_FEATURES.map(([name, kind]): RawColumn => {
    if (kind === 'number') return { kind, name, values: Float64Array.from(facts, (each) => Number(each[name])) };
    return { kind, name, values: facts.map((each) => each[name] as string | undefined) };
  });
}

/** What a factor says of an alert, as people say it, and its value. */
export function tellFactor(factor: Factor, facts: AlertFacts): { value: string; sentence: string } {
  const { history } = facts;
  const words = (value: string, sentence = value) => ({ value, sentence });
  const named = (kind: string, value: unknown) =>
    value === undefined ? words('', `it names no ${kind}`) : words(String(value), `${kind} ${value}`);
  switch (factor) {
    case 'rule':
      if (closed(history.hosts) > 0) {
        const where = facts.host_kind === undefined ? 'for the whole fleet' : `on ${facts.host_kind} hosts`;
        return words(told(history.hosts), `this rule was closed as true ${times(history.hosts)} ${where}`);
      }
      if (closed(history.rule) > 0)
        return words(told(history.rule), `this rule was closed as true ${times(history.rule)}`);
      return words(String(facts.rule ?? ''), 'this rule was never closed before');
    case 'entity':
      if (closed(history.entity) === 0) return words(told(history.entity), 'it was never closed about this entity');
      return words(told(history.entity), `it was closed as true ${times(history.entity)} about this entity`);
    case 'severity':
      return words(severityName(Number(facts.severity)), `severity ${severityName(Number(facts.severity))}`);
    case 'time': {
      const when = `${DAYS[Number(facts.weekday)]} ${String(facts.hour).padStart(2, '0')}:00 UTC`;
      return words(when, `raised on a ${when}`);
    }
    case 'detections':
      return words(String(facts.detections), `${facts.detections} detections when it was raised`);
    case 'risk':
      return words(String(facts.risk), `risk ${facts.risk} of 100`);
    case 'user':
      return named('user', facts.user);
    case 'address':
      return facts.address === undefined
        ? words('', 'it names no address')
        : words(String(facts.address), `a ${facts.address} address`);
    case 'process':
      return named('process', facts.process);
    case 'model':
      return tellModel(facts);
  }
}

const DAYS = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'];

function tellModel({ model_excess: excess, model_peers: peers }: AlertFacts) {
  if (Number.isNaN(excess)) return { value: '', sentence: 'no model raised it' };
  const rarer = `${Number((10 ** Math.min(Number(excess), 6)).toPrecision(2)).toLocaleString('en')} times rarer than need be`;
  const others = Number.isNaN(peers) ? '' : `, and ${Math.round(Number(peers) * 100)} % of its peers had it`;
  return { value: String(excess), sentence: `${rarer}${others}` };
}

function modelFacts({ modelReason }: Alert) {
  if (!modelReason) return { model_excess: Number.NaN, model_agreement: Number.NaN, model_peers: Number.NaN };
  const votes = modelReason.votes ?? [];
  const asked = (modelReason.features ?? []).filter(({ peers }) => (peers ?? 0) > 0);
  const least = Math.min(...asked.map(({ peers, peersWith }) => (peersWith ?? 0) / peers!));
  return {
    model_excess: (modelReason.score ?? 0) - (modelReason.threshold ?? 0),
    model_agreement: votes.length > 0 ? votes.filter(({ agrees }) => agrees).length / votes.length : Number.NaN,
    model_peers: asked.length > 0 ? least : Number.NaN,
  };
}

/** What raised it: "rule", or what stands before the stroke of those that are no rule files. */
function sourceOf(ruleId: string): string {
  const before = /^(health|model|intel|hunt)\//.exec(ruleId);
  return before ? before[1]! : 'rule';
}

/** RFC 1918, RFC 4193, RFC 3927, RFC 4291: who is near. */
function addressKind(address: string): string | undefined {
  if (!address) return undefined;
  if (/^(127\.|::1$)/.test(address)) return 'loopback';
  const near = /^(10\.|192\.168\.|172\.(1[6-9]|2\d|3[01])\.|169\.254\.|f[cd][0-9a-f]{2}:|fe[89ab][0-9a-f]:)/i;
  return near.test(address) ? 'private' : 'public';
}

function closed({ real, other }: Tally): number {
  return real + other;
}

/** Between never and always, also after one verdict (Laplace's rule of succession). */
function share({ real, other }: Tally): number {
  return (real + 1) / (real + other + 2);
}

function told(tally: Tally): string {
  return `${tally.real} of ${closed(tally)}`;
}

function times(tally: Tally): string {
  return `${told(tally)} ${closed(tally) === 1 ? 'time' : 'times'}`;
}

function text(value: string | null | undefined): string | undefined {
  return value ? value.slice(0, TEXT_LENGTH_MAX) : undefined;
}
