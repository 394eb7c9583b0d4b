// A join token buys one certificate. The only code that answers to peers nobody knows yet.
import { randomUUID } from 'node:crypto';
import { type EnrolRequest, type EnrolResponse, keyId } from '@threatguard/proto';
import type { Store } from '../store/store.ts';
import { type CertificateAuthority, readCertificateRequest } from './certificate-authority.ts';
import { cleanText } from './clean-text.ts';
import type { Epochs } from './epochs/epochs.ts';
import type { Fleet } from './fleet.ts';
import { hashSecret } from './tokens.ts';

const MACHINE_ID_CHARS_MAX = 128;

export type EnrolmentErrorCode = 'token_refused' | 'key_in_use';

/** Enrolment will never be granted for this request. The message says what the installer can do. */
export class EnrolmentError extends Error {
  override readonly name = 'EnrolmentError';
  readonly code: EnrolmentErrorCode;

  constructor(code: EnrolmentErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}

export interface EnrolmentParts {
  store: Store;
  fleet: Fleet;
  authority: CertificateAuthority;
  epochs: Pick<Epochs, 'announced'>;
}

/**
 * Certifies the key of a new agent. The request is checked before the token is used up, and the token before an agent
 * exists. Throws EnrolmentError, CertificateError, or StoreError where the store does not answer.
 */
export async function enrolAgent(
  parts: EnrolmentParts,
  request: EnrolRequest,
  { nowUs, from }: { nowUs: number; from: string },
): Promise<EnrolResponse> {
  const publicKey = await readCertificateRequest(request.certificateRequest ?? new Uint8Array());
  const id = keyId(publicKey).toString('hex');
  if (parts.fleet.agents().some((agent) => agent.keyId === id)) {
    throw new EnrolmentError(
      'key_in_use',
      'this key was enrolled before; remove the identity directory to make another',
    );
  }
  const accepted = await parts.store.consumeToken(request.tokenId ?? '', hashSecret(request.tokenSecret ?? ''), nowUs);
  if (!accepted) {
    // One answer for unknown, expired, used up and wrong: it must not help to guess.
    throw new EnrolmentError(
      'token_refused',
      'the token is not valid any more; make one: threatguard agents token create',
    );
  }
  const agentId = randomUUID();
  const certificate = await parts.authority.issue({
    name: { kind: 'agent', id: agentId },
    publicKey,
    nowMs: nowUs / 1000,
  });
  const { name } = await parts.fleet.add(
    {
      id: agentId,
      machineId: cleanText(request.machineId, MACHINE_ID_CHARS_MAX),
      keyId: id,
      certificate: certificate.raw,
      certificateExpiresAtUs: certificate.validToDate.getTime() * 1000,
      enrolledAtUs: nowUs,
      revokedAtUs: undefined,
      lastSeenAtUs: 0,
      version: '',
      os: '',
      kernel: '',
    },
    request.hostName ?? '',
    { kind: 'token', id: request.tokenId ?? '', from },
  );
  return {
    agentId,
    agentName: name,
    certificate: certificate.raw,
    caCertificate: parts.authority.certificate.raw,
    kemKey: parts.epochs.announced,
  };
}
