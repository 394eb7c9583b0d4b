// What a match says: the same as data and as a sentence.
import { type Detection, ECS_FIELDS, type EventReference, type HostEvent, Severity } from '@threatguard/proto';
import type { IndicatorKind, IndicatorValue } from './indicator.ts';
import type { Claim } from './intel-index.ts';
import { explainWeight, type Weighed } from './weigh.ts';

/** Where in an event a value was seen. */
export type SeenField =
  | 'source.ip'
  | 'destination.ip'
  | 'dns.question.name'
  | 'process.hash.sha256'
  | 'file.hash.sha256'
  | 'process.args'
  | 'threatguard.authentication.command';

export interface Sighting {
  field: SeenField;
  /** As the event has it. */
  seen: string;
  /** The narrowest that covers it. */
  indicator: IndicatorValue;
  weighed: Weighed;
  /** Found in events that were stored before the indicator came. */
  retro: boolean;
}

const INTEL_RULE_PREFIX = 'indicator/';
/** Sources named in a sentence; the rest is counted. */
const NAMED_MAX = 3;
const SEEN_CHARS_MAX = 200;
const VALUE_CHARS_MAX = 1_024;

const TITLES: Record<IndicatorKind, string> = {
  address: 'Contact with a listed address',
  network: 'Contact with a listed network',
  endpoint: 'Contact with a listed address and port',
  domain: 'A listed domain was asked for',
  url: 'A listed URL was used',
  md5: 'A listed file was seen',
  sha1: 'A listed file was seen',
  sha256: 'A listed file was seen',
};

const NOUNS: Record<SeenField, string> = {
  'source.ip': 'source',
  'destination.ip': 'destination',
  'dns.question.name': 'the name',
  'process.hash.sha256': 'the program with SHA-256',
  'file.hash.sha256': 'the file with SHA-256',
  'process.args': 'in a command line,',
  'threatguard.authentication.command': 'in a command,',
};

/** Where the source does not say: what a host that asks for it or connects to it does (ATT&CK, command and control). */
const TECHNIQUES: Partial<Record<SeenField, string>> = { 'destination.ip': 'T1071', 'dns.question.name': 'T1071.004' };

const VALUES = [
  'user.name',
  'user.id',
  'source.ip',
  'destination.ip',
  'destination.port',
  'dns.question.name',
  'process.pid',
  'process.executable',
  'process.command_line',
  'process.hash.sha256',
  'file.path',
  'file.hash.sha256',
  'service.name',
];

/** Of sources that agree it is certain; a single loud feed stays below what a person must drop everything for. */
function severityOf(confidence: number): Severity {
  if (confidence >= 85) return Severity.HIGH;
  if (confidence >= 50) return Severity.MEDIUM;
  return confidence >= 25 ? Severity.LOW : Severity.INFORMATIONAL;
}

/** `events` are of one agent, the newest last; `event` is that one. */
export function buildIntelDetection(
  sighting: Sighting,
  event: HostEvent,
  span: { agentId: string; events: EventReference[]; count: number; firstAtUs: number; lastAtUs: number },
): Detection {
  const { indicator, weighed, field, retro } = sighting;
  const { claims } = weighed;
  const techniques = [...new Set(claims.flatMap((claim) => claim.techniques))];
  const known = TECHNIQUES[field];
  const tactics = [...new Set(claims.flatMap((claim) => claim.tactics))];
  const values: Record<string, string> = {};
  for (const name of VALUES) {
    const value = ECS_FIELDS[name]?.read(event);
    if (value !== undefined) values[name] = String(value).slice(0, VALUE_CHARS_MAX).toWellFormed();
  }
  Object.assign(values, {
    'threatguard.indicator.value': indicator.value,
    'threatguard.indicator.kind': indicator.kind,
    'threatguard.indicator.field': field,
    'threatguard.indicator.seen': sighting.seen.slice(0, VALUE_CHARS_MAX).toWellFormed(),
    'threatguard.indicator.confidence': String(weighed.confidence),
    'threatguard.indicator.weighed': explainWeight(weighed).slice(0, VALUE_CHARS_MAX).toWellFormed(),
    'threatguard.indicator.tlp': weighed.tlp,
    'threatguard.indicator.since': isoTime(weighed.sinceUs),
    'threatguard.indicator.sources': claims
      .map(({ source }) => source)
      .join(', ')
      .slice(0, VALUE_CHARS_MAX)
      .toWellFormed(),
    'threatguard.count': String(span.count),
  });
  const about = claims.find((claim) => claim.about)?.about;
  if (about) values['threatguard.indicator.about'] = about.toWellFormed();
  if (retro) values['threatguard.indicator.retro'] = 'true';
  return {
    ruleId: `${INTEL_RULE_PREFIX}${indicator.kind}`,
    ruleTitle: TITLES[indicator.kind],
    severity: severityOf(weighed.confidence),
    techniques: techniques.length > 0 || !known ? techniques : [known],
    tactics: tactics.length > 0 || !known ? tactics : ['command-and-control'],
    reason: sentence(sighting),
    values,
    events: span.events,
    firstAtUs: span.firstAtUs,
    lastAtUs: span.lastAtUs,
    agentId: span.agentId,
    entity: `threatguard.indicator.value=${indicator.value.slice(0, VALUE_CHARS_MAX)}`,
  };
}

/** "destination 203.0.113.7 is on feed X (confidence 80, since 2026-11-01, TLP amber)" */
function sentence({ field, seen, indicator, weighed, retro }: Sighting): string {
  const { claims } = weighed;
  const shown = seen.length > SEEN_CHARS_MAX ? `${seen.slice(0, SEEN_CHARS_MAX - 1).toWellFormed()}…` : seen;
  const within = indicator.value === seen ? '' : ` (${covers(indicator)})`;
  const named = claims.slice(0, NAMED_MAX).map(describeClaim).join(', ');
  const more = claims.length > NAMED_MAX ? ` and ${claims.length - NAMED_MAX} more` : '';
  const feeds = claims.length === 1 ? 'on feed' : `on ${claims.length} feeds:`;
  const weight = claims.length === 1 ? '' : `; weighed ${weighed.confidence}`;
  const stored = retro ? '; found in stored events, the indicator came later' : '';
  return `${NOUNS[field]} ${shown}${within} is ${feeds} ${named}${more}${weight}${stored}`;
}

function covers({ kind, value }: IndicatorValue): string {
  if (kind === 'network') return `of the network ${value}`;
  return kind === 'domain' ? `below ${value}` : value;
}

function describeClaim({ source, confidence, sinceUs, tlp, about }: Claim): string {
  const says = about ? `, "${about}"` : '';
  return `${source} (confidence ${confidence}, since ${isoTime(sinceUs).slice(0, 10)}, TLP ${tlp}${says})`;
}

function isoTime(timeUs: number): string {
  return new Date(timeUs / 1000).toISOString();
}
