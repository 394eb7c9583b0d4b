// What a bundle proves, found out from nothing but its bytes and the fingerprint of the CA:
//
//   certificates   chain to that CA, over its successions and endorsements; agents' keys to the one before
//   head           signed by a collector; earlier heads are how its tree began; heads that were kept are among them
//   entries        in the tree of the head, numbered without a gap, each naming the one before
//   runs           the envelopes are those whose digests the entry holds; none left out of what is asked
//   envelopes      signed by a key certified for this agent when they were sealed; payload digest; digest chain
//   alert          signed by the collector; every event it names is there
//   end            signed by the collector, over every byte before it
//
// Order and bounds are held before anything is looked at; one record is in memory at a time. Findings do not end the reading.
import { createHash, type KeyObject } from 'node:crypto';
import { CLOCK_OFFSET_MS_MAX } from '../limits.ts';
import type { BundleAgent, BundleEntry, BundleStart } from '../v1.ts';
import { AgentWalk, type OpenedEvidence } from './agent-walk.ts';
import { AlertCheck } from './alert-check.ts';
import {
  BUNDLE_MAGIC,
  BUNDLE_VERSION,
  BundleError,
  type BundlePart,
  type BundleRecordKind,
  decodeRecord,
  readBundle,
} from './bundle-file.ts';
import { verifyEnd } from './end-check.ts';
import { checkEntry } from './entry-check.ts';
import { Findings } from './findings.ts';
import { HeadCheck, type KeptHead } from './head-check.ts';
import type { AgentReport, EvidenceReport } from './report.ts';
import { AgentKeys, Authorities } from './trust.ts';

const DAY_US = 86_400_000_000;
/** Agents of one alert. */
const AGENTS_MAX = 256;

/** What may come after what. */
const AFTER: Record<BundleRecordKind | 'nothing', readonly BundleRecordKind[]> = {
  nothing: ['start'],
  start: ['trustAnchors'],
  trustAnchors: ['head'],
  head: ['earlierHead', 'agent', 'alert', 'end'],
  earlierHead: ['earlierHead', 'agent', 'alert', 'end'],
  agent: ['agent', 'alert', 'entry', 'end'],
  alert: ['detection', 'entry', 'end'],
  detection: ['detection', 'entry', 'end'],
  entry: ['entry', 'run', 'end'],
  run: ['entry', 'run', 'envelope', 'end'],
  envelope: ['entry', 'run', 'envelope', 'end'],
  end: [],
};

export interface VerifyOptions {
  /**
   * SHA-256 of the SubjectPublicKeyInfo of the fleet's CA, hex; more where it was replaced. Without it the bundle's own word is
   * taken for whose it is: to look at it, not to prove anything.
   */
  caSha256: readonly string[] | undefined;
  /** Heads noted elsewhere. */
  heads?: readonly KeptHead[];
  nowUs: number;
  /** Told of every envelope that was found to be right. */
  opened?: (envelope: OpenedEvidence) => void;
}

/**
 * Reads a bundle to its end and says what is wrong with it. Throws BundleError where the file is no bundle, or one of a
 * version that is not known; nothing else, whatever the bytes.
 */
export async function verifyBundle(chunks: AsyncIterable<Uint8Array>, options: VerifyOptions): Promise<EvidenceReport> {
  const verifier = new BundleVerifier(options);
  for await (const item of readBundle(chunks)) {
    if (item.kind === 'record') verifier.take(item.record, item.frame);
    else verifier.broken(item.why);
  }
  return verifier.close();
}

class BundleVerifier {
  readonly #options: VerifyOptions;
  readonly #findings = new Findings();
  readonly #digest = createHash('sha256').update(BUNDLE_MAGIC);
  #records = 0;
  #bytes = BUNDLE_MAGIC.length;
  #last: BundleRecordKind | 'nothing' = 'nothing';
  #start: BundleStart = {};
  #authorities: Authorities | undefined;
  #head: HeadCheck | undefined;
  readonly #agents = new Map<string, AgentKeys>();
  /** Of agents whose entries have been read. */
  readonly #reports: AgentReport[] = [];
  #walk: AgentWalk | undefined;
  readonly #alert = new AlertCheck();
  #collectorKey: KeyObject | undefined;

  constructor(options: VerifyOptions) {
    this.#options = options;
  }

