import type { VerifiedHeader } from '../envelope/index.ts';
import type { Alert, Loss } from '../v1.ts';
import type { Finding } from './findings.ts';
import type { AgentKeys } from './trust.ts';

/** Sensors and reasons are named by the host. */
const LOSS_KINDS_MAX = 1000;

/** What one erasure took out of the envelopes of one agent, by the word of the collector. */
interface ErasureReport {
  id: string;
  atUs: number;
  /** The entry of the audit log that says why. */
  auditSequence: number;
  envelopes: number;
  events: number;
}

/** Whom the bundle tells of, and what of it was read. Times are those the host says, in microseconds. */
export interface AgentReport {
  id: string;
  /** The collector's word. */
  name: string;
  /** Whose signature and payload are what they were. */
  envelopes: number;
  events: number;
  firstEventAtUs: number;
  lastEventAtUs: number;
  /** Counted by the host in signed headers, by sensor and reason. */
  losses: Loss[];
  streams: number;
  /** Sequences that never reached the collector, and whose loss the host counted. */
  countedGaps: { stream: string; first: number; last: number }[];
  /** Envelopes that are in the tree and that retention removed before the export. */
  agedOut: number;
  /** Payloads that were erased on request: signature, digest and counts stayed, and were found to be right. */
  erasures: ErasureReport[];
  /** Where aged out envelopes are. */
  goneRuns: { stream: string; first: number; last: number }[];
  /** Where streams begin whose earlier envelopes had aged out before the tree was begun. */
  beginnings: { stream: string; first: number }[];
  /** When the collector recorded what the bundle holds: complete after the first, up to the second. */
  recordedFromUs: number;
  recordedToUs: number;
  /** Keys that the CA alone says are this agent's. */
  unsucceededKeys: number;
}

export interface HeadReport {
  number: number;
  digest: string;
  treeSize: number;
  root: string;
  signedAtUs: number;
  auditSequence: number;
  auditDigest: string;
}

/** What came out: proven where nothing was found wrong. */
export interface EvidenceReport {
  proven: boolean;
  findings: Finding[];
  /** Beyond those that are named. */
  findingsMore: number;
  records: number;
  bytes: number;
  scope: { alertId: string; agentId: string; fromUs: number; toUs: number; exportedAtUs: number; lateEntries: number };
  /** As the collector signed it; `agedOut` counts its events whose envelopes retention removed, `erased` those in erased payloads. */
  alert: { alert: Alert; agedOut: number; erased: number } | undefined;
  agents: AgentReport[];
  head: HeadReport | undefined;
  /** Heads that were kept elsewhere and that the tree has only grown since, by number. */
  headsHeld: number[];
  /** Of the CAs that were believed, hex. */
  authorities: string[];
}

export function emptyReport(keys: AgentKeys): AgentReport {
  return {
    id: keys.agentId,
    name: keys.name,
    envelopes: 0,
    events: 0,
    firstEventAtUs: 0,
    lastEventAtUs: 0,
    losses: [],
    streams: 0,
    countedGaps: [],
    agedOut: 0,
    erasures: [],
    goneRuns: [],
    beginnings: [],
    recordedFromUs: 0,
    recordedToUs: 0,
    unsucceededKeys: keys.unsucceeded,
  };
}

/** Adds up what the signed headers of one agent say. */
export class Tally {
  readonly #report: AgentReport;
  readonly #losses = new Map<string, Loss>();

  constructor(report: AgentReport) {
    this.#report = report;
  }

  count(header: VerifiedHeader, events: number): void {
    const report = this.#report;
    report.envelopes++;
    report.events += events;
    if (events > 0) {
      report.firstEventAtUs = Math.min(report.firstEventAtUs || header.firstEventAtUs, header.firstEventAtUs);
      report.lastEventAtUs = Math.max(report.lastEventAtUs, header.lastEventAtUs);
    }
    for (const loss of header.losses) this.#countLoss(loss);
  }

  /** What a header says beside its payload, where that was erased. */
  countErased(header: VerifiedHeader): void {
    for (const loss of header.losses) this.#countLoss(loss);
  }

  losses(): Loss[] {
    return [...this.#losses.values()];
  }

  #countLoss(loss: Loss): void {
    const key = `${loss.sensor} ${loss.reason}`;
    const known = this.#losses.get(key);
    if (!known && this.#losses.size >= LOSS_KINDS_MAX) return;
    this.#losses.set(key, {
      sensor: loss.sensor,
      reason: loss.reason,
      count: Math.min((known?.count ?? 0) + (loss.count ?? 0), Number.MAX_SAFE_INTEGER),
      firstAtUs: Math.min(known?.firstAtUs ?? loss.firstAtUs ?? 0, loss.firstAtUs ?? 0),
      lastAtUs: Math.max(known?.lastAtUs ?? 0, loss.lastAtUs ?? 0),
    });
  }
}
