import type { Alert, DecodedBatch, Detection, HostEvent, VerifiedHeader } from '@threatguard/proto';
import type { Incident } from './correlate/incident.ts';
import type { Entity } from './correlate/risk.ts';
import type { SeriesCount } from './store/series-counts.ts';

// One batch on its way through the stages; each stage adds its part and changes nothing before it.

/** A few events, which may be urgent. Such an envelope takes well below a millisecond, most of it for the signature. */
export const SMALL_ENVELOPE_BYTES_MAX = 8 * 1024;

/** An envelope as a stream delivered it, with what the session knows of the sender. */
export interface ReceivedEnvelope {
  agentId: string;
  agentName: string;
  bytes: Uint8Array;
  receivedAtUs: number;
  /** Collector's clock minus the host's, measured when the session began. */
  clockOffsetUs: number;
}

/** Verified, decrypted, decoded, and next in its stream. */
export interface OpenedBatch {
  agentId: string;
  agentName: string;
  receivedAtUs: number;
  clockOffsetUs: number;
  header: VerifiedHeader;
  /** Evidence, byte for byte: the signed header, its signature, and the payload whose digest it holds. */
  headerBytes: Uint8Array;
  signature: Uint8Array;
  payload: Uint8Array;
  events: HostEvent[];
  /** The bytes `events` were decoded from, while they are at hand: stored as they are instead of encoded again. */
  encoded?: Pick<DecodedBatch, 'bytes' | 'spans'>;
}

export interface EnrichedBatch extends OpenedBatch {
  /** When each event happened by the collector's clock: observed time, corrected where the host's clock is off. */
  eventTimesUs: Float64Array;
}

export interface AnalysedBatch extends EnrichedBatch {
  detections: Detection[];
  /** Alerts that these detections raised or changed, as they stand after it. */
  alerts: Alert[];
  /** Entities whose risk these alerts changed, and incidents they began or joined. */
  entities: Entity[];
  incidents: Incident[];
}

/**
 * What of a batch waits for the store: everything but its events, which stand here as the rows they become. Rows are a
 * third of the memory of decoded events, and the collector of garbage has nothing to follow in them.
 */
export interface StorableBatch extends Omit<AnalysedBatch, 'events' | 'eventTimesUs' | 'encoded'> {
  eventCount: number;
  /** First and last by the collector's clock. */
  firstEventAtUs: number;
  lastEventAtUs: number;
  /** Rows of binary COPY into `events`, without header and trailer. */
  eventRows: Uint8Array;
  /** Rows of binary COPY into `batch_terms`, likewise: what its events contain. */
  termRows: Uint8Array;
  /** Its events counted, without the agent. */
  series: readonly SeriesCount[];
  /** Set where a fault of ours keeps its events from being analysed or made into rows: it is set aside, with this reason. */
  fault?: string;
}

/** What a commit needs of it. */
export interface CommitBatch extends Omit<StorableBatch, 'header'> {
  header: Pick<VerifiedHeader, 'streamId' | 'sequence' | 'headerDigest' | 'losses'>;
}
