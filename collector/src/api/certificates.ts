// The Certificates service: CAs and keys of the fleet, for consoles.

import type { UntypedServiceImplementation } from '@grpc/grpc-js';
import type {
  GetCasResponse,
  OrderKeysRequest,
  OrderKeysResponse,
  RenewConsoleResponse,
  RetireCaRequest,
  RetireCaResponse,
  RotateCaResponse,
} from '@threatguard/proto';
import { CaError } from '../fleet/authorities.ts';
import { type CaHolder, type HolderParts, holdersByCa } from '../fleet/ca-holders.ts';
import type { CertificateCare } from '../fleet/certificate-care.ts';
import { orderKey } from '../fleet/certification.ts';
import type { Presence } from '../fleet/presence.ts';
import type { CallFrom } from '../ingest/call-from.ts';
import type { PeerIdentity } from '../ingest/peers.ts';
import type { AuditActor } from '../store/audit-entry.ts';
import type { AgentRecord } from '../store/fleet-record.ts';
import { ApiError, unary } from './grpc-status.ts';

/** Holders named in one answer; the count says how many there are. */
const HOLDERS_MAX = 1_000;

export interface CertificatesParts extends HolderParts {
  presence: Presence;
  care: Pick<CertificateCare, 'renewOwn' | 'forget'>;
  /** Tells every agent that streams whom to trust; how many those are. */
  announceAnchors: () => number;
  peer: (address: string) => PeerIdentity | undefined;
  actor: (from: CallFrom) => AuditActor;
  failed: (error: unknown) => void;
}

export function certificatesHandlers(parts: CertificatesParts): UntypedServiceImplementation {
  const { actor, failed } = parts;
  return {
    getCas: unary(() => getCas(parts), failed),
    rotateCa: unary((_: object, from) => rotateCa(parts, actor(from)), failed),
    retireCa: unary((request: RetireCaRequest, from) => retireCa(parts, request, actor(from)), failed),
    orderKeys: unary((request: OrderKeysRequest, from) => orderKeys(parts, request, actor(from)), failed),
    renewConsole: unary((_: object, { address }) => renewConsole(parts, address), failed),
  };
}

async function getCas(parts: CertificatesParts): Promise<GetCasResponse> {
  const { authorities, presence } = parts;
  const holders = await holdersByCa(parts);
  const newest = authorities.newest.fingerprint;
  return {
    cas: authorities.all.map(({ sha256, certificate, authority }) => {
      const state = sha256 === newest ? 'newest' : authority ? 'trusted' : 'retired';
      const held = holders.get(sha256) ?? [];
      return {
        sha256,
        state,
        madeAtUs: certificate.validFromDate.getTime() * 1000,
        expiresAtUs: certificate.validToDate.getTime() * 1000,
        certificates: held.length,
        holders: state === 'trusted' ? held.slice(0, HOLDERS_MAX).map(holder) : [],
      };
    }),
  };

  function holder({ id, ...each }: CaHolder) {
    return { ...each, connected: each.kind === 'agent' && (presence.get(id)?.connected ?? false) };
  }
}

/** Makes the next CA, tells everybody, and lets certificates follow. */
async function rotateCa(parts: CertificatesParts, by: AuditActor): Promise<RotateCaResponse> {
  const { authorities, store, nowUs } = parts;
  const { newest, former } = await authorities.rotate(nowUs() / 1000);
  const states = {
    before: { newest: former.fingerprint },
    after: { newest: newest.fingerprint, trusted: trusted(parts) },
  };
  await store.recordFact({ action: 'ca.rotated', subject: newest.fingerprint, ...states }, nowUs(), by);
  // Told before anything is signed under the new CA.
  const agentsTold = parts.announceAnchors();
  await parts.care.renewOwn();
  return { sha256: newest.fingerprint, formerSha256: former.fingerprint, agentsTold };
}

async function retireCa(
  parts: CertificatesParts,
  { force }: RetireCaRequest,
  by: AuditActor,
): Promise<RetireCaResponse> {
  const { authorities, store, nowUs } = parts;
  const before = { trusted: trusted(parts) };
  const newest = authorities.newest.fingerprint;
  const holders = [...(await holdersByCa(parts))].flatMap(([ca, held]) => (ca === newest ? [] : held));
  if (holders.length > 0 && !force) {
    throw new CaError(
      'certificates_in_use',
      `${holders.length} certificates still chain to it, of ${names(holders)}; wait until "threatguard ca status" names nobody, revoke those that are gone, or lock them out with --force`,
    );
  }
  const retired = (await authorities.retire(nowUs() / 1000)).map(({ sha256 }) => sha256);
  const after = { trusted: trusted(parts), lockedOut: holders.map(({ name }) => name) };
  await store.recordFact({ action: 'ca.retired', subject: retired.join(' '), before, after }, nowUs(), by);
  await parts.care.renewOwn();
  parts.announceAnchors();
  return { retiredSha256: retired, lockedOut: holders.length };
}

async function orderKeys(
  parts: CertificatesParts,
  request: OrderKeysRequest,
  by: AuditActor,
): Promise<OrderKeysResponse> {
  const { fleet, presence, care, nowUs } = parts;
  const agents = request.agent ? [find(parts, request.agent)] : fleet.agents().filter(isLive);
  for (const agent of agents) {
    await orderKey(fleet, agent, { nowUs: nowUs(), by });
    care.forget(agent.id);
  }
  const connected = agents.filter(({ id }) => presence.get(id)?.connected).length;
  return { ordered: agents.length, connected };
}

/** For the key the console has: TLS proved that it holds it. */
async function renewConsole(parts: CertificatesParts, address: string): Promise<RenewConsoleResponse> {
  const { authorities, store, nowUs } = parts;
  const console = parts.peer(address);
  if (!console) throw new ApiError('invalid', 'the connection is gone');
  const name = { kind: 'console', id: console.id } as const;
  const certificate = await authorities.newest.issue({ name, publicKey: console.publicKey, nowMs: nowUs() / 1000 });
  const states = {
    before: { expiresAtUs: console.certificate.validToDate.getTime() * 1000 },
    after: { expiresAtUs: certificate.validToDate.getTime() * 1000 },
  };
  const by = { kind: 'console', id: console.id, from: address } as const;
  await store.recordFact({ action: 'console.renewed', subject: console.id, ...states }, nowUs(), by);
  return { certificate: certificate.raw, trustAnchors: authorities.announced };
}

function find({ fleet }: CertificatesParts, nameOrId: string): AgentRecord {
  const agent = fleet.find(nameOrId);
  if (!agent) throw new ApiError('not_found', 'no agent has this name or id; threatguard agents list shows them all');
  if (isLive(agent)) return agent;
  throw new ApiError('invalid', `${agent.name} is revoked; its key is not used any more`);
}

const isLive = (agent: AgentRecord) => agent.revokedAtUs === undefined;

const trusted = ({ authorities }: CertificatesParts) => authorities.trusted.map(({ fingerprint }) => fingerprint);

function names(holders: readonly { name: string }[]): string {
  const shown = holders.slice(0, 3).map(({ name }) => name);
  return holders.length > shown.length
    ? `${shown.join(', ')} and ${holders.length - shown.length} more`
    : shown.join(', ');
}
