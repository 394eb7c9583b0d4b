// A join token buys one certificate. The only code that answers to peers nobody knows yet.
import { randomUUID } from 'node:crypto';
import { type EnrolRequest, type EnrolResponse, keyId } from '@threatguard/proto';
import type { AgentRecord } from '../store/fleet-record.ts';
import type { Store } from '../store/store.ts';
import type { CertificateAuthorities } from './authorities.ts';
import { readCertificateRequest } from './certificate-authority.ts';
import { hostMarks } from './clone-watch.ts';
import type { Epochs } from './epochs/epochs.ts';
import type { Fleet } from './fleet.ts';
import { type LiveBoot, supersededBy } from './supersede.ts';
import { hashSecret } from './tokens.ts';

export type EnrolmentErrorCode = 'token_refused' | 'key_in_use' | 'demo_only' | 'no_demo';

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
  authorities: CertificateAuthorities;
  epochs: Pick<Epochs, 'announced'>;
  live: LiveBoot;
  /** Whether it is for demonstrations: then only invented hosts enrol, and else none of them. */
  demo: boolean;
}

/**
 * Certifies the key of a new agent. The request is checked before the token is used up, and the token before an agent
 * exists. Says whose place it took. Throws EnrolmentError, CertificateError, or StoreError where the store does not answer.
 */
export async function enrolAgent(
  parts: EnrolmentParts,
  request: EnrolRequest,
  { nowUs, from }: { nowUs: number; from: string },
): Promise<{ response: EnrolResponse; superseded: AgentRecord[] }> {
  if (parts.demo && !request.demo) {
    throw new EnrolmentError('demo_only', 'this collector is for demonstrations, and takes no real host');
  }
  if (!parts.demo && request.demo) {
    throw new EnrolmentError('no_demo', 'this collector watches real hosts, and takes none of a demonstration');
  }
  const publicKey = await readCertificateRequest(request.certificateRequest ?? new Uint8Array());
  const id = keyId(publicKey).toString('hex');
  // Also one that was replaced, or of an agent that was revoked: it would come back under another name.
  if (parts.fleet.ownerOf(id) !== undefined) {
    throw new EnrolmentError(
      'key_in_use',
      'this key was enrolled before; remove the identity directory to make another',
    );
  }
  const token = await parts.store.consumeToken(request.tokenId ?? '', hashSecret(request.tokenSecret ?? ''), nowUs);
  if (!token) {
    // One answer for unknown, expired, used up and wrong: it must not help to guess.
    throw new EnrolmentError(
      'token_refused',
      'the token is not valid any more; make one: threatguard agents token create',
    );
  }
  const agentId = randomUUID();
  const { newest, announced } = parts.authorities;
  const certificate = await newest.issue({ name: { kind: 'agent', id: agentId }, publicKey, nowMs: nowUs / 1000 });
  const host = { hostName: request.hostName ?? '', ...hostMarks(request) };
  const { replaces, group } = token;
  const supersedes = supersededBy(host, { agents: parts.fleet.agents(), replaces, live: parts.live });
  const { name } = await parts.fleet.add(
    {
      id: agentId,
      machineId: host.machineId,
      keyId: id,
      certificate: certificate.raw,
      certificateExpiresAtUs: certificate.validToDate.getTime() * 1000,
      enrolledAtUs: nowUs,
      revokedAtUs: undefined,
      lastSeenAtUs: 0,
      version: '',
      os: '',
      kernel: '',
      group,
      supersededBy: undefined,
      keyOrderedAtUs: undefined,
      presentedCa: undefined,
    },
    host.hostName,
    { by: { kind: 'token', id: request.tokenId ?? '', from }, supersedes },
  );
  const response = {
    agentId,
    agentName: name,
    certificate: certificate.raw,
    caCertificate: newest.certificate.raw,
    kemKey: parts.epochs.announced,
    trustAnchors: announced,
  };
  return { response, superseded: supersedes };
}
