// All sources and what they say: imports, removals, and the index that follows from them.
//
// Invariants: changes happen one after another (#turns). What a change makes is stored in one transaction before the index that
// follows from it is made, and every thread has the new index before the change is answered. A crash in between is made good by the
// next start, which makes the index of what is stored. What other collectors of the store changed is taken in before a change of
// this one is looked at, and whenever `takeIn` is called.
import { sha256 } from '@threatguard/proto';
import type { AuditActor } from '../../store/audit-entry.ts';
import { Turns } from '../../turns.ts';
import { FeedError, INDICATORS_MAX } from './feed-report.ts';
import type { IndicatorValue, Tlp } from './indicator.ts';
import { KeyWriter } from './indicator-key.ts';
import { IntelError } from './intel-error.ts';
import { type IndexBuffers, IntelIndex } from './intel-index.ts';
import type { IntelJobs } from './intel-jobs.ts';
import { type IntelRecords, type IntelRun, type IntelSource, newSource, type WithdrawnValue } from './intel-records.ts';
import type { ReadResult } from './intel-work.ts';
import type { FeedOptions } from './read-feed.ts';

const SOURCES_MAX = 256;
const SOURCE_NAME = /^[\p{L}\p{N}][\p{L}\p{N} ._:/@-]{0,63}$/u;
/** Changes that wait for those before them; each may hold a whole feed. */
const WAITING_MAX = 4;
/** An import that others come before is read anew so often. */
const ATTEMPTS_MAX = 3;
const DAY_US = 86_400_000_000;

export interface IntelLibraryParts {
  records: IntelRecords;
  jobs: IntelJobs;
  nowUs: () => number;
  /** How many days of stored events are held against new values; none for 0. */
  retroDays: number;
  /** Resolves when every thread looks into it. */
  useIndex: (buffers: IndexBuffers) => Promise<void>;
  /** Stored events are to be held against new values. */
  retroAdded: () => void;
}

export interface ImportRequest {
  source: string;
  bytes: Uint8Array;
  options: FeedOptions;
  confidence?: number | undefined;
  tlp?: Tlp | undefined;
  expiresSeconds?: number | undefined;
  replace: boolean;
  dryRun: boolean;
  /** Where it was fetched from by the collector's own schedule. */
  origin?: { url: string; everySeconds: number; etag: string; lastModified: string } | undefined;
}

export interface ImportReport extends IntelRun {
  indicators: number;
  fresh: number;
}

export class IntelLibrary {
  index = new IntelIndex();
  /** Counts the indexes there were: whoever goes through one in parts knows when it is another. */
  version = 0;
  readonly #parts: IntelLibraryParts;
  #sources = new Map<string, IntelSource>();
  #withdrawn: WithdrawnValue[] = [];
  /** The fingerprint of what threads look into. */
  #indexed: string;
  readonly #turns = new Turns();
  #waiting = 0;

  private constructor(parts: IntelLibraryParts) {
    this.#parts = parts;
    this.#indexed = this.#fingerprint();
  }

