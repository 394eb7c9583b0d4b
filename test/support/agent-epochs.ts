// What an agent of a test has of epochs, made as `run` makes it.
import type { X509Certificate } from 'node:crypto';
import { type EnvelopeIdentity, signEpochConfirmation } from '@threatguard/proto';
import type { Identity } from '../../agent/src/identity/identity-files.ts';
import { SealingKey } from '../../agent/src/identity/sealing-key.ts';
import { ContentKeys } from '../../agent/src/spool/content-keys.ts';
import { ResealMark } from '../../agent/src/spool/reseal-mark.ts';
import type { Spool } from '../../agent/src/spool/spool.ts';
import { Resealing } from '../../agent/src/uplink/reseal.ts';

/** `directory` is the spool's. */
export function agentEpochs(parts: {
  home: string;
  directory: string;
  identity: Pick<Identity, 'anchors' | 'kemKey'>;
  signer: EnvelopeIdentity | (() => EnvelopeIdentity);
  /** Where they change. */
  anchors?: () => readonly X509Certificate[];
  spool: Spool;
}) {
  const { home, directory, identity, spool, anchors = () => identity.anchors } = parts;
  const signer = () => (typeof parts.signer === 'function' ? parts.signer() : parts.signer);
  const sealingKey = new SealingKey({ home, kemKey: identity.kemKey, anchors });
  const kemKey = () => sealingKey.current;
  const contentKeys = ContentKeys.open({ directory, empty: spool.first === spool.end });
  const resealing = new Resealing({ spool, signer, contentKeys, mark: new ResealMark(directory), kemKey });
  const confirmation = () =>
    signEpochConfirmation({
      identity: signer(),
      kemKey: kemKey(),
      oldestSpooledEpoch: spool.oldestEpoch,
      nowUs: Date.now() * 1000,
    });
  return { sealingKey, kemKey, contentKeys, resealing, confirmation };
}
