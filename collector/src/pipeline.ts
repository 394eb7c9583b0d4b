// The straight line of the collector, stage by stage. An envelope that reaches the end is acknowledged; one that a stage
// refuses is counted and answered with the code; nothing else can become of it.
//
//   in a shard, a thread of its own:             verify -> open -> enrich -> detect          (shards/analyse.ts)
//   here, for all agents:                        admit -> judge -> correlate -> store -> publish -> acknowledge
import { type Alert, type Detection, type Loss, type RefusalCode, RefusalError } from '@threatguard/proto';
import { type ReceivedEnvelope, SMALL_ENVELOPE_BYTES_MAX } from './batch.ts';
import type { Correlated, Correlator } from './correlate/correlator.ts';
import { type DemoClock, labelledDemo } from './demo-clock.ts';
import type { BehaviourKeeper } from './detect/behaviour/keeper.ts';
import type { RuleEngine } from './detect/rules/rule-engine.ts';
import { detectRefusal, detectStreamHealth } from './detect/stream-health.ts';
import type { SigningKey } from './fleet/agent-keys.ts';
import type { StreamChain } from './ingest/admission.ts';
import type { PeerIdentity } from './ingest/peers.ts';
import type { Receipt } from './ingest/session.ts';
import type { Judge } from './judge/judge.ts';
import type { AlertFeed } from './publish/alert-feed.ts';
import type { OutboxPublisher } from './publish/outbox-publisher.ts';
import type { SimulationLog } from './rule-book/simulation-log.ts';
import type { Analysis } from './shards/analyse.ts';
import { unpackMatches } from './shards/packed-matches.ts';
import { RefusedEnvelopeError } from './shards/shard.ts';
import type { Shards } from './shards/shards.ts';
import type { StageClock } from './stage-clock.ts';
import type { PileMove } from './store/commit-group.ts';
import { StoreError } from './store/store-error.ts';
import type { WriteItem, Writer } from './store/writer.ts';
import type { TriageChange } from './triage/triage-desk.ts';

export type PipelineStage = 'analyse' | 'correlate' | 'store';

/** Is told what passes, to measure it. */
export interface PipelineWatch {
  /** A batch was committed. */
  stored(events: number, losses: readonly Loss[]): void;
  /** Severities of the detections of a batch, or of those no batch carries. */
  detected(severities: readonly (number | null | undefined)[]): void;
  /** Alerts that were committed, new ones and changed ones. */
  raised(alerts: readonly Alert[]): void;
  refused(code: RefusalCode): void;
  took(stage: PipelineStage, seconds: number): void;
}

export interface PipelineParts {
  shards: Shards;
  rules: RuleEngine;
  /** Models; none where they are off. */
  behaviour?: Pick<BehaviourKeeper, 'observe' | 'track'> | undefined;
  judge: Pick<Judge, 'judge'>;
  correlator: Correlator;
  writer: Writer;
  feed: AlertFeed;
  outbox: Pick<OutboxPublisher, 'wake'>;
  simulations: SimulationLog;
  agentName: (agentId: string) => string;
  /** The keys of an agent that had more than one. */
  signers?: (agentId: string) => readonly SigningKey[];
  /** Told how many events each committed batch had. */
  stored: (events: number) => void;
  nowUs: () => number;
  /** Of a collector for demonstrations. */
  demo?: Pick<DemoClock, 'see'> | undefined;
  watch?: PipelineWatch | undefined;
  clock?: StageClock | undefined;
}

/** Who sent an envelope, as TLS proved it, and where its streams stand. */
export interface Sender {
  identity: PeerIdentity;
  chain: StreamChain;
}

const REFUSED_BECAUSE = {
  chain_broken: 'this envelope is not the successor of the one stored before it',
  sequence_replayed: 'another envelope of this sequence is stored already',
  sequence_reordered: 'a later envelope of this stream is stored, and this one is not',
  protocol_violation: 'more streams than one agent can have; enrol it again',
} as const;

export class Pipeline {
  readonly #parts: PipelineParts;

  constructor(parts: PipelineParts) {
    this.#parts = parts;
  }

  /** Takes one envelope as far as the writer. Envelopes of one agent must come one after another. */
  async receive(received: ReceivedEnvelope, sender: Sender): Promise<Receipt> {
    let sequence = 0;
    try {
      const startedMs = performance.now();
      const analysis = await this.#analyse(received, sender);
      this.#parts.watch?.took('analyse', (performance.now() - startedMs) / 1000);
      ({ sequence } = analysis.batch.header);
      return await this.#accept(analysis, sender);
    } catch (error) {
      if (error instanceof RefusedEnvelopeError) {
        return (await this.#repeated(error, sender)) ?? this.#refuse(received, error, error.sequence);
      }
      if (error instanceof RefusalError) return this.#refuse(received, error, sequence);
      throw error;
    }
  }

  /** An envelope whose epoch is gone, but which is stored already: its acknowledgement was lost, not its events. */
  async #repeated({ code, header }: RefusedEnvelopeError, { chain }: Sender): Promise<Receipt | undefined> {
    if (!header || (code !== 'epoch_destroyed' && code !== 'epoch_refused')) return undefined;
    const verdict = await chain.admit(header);
    if (verdict.verdict !== 'duplicate') return undefined;
    return { sequence: header.sequence, refusal: undefined, committed: verdict.committed };
  }

