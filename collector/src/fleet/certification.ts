// New certificates for agents that are known: renewed for the key they have, for a key that the old one vouches for, or once
// more after the old certificate expired. The name in it comes from the fleet's record, never from a request.
import { type KeyObject, X509Certificate } from 'node:crypto';
import {
  type CertificateRequest,
  keyId,
  RefusalError,
  type SignedKeySuccession,
  verifyKeySuccession,
} from '@threatguard/proto';
import type { AuditActor } from '../store/audit-entry.ts';
import type { AgentRecord } from '../store/fleet-record.ts';
import type { CertificateAuthorities } from './authorities.ts';
import { readCertificateRequest, VALID_DAYS } from './certificate-authority.ts';
import type { Fleet } from './fleet.ts';

const DAY_US = 24 * 60 * 60 * 1_000_000;
const LIFE_US = VALID_DAYS.agent * DAY_US;
/** Certificates are asked to be renewed when less than this is left: at two thirds of their life. */
const RENEWED_BELOW_US = LIFE_US / 3;
/** A host whose clock is ahead asks early; one that asks all the time gets the certificate it has. */
const RENEWABLE_BELOW_US = LIFE_US / 2;
/** Keys granted to an agent that it has not connected with: it may lose one before it is used, and not one after another. */
const GRANTED_KEYS_MAX = 4;

export type CertificationErrorCode =
  | 'agent_revoked'
  | 'key_foreign' // not the key of this connection
  | 'key_in_use' // somebody has or had it
  | 'not_ordered' // nobody asked this agent for a new key
  | 'succession_invalid'
  | 'too_many_keys'
  | 'grace_over'
  | 'other_machine';

/** No certificate for this request, however often it is sent. The message is for the agent's log. */
export class CertificationError extends Error {
  override readonly name = 'CertificationError';
  readonly code: CertificationErrorCode;

