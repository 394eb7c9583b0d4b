// What the arrival of an envelope says about its agent, beside the events in it: gaps, restarts, losses, refusals.
import type { Detection, Loss, RefusalCode } from '@threatguard/proto';
import type { StorableBatch } from '../batch.ts';
import {
  type AgentAt,
  chainBroken,
  chainGap,
  eventsLost,
  sequenceReplayed,
  signatureRefused,
  streamRestarted,
} from './health.ts';

const LOSS_TEXT_CHARS_MAX = 64;

/** How an accepted envelope stands to the one before it. */
export interface Succession {
  /** Set where envelopes between never came: the sequence that was next. */
  gap: { expectedSequence: number } | undefined;
  /** Set where the stream is new although the agent had others: the highest sequence of those. */
  restartedAfter: number | undefined;
}

export function detectStreamHealth(
  batch: Pick<StorableBatch, 'agentId' | 'agentName' | 'receivedAtUs' | 'header'>,
  succession: Succession,
): Detection[] {
  const { agentId, agentName, receivedAtUs: atUs, header } = batch;
  const facts = { agentId, agentName, atUs };
  const detections: Detection[] = [];
  const { gap, restartedAfter } = succession;
  if (restartedAfter !== undefined) detections.push(streamRestarted({ ...facts, lastSequence: restartedAfter }));
  if (gap) detections.push(chainGap({ ...facts, ...gap, sequence: header.sequence }));
  for (const loss of header.losses) if (loss.count) detections.push(detectLoss(facts, loss));
  return detections;
}

/** What a refusal means where it can have no innocent cause; undefined for the others, which are only counted. */
export function detectRefusal(
  facts: AgentAt & { sequence: number },
  refusal: { code: RefusalCode; message: string },
): Detection | undefined {
  switch (refusal.code) {
    case 'chain_broken':
      return chainBroken(facts);
    case 'sequence_replayed':
      return sequenceReplayed(facts);
    case 'signature_invalid':
    case 'identity_mismatch':
      return signatureRefused({ ...facts, ...refusal });
    default:
      return undefined;
  }
}

function detectLoss(facts: AgentAt, loss: Loss): Detection {
  // Signed, but still a host's word: its times may not lie in the future, its names not fill a screen.
  const lastAtUs = Math.min(loss.lastAtUs || facts.atUs, facts.atUs);
  return eventsLost({
    ...facts,
    sensor: (loss.sensor ?? '').slice(0, LOSS_TEXT_CHARS_MAX),
    lossReason: (loss.reason ?? '').slice(0, LOSS_TEXT_CHARS_MAX),
    count: loss.count ?? 0,
    firstAtUs: Math.min(loss.firstAtUs || lastAtUs, lastAtUs),
    lastAtUs,
  });
}
