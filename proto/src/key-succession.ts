// An agent's new signing key, vouched for by its old one: what lets history verify across a rotation.
import type { KeyObject } from 'node:crypto';
import { RefusalError } from './refusal.ts';
import { keyId, signBytes, verifyBytes } from './signature.ts';
import { KeySuccession } from './v1.ts';

/** An encoded KeySuccession and the old key's signature over it. */
export interface SignedKeySuccession {
  succession: Uint8Array;
  signature: Uint8Array;
}

export function signKeySuccession(parts: {
  agentId: string;
  old: { privateKey: KeyObject; publicKey: KeyObject };
  newPublicKey: KeyObject;
  nowUs: number;
}): SignedKeySuccession {
  const succession = KeySuccession.encode({
    agentId: parts.agentId,
    oldKeyId: keyId(parts.old.publicKey),
    newKeyId: keyId(parts.newPublicKey),
    succeedsAtUs: parts.nowUs,
  }).finish();
  const signature = signBytes({ message: succession, privateKey: parts.old.privateKey, purpose: 'keySuccession' });
  return { succession, signature };
}

/**
 * When the old key gave way to the new one, microseconds by the agent's clock. Throws RefusalError (`signature_invalid`,
 * `identity_mismatch`) unless the old key signed exactly this step of exactly this agent.
 */
export function verifyKeySuccession(
  { succession, signature }: SignedKeySuccession,
  step: { agentId: string; oldPublicKey: KeyObject; newPublicKey: KeyObject },
): { succeedsAtUs: number } {
  const message = Uint8Array.from(succession);
  if (!verifyBytes({ message, signature, publicKey: step.oldPublicKey, purpose: 'keySuccession' })) {
    throw new RefusalError('signature_invalid', 'the succession is not signed by the present key of this agent');
  }
  // Signed by a key of ours, so it decodes; what it says is held against what it is used for.
  const { agentId, oldKeyId, newKeyId, succeedsAtUs } = KeySuccession.decode(message);
  const isThisStep =
    agentId === step.agentId &&
    Buffer.compare(oldKeyId, keyId(step.oldPublicKey)) === 0 &&
    Buffer.compare(newKeyId, keyId(step.newPublicKey)) === 0;
  if (!isThisStep) throw new RefusalError('identity_mismatch', 'the succession is of another agent or of other keys');
  return { succeedsAtUs };
}
