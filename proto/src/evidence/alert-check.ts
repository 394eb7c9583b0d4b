// The alert a bundle is of: signed by the collector, and every event it names in an envelope of the bundle.
import type { KeyObject } from 'node:crypto';
import { RefusalError } from '../refusal.ts';
import { verifyAlert } from '../signed-alert.ts';
import { type Alert, Detection, type EventReference, type SignedAlert } from '../v1.ts';
import type { OpenedEvidence } from './agent-walk.ts';
import type { Findings } from './findings.ts';
import type { AgentReport, EvidenceReport } from './report.ts';

/** Events that an alert and its detections name together; the exporter stops there as well. */
export const REFERENCES_MAX = 4096;

export class AlertCheck {
  #signed: SignedAlert | undefined;
  readonly #detections: EventReference[] = [];
  /** Envelopes of the bundle by name, with their number of events; bounded, because others are of no interest. */
  readonly #opened = new Map<string, number>();
  readonly #erased = new Set<string>();

  takeAlert(signed: SignedAlert): void {
    this.#signed = signed;
  }

  /** Collector's words, like the alert: the manifest covers them. */
  takeDetection(bytes: Uint8Array, findings: Findings): void {
    try {
      const references = Detection.decode(bytes).events ?? [];
      this.#detections.push(...references.slice(0, REFERENCES_MAX - this.#detections.length));
    } catch {
      findings.add('record_malformed', 'a detection is not one');
    }
  }

  /** Its header is here, and its events are not. */
  erased({ agentId, header }: Pick<OpenedEvidence, 'agentId' | 'header'>): void {
    if (this.#erased.size < 2 * REFERENCES_MAX) this.#erased.add(nameOf(agentId, header.streamId, header.sequence));
  }

  opened({ agentId, header }: OpenedEvidence): void {
    if (this.#opened.size < 2 * REFERENCES_MAX) {
      this.#opened.set(nameOf(agentId, header.streamId, header.sequence), header.eventCount);
    }
  }

  /** Judges the alert once everything has been read. */
  close(
    expected: { alertId: string; key: KeyObject | undefined; agents: readonly AgentReport[] },
    findings: Findings,
  ): EvidenceReport['alert'] {
    if (!this.#signed || !expected.key) {
      if (!this.#signed) findings.add('alert_invalid', 'the alert is not in the bundle');
      return undefined;
    }
    let alert: Alert;
    try {
      alert = verifyAlert(this.#signed, expected.key);
    } catch (error) {
      findings.add('alert_invalid', error instanceof RefusalError ? error.message : 'the alert is not one');
      return undefined;
    }
    if (alert.id !== expected.alertId) findings.add('alert_invalid', 'the alert is another one than the bundle is of');
    const agent = expected.agents.find(({ id }) => id === alert.agentId);
    if (agent && agent.name !== alert.agentName) {
      findings.add('agent_renamed', `the alert names agent ${agent.id} otherwise than the bundle does`);
    }
    const references = [...(alert.events ?? []), ...this.#detections];
    return { alert, ...this.#judgeReferences(references, expected.agents, findings) };
  }

  #judgeReferences(
    references: EventReference[],
    agents: readonly AgentReport[],
    findings: Findings,
  ): { agedOut: number; erased: number } {
    let agedOut = 0;
    let erased = 0;
    for (const { agentId, streamId, sequence, index } of references) {
      const name = nameOf(agentId ?? '', streamId ?? new Uint8Array(), sequence ?? 0);
      const events = this.#opened.get(name);
      if (events !== undefined && (index ?? 0) < events) continue;
      if (this.#erased.has(name)) {
        erased++;
        continue;
      }
      const stream = Buffer.from(streamId ?? []).toString('hex');
      const goneRuns = agents.find(({ id }) => id === agentId)?.goneRuns ?? [];
      const at = sequence ?? 0;
      if (goneRuns.some((run) => run.stream === stream && run.first <= at && at <= run.last)) agedOut++;
      else findings.add('event_missing', `the alert names event ${index ?? 0} of envelope ${name}, which is not here`);
    }
    return { agedOut, erased };
  }
}

function nameOf(agentId: string, streamId: Uint8Array, sequence: number): string {
  return `${sequence} of stream ${Buffer.from(streamId).toString('hex')} of agent ${agentId}`;
}
