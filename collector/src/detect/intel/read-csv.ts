// CSV with a mapping of columns: said by whoever imports it, or known by the names that feeds use. The header is the first line, or
// the last comment before the data (abuse.ch).
import { type CsvError, parse } from 'csv-parse/sync';
import { FeedError, type FeedReport } from './feed-report.ts';
import { ABOUT_CHARS_MAX, isTechnique, parseConfidence, parseFeedTime, parseTlp, TECHNIQUES_MAX } from './indicator.ts';
import { lines } from './read-list.ts';

/** What a column may be for, and the names it goes by. */
const COLUMNS = {
  value: [
    'indicator',
    'ioc',
    'ioc_value',
    'value',
    'ip',
    'ip_address',
    'ipaddress',
    'dst_ip',
    'src_ip',
    'address',
    'cidr',
    'network',
    'domain',
    'hostname',
    'host',
    'fqdn',
    'url',
    'sha256',
    'sha256_hash',
    'sha1',
    'sha1_hash',
    'md5',
    'md5_hash',
    'hash',
  ],
  port: ['port', 'dst_port', 'destination_port'],
  confidence: ['confidence', 'confidence_level', 'score'],
  tlp: ['tlp'],
  since: ['first_seen', 'first_seen_utc', 'firstseen', 'dateadded', 'date_added', 'valid_from', 'created'],
  until: ['valid_until', 'expires', 'expiration', 'expires_at'],
  about: ['description', 'malware', 'malware_printable', 'threat', 'threat_type', 'comment', 'signature', 'name'],
  technique: ['technique', 'attack', 'mitre', 'mitre_attack'],
} as const;

const CSV_COLUMNS = Object.keys(COLUMNS) as (keyof typeof COLUMNS)[];
/** By purpose, a column's name or its number from 1. */
export type CsvMapping = Partial<Record<keyof typeof COLUMNS, string>>;

const DELIMITERS = [',', ';', '\t', '|'];
/** Characters of one line: a feed's notes are shorter, and what is longer is no line. */
const LINE_CHARS_MAX = 256 * 1024;

/** `value=dst_ip,port=dst_port`; throws FeedError `mapping`. */
export function parseMapping(text: string): CsvMapping {
  const mapping: CsvMapping = {};
  for (const pair of text.split(',').filter(Boolean)) {
    const [name = '', column = ''] = pair.split('=', 2).map((part) => part.trim());
    const purpose = CSV_COLUMNS.find((known) => known === name.toLowerCase());
    if (!purpose || column === '') {
      throw new FeedError('mapping', `"${pair}" is not PURPOSE=COLUMN; purposes are ${CSV_COLUMNS.join(', ')}`);
    }
    mapping[purpose] = column;
  }
  return mapping;
}

/** Throws FeedError where no column can be found for the values, or the text is no CSV. */
export function readCsv(text: string, mapping: CsvMapping, report: FeedReport): void {
  const { header, hasHeaderLine, delimiter } = readHeader(text, Object.values(mapping));
  const places = placesOf(header, mapping);
  let skipped = !hasHeaderLine;
  const take = (cells: string[], line: number): null => {
    if (skipped) takeRow(cells, places, `line ${line}`, report);
    skipped = true;
    return null;
  };
  try {
    parse(text, {
      bom: true,
      delimiter,
      comment: '#',
      comment_no_infix: true,
      relax_column_count: true,
      relax_quotes: true,
      skip_empty_lines: true,
      trim: true,
      max_record_size: LINE_CHARS_MAX,
      on_record: (cells: unknown, context) => take(cells as string[], context.lines),
    });
  } catch (error) {
    if (error instanceof FeedError) throw error;
    throw new FeedError('format', `this is no CSV: ${(error as CsvError).message}`);
  }
}

type Places = Partial<Record<keyof typeof COLUMNS, number>>;

