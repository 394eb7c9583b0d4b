// A feed in any of the forms people share indicators in. Pure: bytes in, indicators and refusals out.
import { FeedError, type FeedRefusal, FeedReport } from './feed-report.ts';
import type { Indicator } from './indicator.ts';
import { type CsvMapping, looksLikeCsv, parseMapping, readCsv } from './read-csv.ts';
import { readList } from './read-list.ts';
import { readMisp } from './read-misp.ts';
import { readStix } from './read-stix.ts';

export const FEED_FORMATS = ['stix', 'misp', 'csv', 'list'] as const;
export type FeedFormat = (typeof FEED_FORMATS)[number];

/** One feed, uncompressed: some two million lines of a list, or a hundred thousand objects of STIX. */
export const FEED_BYTES_MAX = 128 * 1024 * 1024;

export interface FeedOptions {
  /** Found out where undefined. */
  format?: FeedFormat | undefined;
  /** `value=COLUMN,...` for CSV. */
  mapping?: string | undefined;
  /** Whether domains stand for the names below them, whatever the format says. */
  subdomains?: boolean | undefined;
}

export interface ReadFeed {
  format: FeedFormat;
  taken: number;
  refusals: FeedRefusal[];
}

/** Gives every indicator to `take`. Throws FeedError where the whole of it cannot be read. */
export function readFeed(bytes: Uint8Array, options: FeedOptions, take: (indicator: Indicator) => void): ReadFeed {
  if (bytes.length > FEED_BYTES_MAX) throw new FeedError('too_large', `larger than ${FEED_BYTES_MAX >> 20} MiB`);
  const text = decode(bytes);
  const report = new FeedReport(take, options);
  const mapping: CsvMapping = parseMapping(options.mapping ?? '');
  const asked = options.format ?? (options.mapping ? 'csv' : undefined);
  const json =
    asked === undefined ? /^\ufeff?\s*[{[]\s*["{[\]}]/.test(text.slice(0, 4096)) : asked === 'stix' || asked === 'misp';
  let format: FeedFormat;
  if (json) {
    const document = parseJson(text);
    format = asked ?? (isMisp(document) ? 'misp' : 'stix');
    if (format === 'misp') readMisp(document, report);
    else readStix(document, report);
  } else {
    format = asked ?? (looksLikeCsv(text) ? 'csv' : 'list');
    if (format === 'csv') readCsv(text, mapping, report);
    else readList(text, report);
  }
  return { format, taken: report.taken, refusals: report.refusals };
}

function decode(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new FeedError('format', 'this is no text in UTF-8: unpack it first');
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text.replace(/^\ufeff/, ''));
  } catch (error) {
    throw new FeedError('format', `this is no JSON: ${(error as Error).message.slice(0, 200)}`);
  }
}

function isMisp(document: unknown): boolean {
  const first = Array.isArray(document) ? document[0] : document;
  const { Event, response, Attribute } = (first ?? {}) as Record<string, unknown>;
  return Event !== undefined || response !== undefined || Attribute !== undefined;
}
