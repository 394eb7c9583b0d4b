import { decodeBatch, type VerifiedHeader, verifyHeader } from '../envelope/index.ts';
import { RefusalError } from '../refusal.ts';
import { sha256 } from '../signature.ts';
import type { HostEvent } from '../v1.ts';
import type { Findings } from './findings.ts';
import { type AgentKeys, wasValid } from './trust.ts';

/** The header, once one of the agent's keys signed it; undefined with a finding where none did. */
export function verifySigned(
  headerBytes: Uint8Array,
  signature: Uint8Array,
  { keys, findings, where }: { keys: AgentKeys; findings: Findings; where: string },
): VerifiedHeader | undefined {
  // Which key it names stands in the header, which is not believed yet: the one used last is nearly always right.
  for (const key of keys.candidates()) {
    const signer = { agentId: keys.agentId, publicKey: key.publicKey, signingKeyId: key.id };
    try {
      const header = verifyHeader(headerBytes, signature, signer);
      keys.use(key);
      if (!wasValid(key, header.sealedAtUs)) {
        findings.add('certificate_out_of_time', `${where} was sealed when no certificate of its key was valid`);
      }
      return header;
    } catch (error) {
      if (!(error instanceof RefusalError)) throw error;
      if (error.code === 'signature_invalid') continue;
      findings.add('envelope_unexpected', `${where}: ${error.message}`);
      return undefined;
    }
  }
  findings.add('envelope_signature_invalid', `${where} is not signed by a key that was certified for it`);
  return undefined;
}

/** The events, once the payload is the one whose digest was signed; undefined with a finding otherwise. */
export function openPayload(
  header: VerifiedHeader,
  payload: Uint8Array,
  { findings, where }: { findings: Findings; where: string },
): HostEvent[] | undefined {
  if (Buffer.compare(sha256(payload), header.payloadDigest) !== 0) {
    findings.add('payload_mismatch', `the payload of ${where} is not the one that was signed`);
    return undefined;
  }
  try {
    return decodeBatch(payload, header).events;
  } catch (error) {
    if (!(error instanceof RefusalError)) throw error;
    findings.add('payload_mismatch', `${where}: ${error.message}`);
    return undefined;
  }
}