function takeRow(cells: readonly string[], places: Places, where: string, report: FeedReport): void {
  const cell = (purpose: keyof typeof COLUMNS) => cells[places[purpose] ?? -1]?.trim() ?? '';
  const value = cell('value');
  const port = cell('port');
  const untilUs = parseFeedTime(cell('until'));
  if (cell('until') !== '' && untilUs === undefined) {
    report.refuse('an end that is no time', `${where}: ${cell('until')}`);
    return;
  }
  const rest = {
    subdomains: true,
    confidence: parseConfidence(cell('confidence')),
    tlp: parseTlp(cell('tlp')),
    sinceUs: parseFeedTime(cell('since')),
    untilUs,
    about: cell('about').slice(0, ABOUT_CHARS_MAX),
    techniques: cell('technique')
      .toUpperCase()
      .split(/[\s,;|]+/)
      .filter(isTechnique)
      .slice(0, TECHNIQUES_MAX),
  };
  if (port === '' || port === '0') report.value(value, where, rest);
  else
    report.value(
      value.includes(':') && !value.startsWith('[') ? `[${value}]:${port}` : `${value}:${port}`,
      where,
      rest,
    );
}

/** Names of the columns, as far as there are any. */
function readHeader(
  text: string,
  wanted: readonly string[] = [],
): { header: string[]; hasHeaderLine: boolean; delimiter: string } {
  let comment = '';
  const isName = (cell: string) => isColumnName(cell) || wanted.some((name) => name.toLowerCase() === cell);
  for (const raw of lines(text)) {
    const line = raw.trim();
    if (line === '') continue;
    if (line.startsWith('#')) {
      comment = line.replace(/^#\s*/, '');
      continue;
    }
    const delimiter = DELIMITERS.find((each) => line.includes(each)) ?? ',';
    const cells = split(line, delimiter);
    const named = split(comment, delimiter);
    if (named.length === cells.length && named.some(isName)) return { header: named, hasHeaderLine: false, delimiter };
    if (cells.some(isName)) return { header: cells, hasHeaderLine: true, delimiter };
    return { header: [], hasHeaderLine: false, delimiter };
  }
  return { header: [], hasHeaderLine: false, delimiter: ',' };
}

function split(line: string, delimiter: string): string[] {
  return line
    .slice(0, LINE_CHARS_MAX)
    .split(delimiter)
    .map((cell) =>
      cell
        .trim()
        .replace(/^"(.*)"$/, '$1')
        .toLowerCase(),
    );
}

function isColumnName(name: string): boolean {
  return Object.values(COLUMNS).some((names) => (names as readonly string[]).includes(name));
}

/** Whether the first lines look like a table rather than a list. */
export function looksLikeCsv(text: string): boolean {
  const { header, delimiter } = readHeader(text);
  if (header.length > 1) return true;
  for (const raw of lines(text)) {
    const line = raw.trim();
    if (line !== '' && !line.startsWith('#')) return line.startsWith('"') && line.includes(`"${delimiter}"`);
  }
  return false;
}

function placesOf(header: readonly string[], mapping: CsvMapping): Places {
  const places: Places = {};
  for (const purpose of CSV_COLUMNS) {
    const wanted = mapping[purpose];
    const place = wanted === undefined ? knownPlace(header, purpose, mapping) : placeOf(header, wanted);
    if (place !== undefined) places[purpose] = place;
  }
  if (places.value !== undefined) return places;
  const seen = header.length > 0 ? `its columns are ${header.join(', ').slice(0, 200)}` : 'it has no header';
  throw new FeedError(
    'mapping',
    `no column is known to hold the values: ${seen}; say value=COLUMN, by name or by number from 1`,
  );
}

function placeOf(header: readonly string[], wanted: string): number {
  const named = header.indexOf(wanted.toLowerCase());
  if (named >= 0) return named;
  const number = /^\d{1,3}$/.test(wanted) ? Number(wanted) : 0;
  if (number >= 1 && (header.length === 0 || number <= header.length)) return number - 1;
  throw new FeedError(
    'mapping',
    `there is no column "${wanted}"${header.length > 0 ? `; there are ${header.join(', ').slice(0, 200)}` : ': it has no header'}`,
  );
}

/** A port belongs to an address that a column of its own has; what else is mapped by hand keeps the rest as it is. */
function knownPlace(header: readonly string[], purpose: keyof typeof COLUMNS, mapping: CsvMapping): number | undefined {
  if (purpose === 'port' && mapping.value !== undefined) return undefined;
  for (const name of COLUMNS[purpose]) {
    const place = header.indexOf(name);
    if (place >= 0) return place;
  }
  return undefined;
}
