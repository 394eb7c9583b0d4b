import type {
  IntelClaim,
  IntelIndicator,
  IntelReport,
  IntelRetro,
  IntelSource,
  LookupIntelResponse,
} from '@threatguard/proto';
import { durationText } from './duration.ts';
import type { JsonRecord } from './json.ts';
import { type Column, renderPairs, renderTable } from './table.ts';
import { age, humanTime, isoTime, zoneName } from './time.ts';

/** As the collector names them. */
export const INTEL_KINDS = ['address', 'network', 'endpoint', 'domain', 'url', 'md5', 'sha1', 'sha256'] as const;
export const INTEL_FORMATS = ['auto', 'stix', 'misp', 'csv', 'list'] as const;
export const TLPS = ['clear', 'green', 'amber', 'amber+strict', 'red'] as const;

/** Keys of an indicator in JSON and CSV, in order. */
export const INDICATOR_KEYS = ['kind', 'value', 'confidence', 'tlp', 'weighed', 'sources'] as const;

export function indicatorRecord(indicator: IntelIndicator): JsonRecord {
  return {
    kind: indicator.kind ?? '',
    value: indicator.value ?? '',
    confidence: indicator.confidence ?? 0,
    tlp: indicator.tlp ?? '',
    weighed: indicator.weighed ?? '',
    sources: (indicator.claims ?? []).map((claim) => ({
      source: claim.source ?? '',
      confidence: claim.confidence ?? 0,
      tlp: claim.tlp ?? '',
      since: isoTime(claim.sinceUs),
      until: isoTime(claim.untilUs),
      side: claim.side ?? '',
      subdomains: claim.subdomains ?? false,
      about: claim.about ?? '',
      techniques: claim.techniques ?? [],
      tactics: claim.tactics ?? [],
    })),
  };
}

export function indicatorColumns(nowMs: number): Column<IntelIndicator>[] {
  const claims = ({ claims }: IntelIndicator) => claims ?? [];
  return [
    { title: 'KIND', cell: ({ kind }) => kind ?? '' },
    { title: 'VALUE', cell: ({ value }) => value ?? '', shrink: true },
    { title: 'CONFIDENCE', cell: ({ confidence }) => String(confidence ?? 0), align: 'right' },
    { title: 'TLP', cell: ({ tlp }) => tlp ?? '' },
    {
      title: 'SOURCES',
      cell: (row) =>
        claims(row)
          .map(({ source }) => source)
          .join(', '),
      shrink: true,
    },
    {
      title: 'SINCE',
      cell: (row) => age(Math.min(...claims(row).map(({ sinceUs }) => sinceUs ?? 0)), nowMs),
      align: 'right',
    },
    {
      title: 'ABOUT',
      cell: (row) => claims(row).find(({ about }) => about)?.about ?? '',
      shrink: true,
      optional: true,
    },
  ];
}

/** Keys of a source in JSON and CSV, in order. */
export const SOURCE_KEYS = [
  'name',
  'indicators',
  'confidence',
  'tlp',
  'format',
  'url',
  'every_seconds',
  'imported_at',
  'checked_at',
  'next_at',
  'failure',
  'failures',
  'refused',
  'refusals',
] as const;

export function sourceRecord(source: IntelSource): JsonRecord {
  return {
    name: source.name ?? '',
    indicators: source.indicators ?? 0,
    confidence: source.confidence ?? 0,
    tlp: source.tlp ?? '',
    format: source.format ?? '',
    url: source.url ?? '',
    every_seconds: source.everySeconds || undefined,
    imported_at: isoTime(source.importedAtUs),
    checked_at: isoTime(source.checkedAtUs),
    next_at: isoTime(source.nextAtUs),
    failure: source.failure ?? '',
    failures: source.failures ?? 0,
    refused: refusedCount(source.last),
    refusals: refusalRecords(source.last),
  };
}

export function sourceColumns(nowMs: number): Column<IntelSource>[] {
  return [
    { title: 'SOURCE', cell: ({ name }) => name ?? '', shrink: true },
    { title: 'INDICATORS', cell: ({ indicators }) => String(indicators ?? 0), align: 'right' },
    { title: 'REFUSED', cell: ({ last }) => String(refusedCount(last)), align: 'right' },
    { title: 'CONFIDENCE', cell: ({ confidence }) => String(confidence ?? 0), align: 'right', optional: true },
    { title: 'TLP', cell: ({ tlp }) => tlp ?? '', optional: true },
    { title: 'FORMAT', cell: ({ format }) => format ?? '', optional: true },
    { title: 'IMPORTED', cell: ({ importedAtUs }) => age(importedAtUs, nowMs), align: 'right' },
    { title: 'EVERY', cell: ({ everySeconds }) => (everySeconds ? durationText(everySeconds) : 'by hand') },
    { title: 'STATE', cell: sourceState, shrink: true },
  ];
}

function sourceState({ failures, failure, url }: IntelSource): string {
  if (failures) return `failed ${failures} times: ${failure ?? ''}`;
  return url ? `fetched from ${url}` : 'imported';
}