  take(record: Uint8Array, frame: Uint8Array): void {
    this.#bytes += frame.length;
    const part = decodeRecord(record);
    if (!part && this.#last === 'nothing')
      throw new BundleError('not_a_bundle', 'this file has no beginning of a bundle');
    if (this.#last === 'end') {
      this.#findings.add('bytes_after_end', 'there is something after the end of the bundle');
      return;
    }
    if (part?.kind !== 'end') {
      this.#digest.update(frame);
      this.#records++;
    }
    if (!part) {
      this.#findings.add('record_malformed', `record ${this.#records} of the bundle is not one`);
      return;
    }
    if (!AFTER[this.#last].includes(part.kind)) {
      this.#findings.add(
        'record_out_of_place',
        `record ${this.#records} (${part.kind}) may not come after ${this.#last}`,
      );
      if (part.kind !== 'end') return;
    }
    this.#last = part.kind;
    // Of another fleet: nothing it says can be held against anything.
    if (this.#authorities?.fingerprints.length !== 0) this.#read(part);
  }

  broken(why: 'truncated' | 'oversized'): void {
    if (this.#last === 'end') this.#findings.add('bytes_after_end', 'there is something after the end of the bundle');
    else if (why === 'truncated') this.#findings.add('bundle_truncated', 'the file ends within a record');
    else this.#findings.add('record_malformed', 'a record claims more bytes than one may have');
  }

  close(): EvidenceReport {
    this.#closeWalk();
    const findings = this.#findings;
    if (this.#last === 'nothing') throw new BundleError('not_a_bundle', 'this file has no beginning of a bundle');
    if (this.#last !== 'end') findings.add('bundle_truncated', 'the bundle has no end: records are missing');
    const start = this.#start;
    const scope = {
      alertId: start.alertId ?? '',
      agentId: start.agentId ?? '',
      fromUs: start.fromUs ?? 0,
      toUs: start.toUs ?? 0,
      exportedAtUs: start.exportedAtUs ?? 0,
      lateEntries: start.lateEntries ?? 0,
    };
    if (this.#head && scope.agentId && !this.#reports.some(({ id }) => id === scope.agentId)) {
      findings.add('entries_missing', `no entry of agent ${scope.agentId} is in the bundle`);
    }
    const alertId = this.#head ? scope.alertId : '';
    const expected = { alertId, key: this.#collectorKey, agents: this.#reports };
    const alert = alertId ? this.#alert.close(expected, findings) : undefined;
    const headsHeld = this.#head?.hold(this.#options.heads ?? []) ?? [];
    return {
      proven: findings.none,
      findings: findings.named,
      findingsMore: findings.more,
      records: this.#records,
      bytes: this.#bytes,
      scope,
      alert,
      agents: this.#reports,
      head: this.#head?.report(),
      headsHeld,
      authorities: this.#authorities?.fingerprints ?? [],
    };
  }

  #read(part: BundlePart): void {
    const findings = this.#findings;
    const authorities = this.#authorities;
    if (part.kind === 'start') this.#begin(part.value);
    if (part.kind === 'trustAnchors') {
      this.#authorities = new Authorities(part.value, this.#options.caSha256, findings);
    }
    if (part.kind === 'head') this.#head = authorities && HeadCheck.begin(part.value, authorities, findings);
    if (part.kind === 'earlierHead') this.#head?.takeEarlier(part.value);
    if (part.kind === 'agent') this.#addAgent(part.value);
    if (part.kind === 'alert') this.#alert.takeAlert(part.value);
    if (part.kind === 'detection') this.#alert.takeDetection(part.value, findings);
    if (part.kind === 'entry') this.#takeEntry(part.value);
    if (part.kind === 'run') this.#walk?.takeRun(part.value);
    if (part.kind === 'envelope') this.#walk?.takeEnvelope(part.value);
    if (part.kind === 'end' && authorities) {
      const signed = { records: this.#records, digest: this.#digest.digest(), headDigest: this.#head?.head.digest };
      this.#collectorKey = verifyEnd(part.value, signed, { authorities, findings });
    }
  }

  #begin(start: BundleStart): void {
    this.#start = start;
    if (start.version !== BUNDLE_VERSION) {
      const text = `the bundle is of version ${start.version ?? 0}, this program knows ${BUNDLE_VERSION}: use a newer one`;
      throw new BundleError('version_unsupported', text);
    }
    const { alertId, agentId, exportedAtUs } = start;
    const future = (exportedAtUs ?? 0) > this.#options.nowUs + CLOCK_OFFSET_MS_MAX * 1000;
    if (Boolean(alertId) === Boolean(agentId) || !exportedAtUs || future) {
      this.#findings.add('record_malformed', 'the bundle does not say what it is of, or was made in the future');
    }
  }

  #addAgent(stated: BundleAgent): void {
    const id = stated.agentId ?? '';
    if (!this.#authorities || this.#agents.has(id) || this.#agents.size >= AGENTS_MAX) {
      this.#findings.add('record_out_of_place', 'an agent more than once, or more agents than a bundle has');
      return;
    }
    this.#agents.set(id, new AgentKeys(stated, this.#authorities, this.#findings));
  }

  #takeEntry(stated: BundleEntry): void {
    const entry = checkEntry(stated);
    if (!entry) {
      this.#closeWalk();
      this.#findings.add('entry_malformed', 'an entry of the tree is not one');
      return;
    }
    if (this.#walk?.report.id !== entry.agentId) this.#openWalk(entry.agentId);
    this.#walk?.takeEntry(entry, stated.inclusion ?? []);
  }

  #openWalk(agentId: string): void {
    this.#closeWalk();
    const { agentId: only, fromUs, toUs, exportedAtUs, evidenceDays } = this.#start;
    const keys = this.#agents.get(agentId);
    const head = this.#head?.head;
    const before = this.#reports.some(({ id }) => id === agentId);
    if (!keys || !head) {
      this.#findings.add('agent_missing', `nothing is said of agent ${agentId}, whose envelopes are in the bundle`);
    } else if (before || (only && only !== agentId)) {
      this.#findings.add('record_out_of_place', `entries of agent ${agentId} stand where they may not`);
    } else {
      const madeAtUs = exportedAtUs ?? 0;
      this.#walk = new AgentWalk({
        keys,
        findings: this.#findings,
        tree: { size: head.treeSize, root: head.root },
        auditSequence: head.auditSequence,
        complete: only ? { fromUs: fromUs ?? 0, toUs: toUs ?? 0 } : undefined,
        exportedAtUs: madeAtUs,
        keptFromUs: madeAtUs - (evidenceDays ?? 0) * DAY_US,
        opened: (envelope) => {
          this.#alert.opened(envelope);
          this.#options.opened?.(envelope);
        },
        erased: (envelope) => this.#alert.erased(envelope),
      });
    }
  }

  #closeWalk(): void {
    if (this.#walk) this.#reports.push(this.#walk.close());
    this.#walk = undefined;
  }
}
