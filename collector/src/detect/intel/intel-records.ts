// What of indicators is kept, and who keeps it: the store does (store/intel-store.ts).
import type { AuditActor } from '../../store/audit-entry.ts';
import type { FeedRefusal } from './feed-report.ts';
import { CONFIDENCE_DEFAULT, TLP_DEFAULT, type Tlp } from './indicator.ts';
import type { ImportCounts, Withdrawn } from './intel-work.ts';

export interface IntelSource {
  id: number;
  name: string;
  /** What it is worth where it does not say. */
  confidence: number;
  tlp: Tlp;
  /** Of its last import. */
  format: string;
  /** Empty where people import it. */
  url: string;
  /** 0 where people import it. */
  everySeconds: number;
  indicators: number;
  addedAtUs: number;
  /** The last import that was good; undefined before the first. */
  importedAtUs: number | undefined;
  /** When its URL was last asked; undefined before. */
  checkedAtUs: number | undefined;
  etag: string;
  lastModified: string;
  /** Why the last attempt failed; empty where it did not. */
  failure: string;
  /** Attempts since the last good one. */
  failures: number;
}

/** One that nothing is known of yet. */
export function newSource(name: string, addedAtUs: number): IntelSource {
  return {
    id: 0,
    name,
    confidence: CONFIDENCE_DEFAULT,
    tlp: TLP_DEFAULT,
    format: '',
    url: '',
    everySeconds: 0,
    indicators: 0,
    addedAtUs,
    importedAtUs: undefined,
    checkedAtUs: undefined,
    etag: '',
    lastModified: '',
    failure: '',
    failures: 0,
  };
}

/** One import, as it is kept and shown. */
export interface IntelRun {
  source: string;
  by: string;
  startedAtUs: number;
  endedAtUs: number;
  format: string;
  counts: ImportCounts;
  refusals: readonly FeedRefusal[];
}

export interface WithdrawnValue extends Withdrawn {
  atUs: number;
  by: string;
}

/** Stored events that are to be held against values that are new. */
export interface RetroJob {
  id: number;
  source: string;
  madeAtUs: number;
  /** Events from here on, and what was received until it was made. */
  fromUs: number;
  /** Events up to here were looked at; the first that was not, where it is under way. */
  doneUntilUs: number;
  values: number;
  scanned: number;
  hits: number;
  /** Of few values, each of which is searched for by itself: how many were. */
  searched: number;
  state: 'waiting' | 'running' | 'done';
}

export interface IntelRecords {
  sources(): Promise<IntelSource[]>;
  /** Compressed records of a source, as RecordWriter makes them. */
  chunks(owner: number): Promise<Uint8Array[]>;
  /** Makes the source where it has none yet (`id` 0), or changes what is said of it; gives its number. */
  saveSource(source: IntelSource): Promise<number>;
  /**
   * All in one transaction: what the source says from now on, the run, its entry in the audit log, and the stored events to be
   * looked through, where any are. Gives the number of the source, made where there was none; undefined, and nothing done,
   * where another collector imported it since `importedBeforeUs`.
   */
  replace(
    source: IntelSource,
    change: {
      chunks: readonly Uint8Array[];
      run: IntelRun;
      retro: { job: Omit<RetroJob, 'id'>; chunks: readonly Uint8Array[] } | undefined;
      /** Of what it was decided on; undefined where there was no import. */
      importedBeforeUs: number | undefined;
    },
    by: AuditActor,
  ): Promise<number | undefined>;
  removeSource(source: IntelSource, atUs: number, by: AuditActor): Promise<void>;
  runs(limit: number): Promise<IntelRun[]>;
  withdrawn(): Promise<WithdrawnValue[]>;
  withdraw(what: WithdrawnValue, value: string, by: AuditActor): Promise<void>;
  restore(what: Withdrawn, value: string, atUs: number, by: AuditActor): Promise<boolean>;
  /** Newest first. */
  retroJobs(limit: number): Promise<RetroJob[]>;
  saveRetro(job: RetroJob): Promise<void>;
  /** A job that is done leaves its numbers, and no values. */
  endRetro(job: RetroJob): Promise<void>;
}

/** Chunks of a job stand beside those of sources. */
export function retroOwner(job: Pick<RetroJob, 'id'>): number {
  return -job.id;
}