  async #analyse(received: ReceivedEnvelope, { identity }: Sender): Promise<Analysis> {
    const { writer, shards, signers } = this.#parts;
    const { publicKey, signingKeyId } = identity;
    const others = signers?.(received.agentId) ?? [];
    const { length } = received.bytes;
    for (;;) {
      await writer.room(length);
      const shard = shards.of(received.agentId, length);
      using _turn = await shard.turns.next(length);
      // Others may have taken the room before the turn came: then again from the start.
      if (writer.hasRoom(length)) return await shard.analyse(received, { publicKey, signingKeyId, others });
    }
  }

  async #accept(analysis: Analysis, { chain }: Sender): Promise<Receipt> {
    const { batch } = analysis;
    const { header } = batch;
    const verdict = await chain.admit(header);
    if (verdict.verdict === 'refuse') throw new RefusalError(verdict.code, REFUSED_BECAUSE[verdict.code]);
    if (verdict.verdict === 'duplicate') {
      return { sequence: header.sequence, refusal: undefined, committed: verdict.committed };
    }

    const { clock, watch } = this.#parts;
    const acceptedMs = performance.now();
    this.#parts.demo?.see(batch.lastEventAtUs);
    clock?.start();
    const found = [
      ...batch.detections,
      ...this.#correlateEvents(analysis),
      ...(this.#parts.behaviour?.observe(analysis.observations) ?? []),
      ...detectStreamHealth(batch, verdict),
    ];
    const admitted = this.#parts.simulations.admit(found, this.#parts.nowUs());
    const { detections, ...correlated } = this.#judge(admitted);
    clock?.lap('correlate');
    const correlatedMs = performance.now();
    watch?.took('correlate', (correlatedMs - acceptedMs) / 1000);
    const { eventCount } = batch;
    const stored = this.#store({ batch: { ...batch, detections }, ...correlated });
    const committed = stored.then(() => {
      this.#parts.stored(eventCount);
      watch?.stored(eventCount, header.losses);
      watch?.took('store', (performance.now() - correlatedMs) / 1000);
      clock?.stored(eventCount);
    });
    this.#parts.behaviour?.track(committed);
    chain.advance(header, committed);
    return { sequence: header.sequence, refusal: undefined, committed };
  }

  /** Detections that no batch of events carries: silence, clocks, refused signatures. Resolves when they are stored. */
  report(detections: readonly Detection[]): Promise<void> {
    return this.#store(this.#judge(detections));
  }

  /** Alerts that are withheld or shown again because another budget was set. Resolves when that is stored. */
  async movePile(pile: readonly PileMove[]): Promise<void> {
    if (pile.length > 0) await this.#store({ pile: [...pile] });
  }

  /** What people decided about alerts. Resolves when it is stored; hands it to the writer before it first waits. */
  decide(change: TriageChange): Promise<void> {
    return this.#store(change);
  }

  /** Counts what was refused before it was an envelope. Resolves when it is stored. */
  countRefusal(agentId: string, refusal: { code: RefusalCode; message: string }): Promise<void> {
    this.#parts.watch?.refused(refusal.code);
    return this.#store({ refusal: { agentId, ...refusal, atUs: this.#parts.nowUs() } });
  }

  #correlateEvents({ batch, matches, failures, generation }: Analysis): Detection[] {
    const { rules } = this.#parts;
    if (generation === rules.generation) rules.switchOff(failures);
    return rules.correlate(batch, rules.translate(unpackMatches(matches), generation));
  }

  /** What becomes of detections; all are stored, and those that alert have what follows from them. */
  #judge(found: readonly Detection[]): Correlated & { detections: Detection[] } {
    const { judge, correlator, nowUs, agentName, watch, demo } = this.#parts;
    watch?.detected(found.map(({ severity }) => severity));
    const { detections, alerting } = judge.judge(demo ? labelledDemo(found) : found);
    return { detections, ...correlator.correlate(alerting, { nowUs: nowUs(), agentName }) };
  }

  async #store(item: WriteItem): Promise<void> {
    try {
      const alerts = await this.#parts.writer.write(item);
      const urgent = (item.batch?.payload.length ?? 0) <= SMALL_ENVELOPE_BYTES_MAX;
      if (alerts.length > 0) this.#publish(alerts, urgent);
    } catch (error) {
      if (error instanceof StoreError && error.code === 'rejected') {
        throw new RefusalError('payload_malformed', 'the database does not take this batch');
      }
      throw error;
    }
  }

  #publish(alerts: readonly Alert[], urgent: boolean): void {
    this.#parts.watch?.raised(alerts);
    this.#parts.feed.publish(alerts, { urgent });
    this.#parts.outbox.wake();
  }

  #refuse(received: ReceivedEnvelope, { code, message }: RefusalError, sequence: number): Receipt {
    const { agentId, agentName, receivedAtUs: atUs } = received;
    this.#parts.watch?.refused(code);
    const detection = detectRefusal({ agentId, agentName, atUs, sequence }, { code, message });
    const detections = detection ? [detection] : [];
    const committed = this.#store({ refusal: { agentId, code, message, atUs }, ...this.#judge(detections) });
    return { sequence, refusal: { code, message }, committed };
  }
}
