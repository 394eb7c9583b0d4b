// Events of MISP, as its REST interface and its feeds write them. Only attributes that are meant for detection (to_ids) are taken.
import { FeedError, type FeedReport } from './feed-report.ts';
import {
  ABOUT_CHARS_MAX,
  type Indicator,
  isTechnique,
  parseConfidence,
  parseFeedTime,
  parseTlp,
  stricterTlp,
  TECHNIQUES_MAX,
  type Tlp,
} from './indicator.ts';
import type { WantedKind } from './normalise.ts';

type Json = Record<string, unknown>;

/** What an attribute of a type holds: one value, or which of the parts around `|`. */
const TYPES: Record<string, { kind: WantedKind; part?: 0 | 1; also?: WantedKind }> = {
  'ip-src': { kind: 'address' },
  'ip-dst': { kind: 'address' },
  'ip-src|port': { kind: 'endpoint' },
  'ip-dst|port': { kind: 'endpoint' },
  domain: { kind: 'domain' },
  hostname: { kind: 'domain' },
  'domain|ip': { kind: 'domain', part: 0, also: 'address' },
  url: { kind: 'url' },
  md5: { kind: 'digest' },
  sha1: { kind: 'digest' },
  sha256: { kind: 'digest' },
  'filename|md5': { kind: 'digest', part: 1 },
  'filename|sha1': { kind: 'digest', part: 1 },
  'filename|sha256': { kind: 'digest', part: 1 },
  'malware-sample': { kind: 'digest', part: 1 },
};

/** The taxonomy "misp" of MISP says what each of its levels is worth. */
const LEVELS: Record<string, number> = {
  'completely-confident': 100,
  'usually-confident': 75,
  'fairly-confident': 50,
  'rarely-confident': 25,
  unconfident: 0,
};

/** `{response: [{Event: ...}]}` is the deepest there is. */
const WRAPPERS_MAX = 4;

/** Throws FeedError where it holds no event. */
export function readMisp(document: unknown, report: FeedReport): void {
  const events = eventsOf(document);
  if (events.length === 0) throw new FeedError('format', 'this JSON holds neither an Event nor Attributes of MISP');
  for (const [index, event] of events.entries()) {
    readEvent(event, `event ${textOf(event.uuid) || index + 1}`, report);
  }
}

function eventsOf(document: unknown, depth = 0): Json[] {
  if (depth > WRAPPERS_MAX) return [];
  if (Array.isArray(document)) return document.flatMap((each) => eventsOf(each, depth + 1));
  const object = objectOf(document);
  if (!object) return [];
  if (object.response !== undefined) return eventsOf(object.response, depth + 1);
  if (object.Event !== undefined) return objectsOf([object.Event]);
  return Array.isArray(object.Attribute) || Array.isArray(object.Object) ? [object] : [];
}

function readEvent(event: Json, where: string, report: FeedReport): void {
  const said = { ...readTags(event), about: textOf(event.info) };
  for (const attribute of objectsOf(event.Attribute)) readAttribute(attribute, said, where, report);
  for (const object of objectsOf(event.Object)) {
    if (object.deleted === true) continue;
    for (const attribute of objectsOf(object.Attribute)) readAttribute(attribute, said, where, report);
  }
}

type Said = Pick<Indicator, 'tlp' | 'confidence' | 'techniques'>;

function readAttribute(attribute: Json, event: Said & { about: string }, within: string, report: FeedReport): void {
  const type = textOf(attribute.type);
  const raw = textOf(attribute.value);
  const where = `${within}, attribute ${textOf(attribute.uuid) || type}`;
  if (attribute.to_ids !== true && attribute.to_ids !== 1 && attribute.to_ids !== '1') {
    report.refuse('not meant for detection (to_ids is not set)', where);
    return;
  }
  const known = Object.hasOwn(TYPES, type) ? TYPES[type]! : undefined;
  if (!known) {
    report.refuse(`attributes of type ${type.slice(0, 40) || 'unknown'}`, `${where}: ${raw}`);
    return;
  }
  const own = readTags(attribute);
  const rest = {
    subdomains: type !== 'hostname',
    revoked: attribute.deleted === true || attribute.deleted === 1 || attribute.deleted === '1',
    tlp: stricterTlp(event.tlp, own.tlp),
    confidence: own.confidence ?? event.confidence,
    techniques: [...new Set([...own.techniques, ...event.techniques])].slice(0, TECHNIQUES_MAX),
    sinceUs: parseFeedTime(attribute.first_seen) ?? parseFeedTime(attribute.timestamp),
    about: (textOf(attribute.comment) || event.about).slice(0, ABOUT_CHARS_MAX),
  };
  const parts = raw.split('|');
  const value = known.part === undefined ? endpointOf(known.kind, parts) : (parts[known.part] ?? '');
  report.value(value, where, rest, known.kind);
  if (known.also) report.value(parts[1] ?? '', where, rest, known.also);
}

/** MISP writes `address|port`. */
function endpointOf(kind: WantedKind, parts: readonly string[]): string {
  const [address = '', port] = parts;
  if (kind !== 'endpoint' || port === undefined) return parts.join('|');
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
}

function readTags(tagged: Json): Said {
  let tlp: Tlp | undefined;
  let confidence: number | undefined;
  const techniques = new Set<string>();
  for (const { name } of objectsOf(tagged.Tag)) {
    const tag = textOf(name);
    if (/^tlp:/i.test(tag)) tlp = stricterTlp(tlp, parseTlp(tag));
    const level = /^misp:confidence-level="([a-z-]+)"$/.exec(tag)?.[1];
    if (level && Object.hasOwn(LEVELS, level)) confidence = parseConfidence(LEVELS[level]);
    const technique = /^misp-galaxy:mitre-[a-z-]*attack-pattern="[^"]* - (T[0-9.]+)"$/.exec(tag)?.[1];
    if (technique && isTechnique(technique)) techniques.add(technique);
  }
  return { tlp, confidence, techniques: [...techniques] };
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : typeof value === 'number' ? String(value) : '';
}

function objectOf(value: unknown): Json | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Json) : undefined;
}

function objectsOf(value: unknown): Json[] {
  return Array.isArray(value) ? value.map(objectOf).filter((each) => each !== undefined) : [];
}
