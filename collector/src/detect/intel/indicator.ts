// What a source says about one thing that can be seen on a host.

export const INDICATOR_KINDS = ['address', 'network', 'endpoint', 'domain', 'url', 'md5', 'sha1', 'sha256'] as const;
export type IndicatorKind = (typeof INDICATOR_KINDS)[number];

/** Traffic Light Protocol 2.0 (FIRST), least restrictive first; `white` of 1.0 is `clear`. */
export const TLPS = ['clear', 'green', 'amber', 'amber+strict', 'red'] as const;
export type Tlp = (typeof TLPS)[number];

/** Which end of a connection it speaks of. */
export const SIDES = ['any', 'source', 'destination'] as const;
export type Side = (typeof SIDES)[number];

/** A value in the one form it is compared in (normalise.ts). */
export interface IndicatorValue {
  kind: IndicatorKind;
  /** `203.0.113.7`, `203.0.113.0/24`, `203.0.113.7:443`, `example.org`, `http://example.org/a`, a digest in lower case. */
  value: string;
}

export interface Indicator extends IndicatorValue {
  side: Side;
  /** Of a domain: also every name below it. */
  subdomains: boolean;
  /** 0 to 100; what its source is worth where undefined. */
  confidence: number | undefined;
  tlp: Tlp | undefined;
  /** Since when its source says so; the import where undefined. */
  sinceUs: number | undefined;
  /** From then on it says so no more; for ever where undefined. */
  untilUs: number | undefined;
  /** What it is about, in the source's words; empty for nothing. */
  about: string;
  /** ATT&CK, "T1071.001". */
  techniques: readonly string[];
  /** ATT&CK short names. */
  tactics: readonly string[];
  /** Its source takes it back. */
  revoked: boolean;
}

/** What a source is worth where neither it nor whoever imports it says. */
export const CONFIDENCE_DEFAULT = 50;
export const TLP_DEFAULT: Tlp = 'clear';
/** Of `about`: one line in a sentence. */
export const ABOUT_CHARS_MAX = 160;
export const TECHNIQUES_MAX = 8;

/** The more restrictive of two; whoever is told both has to keep to it. */
export function stricterTlp(one: Tlp | undefined, other: Tlp | undefined): Tlp | undefined {
  if (one === undefined || other === undefined) return one ?? other;
  return TLPS[Math.max(TLPS.indexOf(one), TLPS.indexOf(other))];
}

/** Of `TLP:AMBER+STRICT`, `tlp:white`, `amber`; undefined for anything else. */
export function parseTlp(text: string): Tlp | undefined {
  const name = text
    .trim()
    .toLowerCase()
    .replace(/^tlp:\s*/, '');
  return name === 'white' ? 'clear' : TLPS.find((tlp) => tlp === name);
}

export function isTechnique(text: string): boolean {
  return /^T\d{4}(\.\d{3})?$/.test(text);
}

/** Whole and from 0 to 100; undefined for what is no number. */
export function parseConfidence(value: unknown): number | undefined {
  const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
  return typeof number === 'number' && number >= 0 && number <= 100 ? Math.round(number) : undefined;
}

/** Microseconds of a time as feeds write it: ISO 8601, `2026-11-21 10:00:00` (UTC), or seconds since 1970. */
export function parseFeedTime(value: unknown): number | undefined {
  if (typeof value === 'number' || (typeof value === 'string' && /^\d{9,11}$/.test(value))) {
    const seconds = Number(value);
    return seconds > 0 && seconds < TIME_SECONDS_MAX ? Math.trunc(seconds) * 1e6 : undefined;
  }
  const match =
    typeof value === 'string' &&
    /^(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?))?\s*(Z|UTC|[+-]\d{2}:?\d{2})?$/i.exec(
      value.trim(),
    );
  if (!match) return undefined;
  const [, day, time = '00:00', zone = 'Z'] = match;
  const ms = Date.parse(`${day}T${time.slice(0, 12)}${/^(z|utc)$/i.test(zone) ? 'Z' : zone}`);
  return ms > 0 && ms / 1000 < TIME_SECONDS_MAX ? ms * 1000 : undefined;
}

/** As many seconds as the index has room for: until 2106. */
const TIME_SECONDS_MAX = 0xffff_ffff;
