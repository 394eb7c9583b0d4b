// The entries of one agent, one after another: in the tree, in order, and their runs and envelopes with them.
//
// Invariants: #entry is the last one taken, #run the run of it whose envelopes come; a run is judged when the next record is
// no envelope. Envelopes are verified before anything in them is believed.
import { NO_PREVIOUS_DIGEST, type VerifiedHeader } from '../envelope/index.ts';
import { sha256 } from '../signature.ts';
import type { BundleEnvelope, BundleRun, HostEvent } from '../v1.ts';
import type { CheckedEntry } from './entry-check.ts';
import { openPayload, verifySigned } from './envelope-check.ts';
import type { Findings } from './findings.ts';
import { verifyInclusion } from './merkle.ts';
import { type AgentReport, emptyReport, Tally } from './report.ts';
import { type CheckedRun, RunCheck } from './run-check.ts';
import { StreamWalk } from './stream-walk.ts';
import type { AgentKeys } from './trust.ts';

/** As many as an agent can have at the collector. */
const STREAMS_MAX = 1000;
const COUNTED_GAPS_MAX = 100;
const GONE_RUNS_MAX = 10_000;
/** Erasures of one agent that are told one by one. */
const ERASURES_MAX = 1000;

export interface WalkParts {
  keys: AgentKeys;
  findings: Findings;
  tree: { size: number; root: Uint8Array };
  /** The newest entry of the audit log that the head knows. */
  auditSequence: number;
  /** The bundle is of this agent and a span of time: nothing may be left out. */
  complete: { fromUs: number; toUs: number } | undefined;
  exportedAtUs: number;
  /** Received before it, envelopes may have aged out. */
  keptFromUs: number;
  opened: (envelope: OpenedEvidence) => void;
  /** An envelope whose payload was erased on request. */
  erased: (envelope: Pick<OpenedEvidence, 'agentId' | 'header'>) => void;
}

/** An envelope whose signature, payload and place were found to be right. */
export interface OpenedEvidence {
  agentId: string;
  agentName: string;
  header: VerifiedHeader;
  events: HostEvent[];
}

/** With the index of the first run that may be spoken of next. */
type Entry = CheckedEntry & { nextRun: number };

export class AgentWalk {
  readonly #parts: WalkParts;
  readonly #streams = new Map<string, StreamWalk>();
  readonly #tally: Tally;
  #entry: Entry | undefined;
  #first: Entry | undefined;
  #run: RunCheck | undefined;
  readonly report: AgentReport;

  constructor(parts: WalkParts) {
    this.#parts = parts;
    this.report = emptyReport(parts.keys);
    this.#tally = new Tally(this.report);
  }

