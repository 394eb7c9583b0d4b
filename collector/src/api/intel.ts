// The Intel service: what consoles ask of indicators, and how they bring them.

import type { UntypedServiceImplementation } from '@grpc/grpc-js';
import type {
  IntelClaim,
  IntelIndicator,
  IntelRetro,
  IntelSource as IntelSourceMessage,
  ListIntelRequest,
  ListIntelResponse,
  ListIntelSourcesResponse,
  LookupIntelRequest,
  LookupIntelResponse,
  RemoveIntelRequest,
  RemoveIntelResponse,
} from '@threatguard/proto';
import { suggest } from '@threatguard/proto';
import { nextAtUs } from '../detect/intel/feed-schedule.ts';
import { INDICATOR_KINDS, type IndicatorValue } from '../detect/intel/indicator.ts';
import type { Claim, IntelIndex } from '../detect/intel/intel-index.ts';
import type { IntelLibrary } from '../detect/intel/intel-library.ts';
import type { IntelRecords, IntelRun, IntelSource, RetroJob } from '../detect/intel/intel-records.ts';
import { normalise } from '../detect/intel/normalise.ts';
import type { RetroMatch } from '../detect/intel/retro-match.ts';
import { searchesFor } from '../detect/intel/searches-for.ts';
import { explainWeight, weigh } from '../detect/intel/weigh.ts';
import type { CallFrom } from '../ingest/call-from.ts';
import type { AuditActor } from '../store/audit-entry.ts';
import { ApiError, unary } from './grpc-status.ts';
import { describeReport, importIntel } from './import-intel.ts';
import { clampLimit } from './limits.ts';

/** Looked at for one page, some 20 ms: a filter that few pass gives pages with nothing on them. */
const LOOKED_AT_MAX = 20_000;
const RETRO_SHOWN_MAX = 20;
const RUNS_LOOKED_AT_MAX = 1_000;

/** What reading takes. */
export type IntelReading = Pick<IntelServiceParts, 'library' | 'nowUs'>;

export interface IntelServiceParts {
  library: IntelLibrary;
  records: Pick<IntelRecords, 'runs' | 'retroJobs'>;
  retro: Pick<RetroMatch, 'current'>;
  nowUs: () => number;
  /** Who calls from an address: for the audit log. */
  actor: (from: CallFrom) => AuditActor;
  failed: (error: unknown) => void;
}

/** Callers are consoles: authorisation is done before. */
export function intelHandlers(parts: IntelServiceParts): UntypedServiceImplementation {
  const { failed } = parts;
  return {
    importIntel: importIntel(parts),
    listIntel: unary(async (request: ListIntelRequest) => listIntel(parts, request), failed),
    lookupIntel: unary(async (request: LookupIntelRequest) => lookupIntel(parts, request), failed),
    listIntelSources: unary(() => listSources(parts), failed),
    removeIntel: unary((request: RemoveIntelRequest, from) => removeIntel(parts, request, parts.actor(from)), failed),
  };
}

/** One page, in the order of the index. Throws ApiError. */
export function listIntel({ library, nowUs }: IntelReading, request: ListIntelRequest): ListIntelResponse {
  const { source = '', kind = '', after = '' } = request;
  if (kind !== '' && !INDICATOR_KINDS.some((known) => known === kind)) {
    throw new ApiError('invalid', `there is no kind "${kind}"${suggest(kind, INDICATOR_KINDS)}`);
  }
  if (source !== '' && !library.source(source)) {
    const names = library.sources.map(({ name }) => name);
    throw new ApiError('not_found', `there is no source "${source}"${suggest(source, names)}`);
  }
  const [version, place] = after === '' ? [library.version, 0] : after.split(':').map(Number);
  if (version !== library.version || place === undefined || !Number.isSafeInteger(place) || place < 0) {
    throw new ApiError('invalid', 'the indicators have changed meanwhile; list them again from the start');
  }
  const { index } = library;
  const limit = clampLimit(request.limit);
  const indicators: IntelIndicator[] = [];
  let looked = 0;
  for (const entry of index.entriesFrom(place)) {
    if (indicators.length === limit || looked === LOOKED_AT_MAX) return { indicators, next: `${version}:${entry}` };
    looked++;
    const value = index.value(entry);
    if (kind !== '' && value.kind !== kind) continue;
    const claims = current(index, entry, nowUs());
    if (source !== '' && !claims.some((claim) => claim.source === source)) continue;
    const described = describe(value, claims);
    if (described) indicators.push(described);
  }
  return { indicators, next: '' };
}

