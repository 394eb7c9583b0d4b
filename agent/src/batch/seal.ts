import { type EnvelopeIdentity, type HostEvent, type KemPublicKey, sealEnvelope } from '@threatguard/proto';
import type { ContentKeys } from '../spool/content-keys.ts';
import type { Spool } from '../spool/spool.ts';
import type { CheckpointLedger } from './checkpoints.ts';
import type { LossLedger } from './losses.ts';

/** What sealing needs at hand. `kemKey` is asked each time, since the fleet's key may have changed. */
export interface SealParts {
  identity: EnvelopeIdentity;
  kemKey: () => KemPublicKey;
  spool: Spool;
  contentKeys: Pick<ContentKeys, 'wrap'>;
  losses: LossLedger;
  checkpoints: CheckpointLedger;
  nowUs: () => number;
}

/**
 * Seals a batch as the successor of the newest spooled envelope and spools it, with the losses known so far in its
 * header and how far each source has been read beside it. Losses that did not reach the disk are kept for the next one.
 */
export function sealIntoSpool(parts: SealParts, events: HostEvent[]): void {
  const losses = parts.losses.take();
  const sealed = sealEnvelope({
    events,
    losses,
    identity: parts.identity,
    kemKey: parts.kemKey(),
    previous: parts.spool.position,
    nowUs: parts.nowUs(),
  });
  const times = events.map((event) => event.observedAtUs ?? 0);
  const firstAtUs = times.reduce((first, time) => Math.min(first, time), times[0] ?? parts.nowUs());
  const lastAtUs = times.reduce((last, time) => Math.max(last, time), firstAtUs);
  const wrappedKey = parts.contentKeys.wrap(sealed.contentKey);
  const facts = { events: events.length, firstAtUs, lastAtUs, wrappedKey };
  const stored = parts.spool.append(sealed, facts, parts.checkpoints.encode());
  if (!stored) for (const loss of losses) parts.losses.add(loss);
  parts.losses.settle();
}
