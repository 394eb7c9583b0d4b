import type { X509Certificate } from 'node:crypto';
import {
  type AnnouncedKemKey,
  type EnvelopeIdentity,
  type EpochConfirmation,
  signEpochConfirmation,
} from '@threatguard/proto';
import { SealingKey } from './identity/sealing-key.ts';
import { ContentKeys } from './spool/content-keys.ts';
import { ResealMark } from './spool/reseal-mark.ts';
import type { Spool } from './spool/spool.ts';
import { Resealing } from './uplink/reseal.ts';

export interface EpochParts {
  home: string;
  /** The spool's. */
  directory: string;
  spool: Spool;
  /** What the agent sealed for when it was last on disk. */
  kemKey: AnnouncedKemKey;
  /** Asked each time, as `signer` is: certificates and keys are replaced while the agent runs. */
  anchors: () => readonly X509Certificate[];
  signer: () => EnvelopeIdentity;
  nowUs: () => number;
}

/** What an agent has of the fleet's ML-KEM epochs. */
export interface SealingEpochs {
  sealingKey: SealingKey;
  /** What is sealed for now. */
  kemKey: () => AnnouncedKemKey;
  /** With what the content keys of the spool are kept. */
  contentKeys: ContentKeys;
  /** For what waits in the spool and is refused. */
  resealing: Resealing;
  /** What the agent seals for, signed. */
  confirmation: () => EpochConfirmation;
}

/** Takes up where `kemKey` and the spool say. Throws an error of the file system where the spool's directory cannot be used. */
export function openEpochs(parts: EpochParts): SealingEpochs {
  const { home, directory, spool, kemKey: found, anchors, signer, nowUs } = parts;
  const sealingKey = new SealingKey({ home, kemKey: found, anchors });
  const kemKey = () => sealingKey.current;
  const contentKeys = ContentKeys.open({ directory, empty: spool.first === spool.end });
  const resealing = new Resealing({ spool, signer, contentKeys, mark: new ResealMark(directory), kemKey });
  const confirmation = () =>
    signEpochConfirmation({
      identity: signer(),
      kemKey: kemKey(),
      oldestSpooledEpoch: spool.oldestEpoch,
      nowUs: nowUs(),
    });
  return { sealingKey, kemKey, contentKeys, resealing, confirmation };
}