/** What covers a value. Throws ApiError where it is none. */
export function lookupIntel({ library, nowUs }: IntelReading, request: LookupIntelRequest): LookupIntelResponse {
  const value = readValue(request.value ?? '');
  const { index } = library;
  const indicators = Array.from(index.findAll(value)).flatMap((entry) => {
    const found = index.value(entry);
    const isAbove = found.kind === 'domain' && found.value !== value.value;
    const claims = current(index, entry, nowUs()).filter(({ subdomains }) => subdomains || !isAbove);
    return describe(found, claims) ?? [];
  });
  const withdrawn = library.withdrawals(value);
  return { ...value, indicators, withdrawn, searches: searchesFor(value).map((filters) => ({ filters })) };
}

async function listSources(parts: IntelServiceParts): Promise<ListIntelSourcesResponse> {
  const { library, records, retro } = parts;
  const runs = await records.runs(RUNS_LOOKED_AT_MAX);
  const jobs = await records.retroJobs(RETRO_SHOWN_MAX);
  return {
    sources: library.sources.map((source) =>
      describeSource(
        source,
        runs.find((run) => run.source === source.name),
      ),
    ),
    indicators: library.index.size,
    bytes: library.index.bytes,
    retro: jobs.map((job) => describeRetro(job.id === retro.current?.id ? retro.current : job)),
  };
}

async function removeIntel(
  { library }: IntelServiceParts,
  { source = '', value: raw = '', undo = false }: RemoveIntelRequest,
  by: AuditActor,
): Promise<RemoveIntelResponse> {
  if (raw === '') {
    if (source === '' || undo) throw new ApiError('invalid', 'name a value, or a source to be removed whole');
    return { removed: await library.removeSource(source, by) };
  }
  const value = readValue(raw);
  if (undo) await library.restore(value, source, by);
  else await library.withdraw(value, source, by);
  return { ...value, removed: undo ? 0 : 1 };
}

function readValue(raw: string): IndicatorValue {
  const found = normalise(raw);
  if (!('refused' in found)) return { kind: found.kind, value: found.value };
  throw new ApiError(
    'invalid',
    `"${raw.slice(0, 100)}" is ${found.refused}; write an address, a network, a domain, a URL, a digest or ADDRESS:PORT`,
  );
}

function current(index: IntelIndex, entry: number, nowUs: number): Claim[] {
  return index.claims(entry).filter(({ untilUs }) => untilUs === undefined || nowUs < untilUs);
}

function describe(value: IndicatorValue, claims: readonly Claim[]): IntelIndicator | undefined {
  const weighed = weigh(claims);
  if (!weighed) return undefined;
  const { confidence, tlp } = weighed;
  return {
    ...value,
    confidence,
    tlp,
    weighed: explainWeight(weighed),
    claims: claims.map(
      ({ techniques, tactics, untilUs = 0, ...claim }): IntelClaim => ({
        ...claim,
        untilUs,
        techniques: [...techniques],
        tactics: [...tactics],
      }),
    ),
  };
}

function describeSource(source: IntelSource, run: IntelRun | undefined): IntelSourceMessage {
  const { name, confidence, tlp, format, url, everySeconds, indicators, failure, failures } = source;
  return {
    name,
    confidence,
    tlp,
    format,
    url,
    everySeconds,
    indicators,
    failure,
    failures,
    importedAtUs: source.importedAtUs ?? 0,
    checkedAtUs: source.checkedAtUs ?? 0,
    nextAtUs: url ? nextAtUs(source) : 0,
    last: run && describeReport({ ...run, indicators, fresh: 0 }),
  };
}

function describeRetro({ id: _, ...job }: RetroJob): IntelRetro {
  return job;
}

/** What `status` says of sources that fail. */
export function intelNotices(library: Pick<IntelLibrary, 'sources'>): string[] {
  return library.sources
    .filter(({ failures }) => failures > 0)
    .map(({ name, failure, failures, indicators }) => {
      const kept = indicators > 0 ? `; its last ${indicators} indicators stand` : '';
      return `indicators of "${name}" could not be fetched (${failures} in a row): ${failure}${kept}`;
    });
}