  static async load(parts: IntelLibraryParts): Promise<IntelLibrary> {
    const library = new IntelLibrary(parts);
    for (const source of await parts.records.sources()) library.#sources.set(source.name, source);
    library.#withdrawn = await parts.records.withdrawn();
    if ([...library.#sources.values()].some(({ indicators }) => indicators > 0)) await library.#rebuild();
    library.#indexed = library.#fingerprint();
    return library;
  }

  get sources(): IntelSource[] {
    return [...this.#sources.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  source(name: string): IntelSource | undefined {
    return this.#sources.get(name);
  }

  /** Why a value is out, with the names of its sources; none where it is not. */
  withdrawals(value: IndicatorValue): { source: string; atUs: number; by: string }[] {
    const key = keyBytes(value);
    return this.#withdrawn
      .filter((each) => Buffer.compare(each.key, key) === 0)
      .map(({ source, atUs, by }) => ({ source: source === 0 ? '' : this.#nameOf(source), atUs, by }));
  }

  /** Throws FeedError and IntelError; then nothing has changed, as where the signal fires before it is stored. */
  import(request: ImportRequest, by: AuditActor, signal?: AbortSignal): Promise<ImportReport> {
    return this.#inTurn(async () => {
      for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt++) {
        await this.#catchUp();
        const report = await this.#import(request, by, signal);
        if (report) return report;
      }
      throw new IntelError('busy', `others import "${request.source}" at the same time; try again`);
    });
  }

  /** Takes in what other collectors of the store changed. Resolves when every thread looks into the index of it. */
  takeIn(): Promise<void> {
    return this.#turns.next(() => this.#catchUp());
  }

  /** What a schedule knows of a source beside its indicators. */
  note(name: string, change: Partial<IntelSource>): Promise<void> {
    return this.#inTurn(async () => {
      await this.#catchUp();
      const known = this.#sources.get(name);
      const source = { ...(known ?? newSource(name, this.#parts.nowUs())), ...change };
      const id = await this.#parts.records.saveSource(source);
      this.#sources.set(name, { ...source, id });
      const isWorthOther = known && (known.confidence !== source.confidence || known.tlp !== source.tlp);
      if (isWorthOther && source.indicators > 0) await this.#rebuild();
    });
  }

  removeSource(name: string, by: AuditActor): Promise<number> {
    return this.#inTurn(async () => {
      await this.#catchUp();
      const source = this.#known(name);
      if (source.url) {
        throw new IntelError(
          'scheduled',
          `"${name}" is fetched by the collector: take it out of intel.sources in collector.yaml`,
        );
      }
      await this.#parts.records.removeSource(source, this.#parts.nowUs(), by);
      this.#sources.delete(name);
      this.#withdrawn = this.#withdrawn.filter((each) => each.source !== source.id);
      await this.#rebuild();
      return source.indicators;
    });
  }

  /** Takes a value out, of one source or of all; it stays out, whatever they say later. */
  withdraw(value: IndicatorValue, source: string, by: AuditActor): Promise<void> {
    return this.#inTurn(async () => {
      await this.#catchUp();
      const id = source === '' ? 0 : this.#known(source).id;
      const entry = this.index.findValue(value);
      const said = entry < 0 ? [] : this.index.claims(entry);
      if (!said.some((claim) => source === '' || claim.source === source)) {
        const whose = source === '' ? 'no source says' : `"${source}" does not say`;
        throw new IntelError('not_found', `${whose} anything of ${value.value}`);
      }
      const what = { key: keyBytes(value), source: id, atUs: this.#parts.nowUs(), by: by.id || by.kind };
      await this.#parts.records.withdraw(what, value.value, by);
      this.#withdrawn = await this.#parts.records.withdrawn();
      await this.#rebuild();
    });
  }

  restore(value: IndicatorValue, source: string, by: AuditActor): Promise<void> {
    return this.#inTurn(async () => {
      await this.#catchUp();
      const id = source === '' ? 0 : this.#known(source).id;
      const { records, nowUs } = this.#parts;
      if (!(await records.restore({ key: keyBytes(value), source: id }, value.value, nowUs(), by))) {
        throw new IntelError(
          'not_found',
          `${value.value} was not taken out${source ? ` of "${source}"` : ' of all sources'}`,
        );
      }
      this.#withdrawn = await records.withdrawn();
      await this.#rebuild();
    });
  }

  /** Leaves out what has ended since the index was made. */
  forgetEnded(): Promise<void> {
    const { firstEndSeconds } = this.index.buffers;
    if (firstEndSeconds === 0 || firstEndSeconds * 1e6 > this.#parts.nowUs()) return Promise.resolve();
    return this.#inTurn(() => this.#rebuild());
  }

  /** Undefined where another collector imported the source meanwhile. */
  async #import(request: ImportRequest, by: AuditActor, signal?: AbortSignal): Promise<ImportReport | undefined> {
    const { records, jobs, nowUs, retroDays } = this.#parts;
    const startedAtUs = nowUs();
    const known = this.#sources.get(request.source);
    this.#checkSource(request, known);
    const before = request.replace || !known ? [] : await records.chunks(known.id);
    const read = await jobs.read(
      {
        bytes: request.bytes,
        options: request.options,
        source: request.source,
        index: this.index.buffers,
        before,
        nowUs: startedAtUs,
        endsAtUs: request.expiresSeconds ? startedAtUs + request.expiresSeconds * 1e6 : undefined,
      },
      signal,
    );
    signal?.throwIfAborted();
    refuseUseless(read, request.origin !== undefined);
    const others = this.sources.reduce((sum, each) => sum + (each.name === request.source ? 0 : each.indicators), 0);
    if (others + read.count > INDICATORS_MAX) {
      throw new FeedError(
        'too_large',
        `with the ${others} of other sources it would be more than ${INDICATORS_MAX} indicators`,
      );
    }
    const endedAtUs = nowUs();
    const { format, counts, refusals } = read;
    const run: IntelRun = {
      source: request.source,
      by: by.id || by.kind,
      startedAtUs,
      endedAtUs,
      format,
      counts,
      refusals,
    };
    const searched = retroDays > 0 ? read.freshCount : 0;
    const report = { ...run, indicators: read.count, fresh: searched };
    if (request.dryRun) return report;
    const source: IntelSource = {
      ...(known ?? newSource(request.source, startedAtUs)),
      ...(request.confidence !== undefined && { confidence: request.confidence }),
      ...(request.tlp !== undefined && { tlp: request.tlp }),
      ...(request.origin && { ...request.origin, checkedAtUs: endedAtUs }),
      format,
      indicators: read.count,
      importedAtUs: endedAtUs,
      failure: '',
      failures: 0,
    };
    const fromUs = startedAtUs - retroDays * DAY_US;
    const job = { fromUs, doneUntilUs: fromUs, scanned: 0, hits: 0, searched: 0, state: 'waiting' as const };
    const retro = searched > 0 && {
      job: { ...job, source: source.name, madeAtUs: nowUs(), values: read.freshCount },
      chunks: read.fresh,
    };
    const change = { chunks: read.chunks, run, retro: retro || undefined, importedBeforeUs: known?.importedAtUs };
    const id = await records.replace(source, change, by);
    if (id === undefined) return undefined;
    this.#sources.set(source.name, { ...source, id });
    await this.#rebuild();
    if (retro) this.#parts.retroAdded();
    return report;
  }

  #checkSource({ source: name, origin }: ImportRequest, known: IntelSource | undefined): void {
    if (!SOURCE_NAME.test(name)) {
      throw new IntelError(
        'invalid',
        'a source is named by up to 64 letters, digits, spaces and ._:/@-, the first a letter or digit',
      );
    }
    if (known?.url && !origin) {
      throw new IntelError(
        'scheduled',
        `"${name}" is what the collector fetches from ${known.url}; name another source`,
      );
    }
    if (!known && this.#sources.size >= SOURCES_MAX) {
      throw new IntelError('full', `there are ${SOURCES_MAX} sources already; remove one first`);
    }
  }

  async #rebuild(): Promise<void> {
    const { records, jobs, nowUs, useIndex } = this.#parts;
    const made = this.#fingerprint();
    const sources = [];
    for (const { id, name, confidence, tlp } of this.#sources.values()) {
      sources.push({ id, about: { name, confidence, tlp }, chunks: await records.chunks(id) });
    }
    const buffers = await jobs.build({ sources, nowUs: nowUs(), withdrawn: this.#withdrawn });
    this.index = new IntelIndex(buffers);
    this.version++;
    await useIndex(buffers);
    this.#indexed = made;
  }

  async #catchUp(): Promise<void> {
    const { records } = this.#parts;
    this.#sources = new Map((await records.sources()).map((source) => [source.name, source]));
    this.#withdrawn = await records.withdrawn();
    if (this.#fingerprint() !== this.#indexed) await this.#rebuild();
  }

  /** Of what the index is made of. */
  #fingerprint(): string {
    const sources = this.sources.map(({ id, name, confidence, tlp, indicators, importedAtUs }) => {
      return [id, name, confidence, tlp, indicators, importedAtUs];
    });
    const withdrawn = this.#withdrawn.map(({ key, source }) => `${Buffer.from(key).toString('base64')} ${source}`);
    return sha256(Buffer.from(JSON.stringify([sources, withdrawn.sort()]))).toString('hex');
  }

  #known(name: string): IntelSource {
    const source = this.#sources.get(name);
    if (!source)
      throw new IntelError('not_found', `there is no source "${name}"; threatguard intel sources shows them all`);
    return source;
  }

  #nameOf(id: number): string {
    return this.sources.find((source) => source.id === id)?.name ?? '';
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    if (this.#waiting >= WAITING_MAX) {
      return Promise.reject(new IntelError('busy', 'other imports are under way; try again in a while'));
    }
    this.#waiting++;
    return this.#turns.next(work).finally(() => this.#waiting--);
  }
}

/** A list that has become empty is taken from a server that is asked again and again; one that nobody understands never. */
function refuseUseless({ counts, refusals }: ReadResult, isFetched: boolean): void {
  if (counts.taken > 0 || (isFetched && refusals.length === 0)) return;
  const because = refusals.slice(0, 3).map(({ reason, count, example }) => `${count} ${reason} (${example})`);
  const why = because.length > 0 ? `all entries are refused: ${because.join('; ')}` : 'there are no entries';
  throw new FeedError('format', `no indicator can be used, so nothing was changed; ${why}`);
}

function keyBytes(value: IndicatorValue): Uint8Array {
  const keys = new KeyWriter();
  keys.write(value);
  return keys.bytes.slice(0, keys.length);
}