  constructor(code: CertificationErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}

export interface CertificationParts {
  fleet: Fleet;
  authorities: CertificateAuthorities;
}

/** Who asks: the agent of a connection, and the key TLS proved. */
export interface Asking {
  agentId: string;
  publicKey: KeyObject;
  from: string;
  nowUs: number;
}

/** Whether an agent should ask for another certificate now, and why; undefined where it need not. */
export function certificateOrder(
  agent: AgentRecord,
  { newestCa, nowUs }: { newestCa: string; nowUs: number },
): { newKey: boolean; reason: string } | undefined {
  if (agent.revokedAtUs !== undefined) return undefined;
  if (agent.keyOrderedAtUs !== undefined) return { newKey: true, reason: 'signing keys are rotated' };
  if (agent.presentedCa !== undefined && agent.presentedCa !== newestCa) {
    return { newKey: false, reason: 'the CA was rotated' };
  }
  if (agent.certificateExpiresAtUs - nowUs < RENEWED_BELOW_US) {
    return { newKey: false, reason: 'two thirds of its life are over' };
  }
  return undefined;
}

/** The certificate for a request on an agent's own stream, DER. Throws CertificationError or CertificateError. */
export async function certifyAgent(
  parts: CertificationParts,
  request: CertificateRequest,
  asking: Asking,
): Promise<Uint8Array> {
  const agent = liveAgent(parts.fleet, asking.agentId);
  const publicKey = await readCertificateRequest(request.certificateRequest ?? new Uint8Array());
  const succession = {
    succession: request.succession ?? new Uint8Array(),
    signature: request.successionSignature ?? new Uint8Array(),
  };
  if (succession.succession.length > 0) return grantKey(parts, { agent, publicKey, succession }, asking);
  if (!sameKey(publicKey, asking.publicKey)) {
    throw new CertificationError('key_foreign', 'a new key needs the signature of the old one');
  }
  const held = await newestCertificate(parts, agent, publicKey);
  const isYoung = held && held.validToDate.getTime() * 1000 - asking.nowUs > RENEWABLE_BELOW_US;
  if (held && isYoung && held.checkIssued(parts.authorities.newest.certificate)) return held.raw;
  return renew(parts, { agent, publicKey, action: 'agent.renewed' }, asking);
}

/**
 * The certificate for an agent whose own has expired; TLS proved that the caller holds its key. Throws CertificationError
 * where the agent was revoked, is another machine now, or expired longer ago than `graceUs`.
 */
export async function recoverAgent(
  parts: CertificationParts,
  request: { certificateRequest: Uint8Array; machineId: string },
  asking: Asking & { expiredAtUs: number; graceUs: number },
): Promise<Uint8Array> {
  const agent = liveAgent(parts.fleet, asking.agentId);
  const publicKey = await readCertificateRequest(request.certificateRequest);
  if (!sameKey(publicKey, asking.publicKey)) {
    throw new CertificationError('key_foreign', 'only the key of the expired certificate is certified again');
  }
  if (asking.nowUs - asking.expiredAtUs > asking.graceUs) {
    const days = Math.round(asking.graceUs / DAY_US);
    throw new CertificationError(
      'grace_over',
      `it expired more than ${days} days ago; enroll this host again with --force`,
    );
  }
  if (agent.machineId && request.machineId && agent.machineId !== request.machineId) {
    throw new CertificationError('other_machine', 'this is another machine than the one that was enrolled; enroll it');
  }
  return renew(parts, { agent, publicKey, action: 'agent.recovered' }, asking);
}

/** What a connection with a certificate proves: that the agent holds the key and trusts the CA it was issued by. */
export async function agentPresented(
  { fleet }: CertificationParts,
  presented: { agentId: string; certificate: X509Certificate; caSha256: string },
  nowUs: number,
): Promise<void> {
  const agent = fleet.agent(presented.agentId);
  if (!agent) return;
  const { certificate, caSha256: presentedCa } = presented;
  const key = keyId(certificate.publicKey).toString('hex');
  const held = { presentedCa };
  if (fleet.standing(agent.id, key) === 'granted') {
    const { validToDate } = certificate;
    await fleet.change(
      agent.id,
      {
        action: 'agent.key_rotated',
        agent: {
          ...held,
          keyId: key,
          certificate: certificate.raw,
          certificateExpiresAtUs: validToDate.getTime() * 1000,
          keyOrderedAtUs: undefined,
        },
        before: { keyId: agent.keyId },
        after: { keyId: key },
      },
      { atUs: nowUs },
    );
  } else if (agent.presentedCa !== presentedCa) {
    const states = { before: { ca: agent.presentedCa ?? '' }, after: { ca: presentedCa } };
    await fleet.change(agent.id, { action: 'agent.ca_followed', agent: held, ...states }, { atUs: nowUs });
  }
}

/** Asks an agent for a new signing key; it stands until the agent has connected with one. */
export async function orderKey(
  fleet: Fleet,
  agent: AgentRecord,
  { nowUs, by }: { nowUs: number; by: AuditActor },
): Promise<void> {
  if (agent.revokedAtUs !== undefined || agent.keyOrderedAtUs !== undefined) return;
  const states = { before: { keyId: agent.keyId }, after: { keyId: agent.keyId, keyOrdered: true } };
  await fleet.change(
    agent.id,
    { action: 'agent.key_ordered', agent: { keyOrderedAtUs: nowUs }, ...states },
    { atUs: nowUs, by },
  );
}

async function grantKey(
  parts: CertificationParts,
  { agent, publicKey, succession }: { agent: AgentRecord; publicKey: KeyObject; succession: SignedKeySuccession },
  asking: Asking,
): Promise<Uint8Array> {
  const { fleet } = parts;
  const old = keyId(asking.publicKey).toString('hex');
  const key = keyId(publicKey).toString('hex');
  try {
    verifyKeySuccession(succession, { agentId: agent.id, oldPublicKey: asking.publicKey, newPublicKey: publicKey });
  } catch (error) {
    if (error instanceof RefusalError) throw new CertificationError('succession_invalid', error.message);
    throw error;
  }
  if (fleet.standing(agent.id, old) !== 'current') {
    throw new CertificationError('succession_invalid', 'only the present key names its successor');
  }
  const owner = fleet.ownerOf(key);
  if (owner === agent.id && fleet.standing(agent.id, key) === 'granted') {
    // Asked again for the same: the answer was lost on its way.
    return (await newestCertificate(parts, agent, publicKey))!.raw;
  }
  if (owner !== undefined) throw new CertificationError('key_in_use', 'this key is or was in use; make another');
  if (agent.keyOrderedAtUs === undefined) {
    throw new CertificationError('not_ordered', 'nobody asked for a new key: threatguard agents rotate-key does');
  }
  if (fleet.grantedKeys(agent) >= GRANTED_KEYS_MAX) {
    throw new CertificationError('too_many_keys', 'too many keys were granted and never used; enroll this host again');
  }
  const certificate = await issue(parts, agent, publicKey, asking.nowUs);
  await fleet.change(
    agent.id,
    {
      action: 'agent.key_granted',
      agent: {},
      issued: { ...facts(agent, key, certificate), succession },
      before: { keyId: agent.keyId },
      after: { keyId: agent.keyId, granted: key },
    },
    { atUs: asking.nowUs, by: { kind: 'agent', id: agent.id, from: asking.from } },
  );
  return certificate.raw;
}

async function renew(
  parts: CertificationParts,
  {
    agent,
    publicKey,
    action,
  }: { agent: AgentRecord; publicKey: KeyObject; action: 'agent.renewed' | 'agent.recovered' },
  asking: Asking,
): Promise<Uint8Array> {
  const key = keyId(publicKey).toString('hex');
  const certificate = await issue(parts, agent, publicKey, asking.nowUs);
  const issued = { ...facts(agent, key, certificate), succession: undefined };
  // Of a key that was granted and not used yet the record is kept with that key's certificates alone.
  const isCurrent = key === agent.keyId;
  const expiresAtUs = issued.notAfterUs;
  const change = isCurrent ? { certificate: certificate.raw, certificateExpiresAtUs: expiresAtUs } : {};
  const states = { before: { expiresAtUs: agent.certificateExpiresAtUs }, after: { expiresAtUs } };
  await parts.fleet.change(
    agent.id,
    { action, agent: change, issued, ...states },
    { atUs: asking.nowUs, by: { kind: 'agent', id: agent.id, from: asking.from } },
  );
  return certificate.raw;
}

function issue(parts: CertificationParts, agent: AgentRecord, publicKey: KeyObject, nowUs: number) {
  return parts.authorities.newest.issue({ name: { kind: 'agent', id: agent.id }, publicKey, nowMs: nowUs / 1000 });
}

async function newestCertificate(
  { fleet }: CertificationParts,
  agent: AgentRecord,
  publicKey: KeyObject,
): Promise<X509Certificate | undefined> {
  const key = keyId(publicKey).toString('hex');
  const held = (await fleet.certificatesOf(agent.id)).findLast(({ keyId: each }) => each === key);
  return held && new X509Certificate(held.certificate);
}

function facts(agent: AgentRecord, key: string, certificate: X509Certificate) {
  return {
    agentId: agent.id,
    keyId: key,
    notBeforeUs: certificate.validFromDate.getTime() * 1000,
    notAfterUs: certificate.validToDate.getTime() * 1000,
    certificate: certificate.raw,
  };
}

function liveAgent(fleet: Fleet, agentId: string): AgentRecord {
  const agent = fleet.agent(agentId);
  if (agent && agent.revokedAtUs === undefined) return agent;
  throw new CertificationError('agent_revoked', 'this agent was revoked; enroll it again to bring it back');
}

function sameKey(a: KeyObject, b: KeyObject): boolean {
  return keyId(a).equals(keyId(b));
}