export function retroLine(job: IntelRetro, look: { utc: boolean; nowMs: number }): string {
  const { values = 0, source = '', scanned = 0, hits = 0, state = '' } = job;
  const what = `stored events held against ${values} new values of ${source}`;
  const far =
    state === 'done'
      ? 'done'
      : job.searched
        ? `${job.searched} of ${values} searched for`
        : `${state}, back from ${humanTime(job.fromUs, look.utc)} until ${humanTime(job.doneUntilUs, look.utc)}`;
  return `${what}: ${far}; ${scanned} events looked at, ${hits} matches`;
}

/** Keys of an import in JSON and CSV, in order. */
export function reportRecord(report: IntelReport, dryRun: boolean): JsonRecord {
  return {
    source: report.source ?? '',
    format: report.format ?? '',
    dry_run: dryRun,
    indicators: report.indicators ?? 0,
    taken: report.taken ?? 0,
    added: report.added ?? 0,
    known: report.known ?? 0,
    removed: report.removed ?? 0,
    ended: report.ended ?? 0,
    unseen: report.unseen ?? 0,
    refused: refusedCount(report),
    refusals: refusalRecords(report),
    retro: report.fresh ?? 0,
  };
}

export function reportLines(report: IntelReport, dryRun: boolean): string[] {
  const pairs: [string, string][] = [
    ['source', `${report.source} (${report.format})${dryRun ? ', dry run: nothing was changed' : ''}`],
    ['indicators', `${report.indicators ?? 0} of this source ${dryRun ? 'would stand' : 'from now on'}`],
    [
      'understood',
      `${report.taken ?? 0} entries: ${report.added ?? 0} new, ${report.known ?? 0} known before, ${report.removed ?? 0} no more`,
    ],
  ];
  if (report.ended) pairs.push(['past their end', String(report.ended)]);
  if (report.unseen)
    pairs.push(['cannot be seen', `${report.unseen} MD5 and SHA-1 digests: events have SHA-256 alone`]);
  if (report.fresh)
    pairs.push([
      'stored events',
      `${dryRun ? 'would be' : 'are now'} held against ${report.fresh} new values; "threatguard intel sources" says how far`,
    ]);
  const refused = refusedCount(report);
  if (refused > 0) pairs.push(['refused', `${refused} entries`]);
  const refusals = report.refusals ?? [];
  if (refusals.length === 0) return renderPairs(pairs);
  const columns: Column<(typeof refusals)[number]>[] = [
    { title: 'REFUSED', cell: ({ count }) => String(count ?? 0), align: 'right' },
    { title: 'BECAUSE', cell: ({ reason }) => reason ?? '' },
    { title: 'THE FIRST', cell: ({ example }) => example ?? '' },
  ];
  return [...renderPairs(pairs), '', ...renderTable(columns, refusals)];
}

function refusedCount(report: IntelReport | null | undefined): number {
  return (report?.refusals ?? []).reduce((sum, { count }) => sum + (count ?? 0), 0);
}

function refusalRecords(report: IntelReport | null | undefined): JsonRecord[] {
  return (report?.refusals ?? []).map(({ reason, count, example }) => ({
    reason: reason ?? '',
    count: count ?? 0,
    example: example ?? '',
  }));
}

export interface Look {
  utc: boolean;
  nowMs: number;
}

/** What is known of a value, for people. */
export function lookupLines(found: LookupIntelResponse, look: Look): string[] {
  const lines = [`${found.kind} ${found.value}`];
  for (const indicator of found.indicators ?? []) {
    const through = indicator.value === found.value ? '' : ` through ${indicator.kind} ${indicator.value}`;
    lines.push('', `listed${through}, ${indicator.weighed}`);
    for (const claim of indicator.claims ?? [])
      lines.push(...renderPairs(claimPairs(claim, look)).map((line) => `  ${line}`));
  }
  for (const { source, by, atUs } of found.withdrawn ?? []) {
    lines.push('', `taken out ${source ? `of ${source}` : 'of all sources'} by ${by} at ${humanTime(atUs, look.utc)}`);
  }
  if (!found.indicators?.length) lines.push('no source says anything of it');
  return lines;
}

function claimPairs(claim: IntelClaim, { utc, nowMs }: Look): [string, string][] {
  const time = (us: number | null | undefined) => `${humanTime(us, utc)} ${zoneName(nowMs, utc)}`;
  const pairs: [string, string][] = [
    ['source', claim.source ?? ''],
    ['confidence', String(claim.confidence ?? 0)],
    ['TLP', claim.tlp ?? ''],
    ['since', time(claim.sinceUs)],
    ['until', claim.untilUs ? time(claim.untilUs) : 'for ever'],
  ];
  if (claim.side && claim.side !== 'any') pairs.push(['as', `the ${claim.side} of a connection only`]);
  if (claim.subdomains) pairs.push(['covers', 'the names below it as well']);
  if (claim.about) pairs.push(['about', claim.about]);
  if (claim.techniques?.length) pairs.push(['technique', claim.techniques.join(' ')]);
  if (claim.tactics?.length) pairs.push(['tactic', claim.tactics.join(' ')]);
  return pairs;
}