  get #who(): string {
    return `agent ${this.#parts.keys.agentId}`;
  }

  takeEntry(checked: CheckedEntry, proof: readonly Uint8Array[]): void {
    this.#closeEntry();
    const { findings, tree, complete, exportedAtUs } = this.#parts;
    const entry = { ...checked, nextRun: 0 };
    if (!verifyInclusion({ leaf: entry.digest, index: entry.index, size: tree.size, proof, root: tree.root })) {
      findings.add('entry_not_included', `entry ${entry.number} of ${this.#who} is not in the tree of the head`);
    }
    this.#judgeOrder(entry);
    if (entry.boundary && (!complete || this.#entry)) {
      findings.add('record_out_of_place', `entry ${entry.number} of ${this.#who} cannot begin a range here`);
    }
    if (entry.recordedAtUs > exportedAtUs) {
      findings.add('entry_malformed', `entry ${entry.number} of ${this.#who} was recorded after the bundle was made`);
    }
    this.#first ??= entry;
    this.#entry = entry;
    for (const run of entry.boundary ? entry.runs : []) {
      this.#streamOf(run.streamId)?.advance(run.last, run.lastHeaderDigest);
    }
  }

  takeRun(stated: BundleRun): void {
    this.#closeRun();
    const { findings, complete, keptFromUs } = this.#parts;
    const entry = this.#entry;
    const index = stated.index ?? 0;
    const run = entry?.runs[index];
    if (!entry || !run || index < entry.nextRun || entry.boundary) {
      findings.add('record_out_of_place', `a run of ${this.#who} that its entry does not have`);
      return;
    }
    if (complete) this.#missRuns(entry, index);
    entry.nextRun = index + 1;
    const stream = this.#streamOf(run.streamId);
    if (stream && complete) this.#noteBeginning(stream, run);
    if (!stream?.begin(run.first, { fromStart: this.#fromStart }) && complete) {
      findings.add('entry_malformed', `${this.#name(run)} was recorded before`);
    }
    if (stated.gone) {
      const empty = !stated.included?.length && !stated.absent?.length;
      if (stated.gone !== 'aged_out' || !empty || run.lastReceivedAtUs >= keptFromUs) {
        findings.add('gone_too_early', `${this.#name(run)} is said to have aged out, and was received later than that`);
      }
      this.report.agedOut += run.last - run.first + 1;
      if (stream && this.report.goneRuns.length < GONE_RUNS_MAX) {
        this.report.goneRuns.push({ stream: stream.name, first: run.first, last: run.last });
      }
      stream?.advance(run.last, run.lastHeaderDigest);
      return;
    }
    this.#run = RunCheck.begin(run, stated);
    if (!this.#run) findings.add('record_malformed', `${this.#name(run)} names sequences it does not have`);
    else if (complete && !this.#run.whole) {
      findings.add('envelope_missing', `of ${this.#name(run)} only a part is in the bundle`);
    }
  }

  takeEnvelope(stated: BundleEnvelope): void {
    const { findings } = this.#parts;
    const check = this.#run;
    const sequence = check?.next;
    if (!check || sequence === undefined) {
      findings.add('envelope_unexpected', `an envelope of ${this.#who} that no run tells of`);
      return;
    }
    this.#skipAbsent(check, sequence);
    const headerBytes = stated.header ?? new Uint8Array();
    check.took(sequence, sha256(headerBytes));
    const stream = this.#streamOf(check.run.streamId);
    const where = `envelope ${sequence} of stream ${stream?.name ?? ''} of ${this.#who}`;
    const header = verifySigned(headerBytes, stated.signature ?? new Uint8Array(), {
      keys: this.#parts.keys,
      findings,
      where,
    });
    if (!header) {
      stream?.advance(sequence, undefined);
      return;
    }
    if (header.sequence !== sequence || Buffer.compare(header.streamId, check.run.streamId) !== 0) {
      findings.add('envelope_unexpected', `in the place of ${where} stands sequence ${header.sequence}`);
      stream?.advance(sequence, undefined);
      return;
    }
    if (!stream?.follows(header)) findings.add('chain_broken', `${where} does not name the header before it`);
    stream?.advance(sequence, header.headerDigest);
    stream?.count(header.losses);
    if (stated.erased) {
      this.#takeErased(header, stated, where);
      return;
    }
    const events = openPayload(header, stated.payload ?? new Uint8Array(), { findings, where });
    if (!events) return;
    this.#tally.count(header, events.length);
    this.#parts.opened({ agentId: this.report.id, agentName: this.report.name, header, events });
  }

  /** Its header is proven like any other; the payload was taken out, and the audit log that the head names says why. */
  #takeErased(header: VerifiedHeader, { payload, erased }: BundleEnvelope, where: string): void {
    const { findings, auditSequence, exportedAtUs } = this.#parts;
    const { atUs, erasureId: id, auditSequence: entry } = { atUs: 0, erasureId: '', auditSequence: 0, ...erased };
    const recorded = id && entry && entry <= auditSequence && atUs && atUs <= exportedAtUs;
    if (payload?.length || !recorded) {
      findings.add(
        'erasure_unrecorded',
        `the payload of ${where} is said to be erased, and no record of that can exist`,
      );
      return;
    }
    const { erasures } = this.report;
    const known = erasures.find((each) => each.id === id && each.auditSequence === entry);
    if (known) {
      known.envelopes++;
      known.events += header.eventCount;
    } else if (erasures.length < ERASURES_MAX) {
      erasures.push({ id, atUs, auditSequence: entry, envelopes: 1, events: header.eventCount });
    }
    this.#tally.countErased(header);
    this.#parts.erased({ agentId: this.report.id, header });
  }

  /** Judges what is judged at the end. */
  close(): AgentReport {
    this.#closeEntry();
    const { findings, complete, exportedAtUs } = this.#parts;
    const last = this.#entry;
    for (const stream of this.#streams.values()) {
      for (const gap of complete ? stream.gaps : []) {
        const named = { stream: stream.name, first: gap.first, last: gap.last };
        if (gap.counted && this.report.countedGaps.length < COUNTED_GAPS_MAX) this.report.countedGaps.push(named);
        if (gap.counted) continue;
        const which = `envelopes ${gap.first} to ${gap.last} of stream ${stream.name} of ${this.#who}`;
        findings.add('envelopes_never_recorded', `${which} were never recorded, and the host counted no loss for them`);
      }
    }
    if (complete) {
      const first = this.#first;
      if (!first || !last) findings.add('entries_missing', `no entry of ${this.#who} is in the bundle`);
      if (first && first.number !== 1 && !(first.boundary && first.recordedAtUs < complete.fromUs)) {
        findings.add(
          'range_begins_late',
          `entries of ${this.#who} before number ${first.number} may belong to the range`,
        );
      }
      const until = Math.min(complete.toUs || exportedAtUs, exportedAtUs);
      const early = last && last.recordedAtUs < until && (last.runs.length > 0 || last.boundary);
      if (last && (early || last.continued)) {
        findings.add('range_ends_early', `entries of ${this.#who} after number ${last.number} may belong to the range`);
      }
      this.report.recordedFromUs = first?.boundary ? first.recordedAtUs : 0;
      this.report.recordedToUs = last?.recordedAtUs ?? 0;
    }
    this.report.streams = this.#streams.size;
    this.report.losses = this.#tally.losses();
    return this.report;
  }

  /** Nothing of this agent can have aged out before its first entry: what is not there was never recorded. */
  get #fromStart(): boolean {
    const { complete, keys, exportedAtUs, keptFromUs } = this.#parts;
    if (!complete || this.#first?.number !== 1) return false;
    return keys.sinceUs > this.#first.recordedAtUs - (exportedAtUs - keptFromUs);
  }

  #noteBeginning(stream: StreamWalk, run: CheckedRun): void {
    const unknown = stream.lastSequence === undefined && run.first > 1 && this.#first?.number === 1 && !this.#fromStart;
    if (unknown && this.report.beginnings.length < COUNTED_GAPS_MAX) {
      this.report.beginnings.push({ stream: stream.name, first: run.first });
    }
  }

  #judgeOrder(entry: Entry): void {
    const { findings, complete } = this.#parts;
    const before = this.#entry;
    const follows = before !== undefined && entry.number === before.number + 1;
    if (before && (entry.number <= before.number || entry.index <= before.index)) {
      findings.add('entry_chain_broken', `entry ${entry.number} of ${this.#who} comes after ${before.number}`);
    } else if (before && complete && !follows) {
      const which = `entries ${before.number + 1} to ${entry.number - 1}`;
      findings.add('entries_missing', `${which} of ${this.#who} are left out`);
    }
    const previous = follows ? before.digest : entry.number === 1 ? NO_PREVIOUS_DIGEST : undefined;
    const broken = previous !== undefined && Buffer.compare(previous, entry.previousDigest) !== 0;
    if (broken || (before && entry.recordedAtUs < before.recordedAtUs)) {
      findings.add('entry_chain_broken', `entry ${entry.number} of ${this.#who} does not follow the one before it`);
    }
  }

  #skipAbsent(check: RunCheck, until: number): void {
    const stream = this.#streamOf(check.run.streamId);
    for (let at = (stream?.lastSequence ?? 0) + 1; at < until && check.absent.has(at); at++) {
      stream?.advance(at, check.absent.get(at));
    }
  }

  #closeRun(): void {
    const check = this.#run;
    this.#run = undefined;
    if (!check) return;
    const { findings } = this.#parts;
    for (const sequence of check.absent.keys()) {
      findings.add('envelope_missing', `envelope ${sequence} of ${this.#name(check.run)} was not to be had any more`);
    }
    if (check.left > 0) {
      findings.add(
        'envelope_missing',
        `${check.left} envelopes of ${this.#name(check.run)} from ${check.next} on are left out`,
      );
    } else if (!check.matches) {
      findings.add('run_mismatch', `the envelopes of ${this.#name(check.run)} are not those that the tree holds`);
    }
    this.#streamOf(check.run.streamId)?.advance(check.run.last, check.run.lastHeaderDigest);
  }

  #closeEntry(): void {
    this.#closeRun();
    if (this.#entry && this.#parts.complete && !this.#entry.boundary)
      this.#missRuns(this.#entry, this.#entry.runs.length);
  }

  /** Of a complete bundle every run is spoken of. */
  #missRuns(entry: Entry, until: number): void {
    for (const run of entry.runs.slice(entry.nextRun, until)) {
      this.#parts.findings.add('envelope_missing', `${this.#name(run)} is left out`);
    }
    entry.nextRun = Math.max(entry.nextRun, until);
  }

  #streamOf(streamId: Uint8Array): StreamWalk | undefined {
    const name = Buffer.from(streamId).toString('hex');
    const known = this.#streams.get(name);
    if (known || this.#streams.size >= STREAMS_MAX) return known;
    const walk = new StreamWalk(streamId);
    this.#streams.set(name, walk);
    return walk;
  }

  #name(run: CheckedRun): string {
    const stream = Buffer.from(run.streamId).toString('hex');
    return `${run.first} to ${run.last} of stream ${stream} of ${this.#who}`;
  }
}
