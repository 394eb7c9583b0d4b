// What is done to an envelope by itself, without knowing of any other: verify -> open -> enrich -> detect -> rows.
// A shard does this in its own thread for its agents; what needs to know of others is done after it, by the pipeline.
import type { KeyObject } from 'node:crypto';
import {
  claimedSigningKey,
  decodeBatch,
  openEnvelope,
  RefusalError,
  type VerifiedHeader,
  verifyEnvelope,
} from '@threatguard/proto';
import type { OpenedBatch, ReceivedEnvelope, StorableBatch } from '../batch.ts';
import { type Observations, observe } from '../detect/behaviour/observations.ts';
import type { IntelMatcher } from '../detect/intel/intel-matcher.ts';
import type { EventMatcher, RuleFailure } from '../detect/rules/event-matcher.ts';
import { checkLimits } from '../enrich/check-limits.ts';
import { enrichBatch } from '../enrich/enrich-batch.ts';
import type { SigningKey } from '../fleet/agent-keys.ts';
import type { OpeningKeys } from '../fleet/epochs/kem-keys.ts';
import type { StageClock } from '../stage-clock.ts';
import { toStorable } from '../store/event-rows.ts';
import { type PackedMatches, packMatches } from './packed-matches.ts';

/** Whose signature an envelope must have: of the key TLS proved, or of another one of the same agent. */
export interface Signer extends SigningKey {
  others?: readonly SigningKey[];
}

export interface Analysis {
  /** With what single events made rules say; nothing is correlated yet. */
  batch: StorableBatch;
  /** What correlations have to see. */
  matches: PackedMatches;
  failures: RuleFailure[];
  /** What models have to see. */
  observations: Observations;
  /** Of the rules it was looked at with. */
  generation: number;
}

export interface AnalysisParts {
  matcher: EventMatcher;
  intel: IntelMatcher;
  generation: number;
  kemPrivateKey: (epoch: number) => KeyObject | undefined;
  clock: StageClock | undefined;
}

/** The key of an epoch; throws RefusalError where its envelopes are not taken any more. */
export function openingKey({ open, gone }: OpeningKeys, epoch: number): KeyObject | undefined {
  const code = gone.get(epoch);
  if (code === 'epoch_destroyed') throw new RefusalError(code, `ML-KEM epoch ${epoch} was destroyed`);
  if (code === 'epoch_refused') throw new RefusalError(code, `ML-KEM epoch ${epoch} is compromised: seal anew`);
  return open.get(epoch);
}

/** Throws RefusalError; `verified` is told the header as soon as it may be believed. */
export function analyse(
  received: ReceivedEnvelope,
  signer: Signer,
  parts: AnalysisParts,
  verified: (header: VerifiedHeader) => void,
): Analysis {
  const { clock } = parts;
  clock?.start();
  const { publicKey, signingKeyId } = chooseKey(received.bytes, signer);
  const envelope = verifyEnvelope(received.bytes, { publicKey, signingKeyId, agentId: received.agentId });
  verified(envelope.header);
  clock?.lap('verify');
  // A copy of its own: it may lie in a buffer that Node shares, which cannot be handed to another thread.
  const payload = Uint8Array.from(openEnvelope(envelope, parts.kemPrivateKey));
  clock?.lap('open');
  const { agentId, agentName, receivedAtUs, clockOffsetUs } = received;
  const { header, headerBytes, signature } = envelope;
  const sealed = { agentId, agentName, receivedAtUs, clockOffsetUs, header, headerBytes, signature, payload };
  try {
    return analyseOpened(sealed, parts);
  } catch (error) {
    if (error instanceof RefusalError) throw error;
    return {
      batch: faulty(sealed, error),
      matches: packMatches([], { bytes: new Uint8Array(), spans: undefined }),
      failures: [],
      observations: observe({ ...sealed, events: [], eventTimesUs: new Float64Array() }),
      generation: parts.generation,
    };
  }
}

/** What waited in a spool while its agent's key was replaced is signed with the key of its time. */
function chooseKey(bytes: Uint8Array, signer: Signer): SigningKey {
  if (!signer.others?.length) return signer;
  const claimed = claimedSigningKey(bytes) ?? signer.signingKeyId;
  return signer.others.find(({ signingKeyId }) => Buffer.compare(signingKeyId, claimed) === 0) ?? signer;
}

/** That is for the correlator to say. */
const NOTHING_FOLLOWS = { alerts: [], entities: [], incidents: [] };

type SealedBatch = Omit<OpenedBatch, 'events' | 'encoded'>;

function analyseOpened(sealed: SealedBatch, { clock, matcher, intel, generation }: AnalysisParts): Analysis {
  const { events, ...encoded } = decodeBatch(sealed.payload, sealed.header);
  clock?.lap('decode');
  checkLimits(events);
  clock?.lap('limits');
  const enriched = enrichBatch({ ...sealed, events, encoded });
  clock?.lap('enrich');
  const { detections: matched, feeding, failures } = matcher.match(enriched);
  const detections = [...matched, ...intel.match(enriched)];
  const matches = packMatches(feeding, encoded);
  const observations = observe(enriched);
  clock?.lap('detect');
  const batch = toStorable({ ...enriched, detections, ...NOTHING_FOLLOWS });
  clock?.lap('rows');
  clock?.stored(events.length);
  return { batch, matches, failures, observations, generation };
}

/** An envelope that is right, and meets a fault of ours: what was proven of it is kept. */
function faulty(sealed: SealedBatch, error: unknown): StorableBatch {
  const { eventCount, firstEventAtUs, lastEventAtUs } = sealed.header;
  const events = {
    eventCount,
    firstEventAtUs,
    lastEventAtUs,
    eventRows: new Uint8Array(),
    termRows: new Uint8Array(),
    series: [],
  };
  return { ...sealed, ...events, detections: [], ...NOTHING_FOLLOWS, fault: `a fault of the collector: ${error}` };
}
