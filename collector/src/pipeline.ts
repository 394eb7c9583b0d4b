// The straight line of the collector, stage by stage. An envelope that reaches the end is acknowledged; one that a stage
// refuses is counted and answered with the code; nothing else can become of it.
//
//   verify -> open -> admit -> enrich -> detect -> correlate -> store -> publish -> acknowledge
import {
  type Alert,
  type Detection,
  decodeBatch,
  openEnvelope,
  type RefusalCode,
  RefusalError,
  type VerifiedEnvelope,
  type VerifiedHeader,
  verifyEnvelope,
} from '@threatguard/proto';
import type { OpenedBatch, ReceivedEnvelope } from './batch.ts';
import type { Correlated, Correlator } from './correlate/correlator.ts';
import type { Detector } from './detect/detector.ts';
import { detectRefusal, detectStreamHealth } from './detect/stream-health.ts';
import { checkLimits } from './enrich/check-limits.ts';
import { enrichBatch } from './enrich/enrich-batch.ts';
import type { KemKeys } from './fleet/kem-keys.ts';
import type { StreamChain } from './ingest/admission.ts';
import type { PeerIdentity } from './ingest/peers.ts';
import type { Receipt } from './ingest/session.ts';
import { Turns } from './ingest/turns.ts';
import type { AlertFeed } from './publish/alert-feed.ts';
import type { OutboxPublisher } from './publish/outbox-publisher.ts';
import type { StageClock } from './stage-clock.ts';
import { StoreError } from './store/store.ts';
import type { WriteItem, Writer } from './store/writer.ts';

export interface PipelineParts {
  kemKeys: KemKeys;
  detector: Detector;
  correlator: Correlator;
  writer: Writer;
  feed: AlertFeed;
  outbox: Pick<OutboxPublisher, 'wake'>;
  agentName: (agentId: string) => string;
  /** Told how many events each committed batch had. */
  stored: (events: number) => void;
  nowUs: () => number;
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
  readonly #turns = new Turns();

  constructor(parts: PipelineParts) {
    this.#parts = parts;
  }

  /** Takes one envelope as far as the writer. Envelopes of one agent must come one after another. */
  async receive(received: ReceivedEnvelope, sender: Sender): Promise<Receipt> {
    const { length } = received.bytes;
    // Others may have taken the room before the turn comes: then again from the start.
    do {
      await this.#parts.writer.room(length);
      await this.#turns.next(length);
    } while (!this.#parts.writer.hasRoom(length));
    const progress: { header?: VerifiedHeader } = {};
    try {
      return await this.#process(received, sender, progress);
    } catch (error) {
      if (!(error instanceof RefusalError)) throw error;
      return this.#refuse(received, error, progress.header);
    }
  }

  async #process(received: ReceivedEnvelope, sender: Sender, progress: { header?: VerifiedHeader }): Promise<Receipt> {
    const { clock } = this.#parts;
    clock?.start();
    const verified = verifyEnvelope(received.bytes, { ...sender.identity, agentId: received.agentId });
    const { header } = verified;
    progress.header = header;
    clock?.lap('verify');
    const opened = this.#open(received, verified);
    const verdict = await sender.chain.admit(header);
    if (verdict.verdict === 'refuse') throw new RefusalError(verdict.code, REFUSED_BECAUSE[verdict.code]);
    if (verdict.verdict === 'duplicate') {
      return { sequence: header.sequence, refusal: undefined, committed: verdict.committed };
    }

    clock?.start();
    const enriched = enrichBatch(opened);
    clock?.lap('enrich');
    const detections = [...this.#parts.detector.inspect(enriched), ...detectStreamHealth(opened, verdict)];
    clock?.lap('detect');
    const correlated = this.#correlate(detections);
    clock?.lap('correlate');
    const stored = this.#store({ batch: { ...enriched, detections, ...correlated }, ...correlated });
    // Only the number: decoded events are not kept alive until the commit.
    const { length } = opened.events;
    const committed = stored.then(() => {
      this.#parts.stored(length);
      clock?.stored(length);
    });
    sender.chain.advance(header, committed);
    return { sequence: header.sequence, refusal: undefined, committed };
  }

  /** Detections that no batch of events carries: silence, clocks, refused signatures. Resolves when they are stored. */
  report(detections: readonly Detection[]): Promise<void> {
    return this.#store({ detections, ...this.#correlate(detections) });
  }

  /** Counts what was refused before it was an envelope. Resolves when it is stored. */
  countRefusal(agentId: string, refusal: { code: RefusalCode; message: string }): Promise<void> {
    return this.#store({ refusal: { agentId, ...refusal, atUs: this.#parts.nowUs() } });
  }

  #open(received: ReceivedEnvelope, verified: VerifiedEnvelope): OpenedBatch {
    const payload = openEnvelope(verified, (epoch) => this.#parts.kemKeys.privateKey(epoch));
    const { clock } = this.#parts;
    clock?.lap('open');
    const { events, ...encoded } = decodeBatch(payload, verified.header);
    clock?.lap('decode');
    checkLimits(events);
    clock?.lap('limits');
    const { agentId, agentName, receivedAtUs, clockOffsetUs } = received;
    const { header, headerBytes, signature } = verified;
    return {
      agentId,
      agentName,
      receivedAtUs,
      clockOffsetUs,
      header,
      headerBytes,
      signature,
      payload,
      events,
      encoded,
    };
  }

  #correlate(detections: readonly Detection[]): Correlated {
    const { correlator, nowUs, agentName } = this.#parts;
    return correlator.correlate(detections, { nowUs: nowUs(), agentName });
  }

  async #store(item: WriteItem): Promise<void> {
    try {
      const alerts = await this.#parts.writer.write(item);
      if (alerts.length > 0) this.#publish(alerts);
    } catch (error) {
      if (error instanceof StoreError && error.code === 'rejected') {
        throw new RefusalError('payload_malformed', 'the database does not take this batch');
      }
      throw error;
    }
  }

  #publish(alerts: readonly Alert[]): void {
    this.#parts.feed.publish(alerts);
    this.#parts.outbox.wake();
  }

  #refuse(received: ReceivedEnvelope, error: RefusalError, header: VerifiedHeader | undefined): Receipt {
    const { agentId, agentName, receivedAtUs: atUs } = received;
    const { code, message } = error;
    const sequence = header?.sequence ?? 0;
    const detection = detectRefusal({ agentId, agentName, atUs, sequence }, { code, message });
    const detections = detection ? [detection] : [];
    const committed = this.#store({
      refusal: { agentId, code, message, atUs },
      detections,
      ...this.#correlate(detections),
    });
    return { sequence, refusal: { code, message }, committed };
  }
}
