import type { UntypedServiceImplementation } from '@grpc/grpc-js';
import type { EnrolRequest, RecoverRequest } from '@threatguard/proto';
import { CertificationError, recoverAgent } from '../fleet/certification.ts';
import { hostMarks } from '../fleet/clone-watch.ts';
import { type EnrolmentParts, enrolAgent } from '../fleet/enrolment.ts';
import type { PeerIdentity } from '../ingest/peers.ts';
import { RateLimit } from '../ingest/rate-limit.ts';
import type { AgentRecord } from '../store/fleet-record.ts';
import { ApiError, unary } from './grpc-status.ts';

/** Of one address; ten times as much of all together. */
const RATE = { burst: 100, perSecond: 10, totalFactor: 10 };

export interface EnrolmentServiceParts {
  fleet: EnrolmentParts;
  /** How long after its expiry an agent may still ask for another certificate. */
  graceUs: number;
  nowMs: () => number;
  /** The agent at an address whose certificate was one, and has expired. */
  expired: (address: string) => PeerIdentity | undefined;
  enrolled: (
    agent: { agent: string; agentName: string | undefined; address: string },
    superseded: readonly AgentRecord[],
  ) => void;
  recovered: (agent: { agent: string; address: string; bootId: string }) => void;
  /** An expired certificate was shown by a host with another machine id. */
  otherMachine: (agentId: string, address: string) => void;
  failed: (error: unknown) => void;
}

/** The Enrolment service: the only one that answers to peers nobody knows yet, and to agents that came too late. */
export function enrolmentHandlers(parts: EnrolmentServiceParts): UntypedServiceImplementation {
  const { fleet, nowMs, enrolled, failed } = parts;
  const limit = new RateLimit(RATE);
  return {
    enrol: unary(async (request: EnrolRequest, { address }) => {
      if (!limit.allows(address.slice(0, address.lastIndexOf(':')), nowMs())) {
        throw new ApiError('rate_limited', 'too many enrolments at once; try again in a minute');
      }
      const { response, superseded } = await enrolAgent(fleet, request, { nowUs: nowMs() * 1000, from: address });
      enrolled({ agent: response.agentId ?? '', agentName: response.agentName ?? undefined, address }, superseded);
      return response;
    }, failed),
    recover: unary((request: RecoverRequest, { address }) => recover(parts, request, address), failed),
  };
}

async function recover(parts: EnrolmentServiceParts, request: RecoverRequest, from: string) {
  const { fleet, graceUs, nowMs } = parts;
  const expired = parts.expired(from);
  if (!expired) throw new ApiError('invalid', 'this is for agents whose certificate has expired');
  const { id: agentId, publicKey } = expired;
  const { machineId, bootId } = hostMarks(request);
  const expiredAtUs = expired.certificate.validToDate.getTime() * 1000;
  try {
    const certificate = await recoverAgent(
      fleet,
      { certificateRequest: request.certificateRequest ?? new Uint8Array(), machineId },
      { agentId, publicKey, from, nowUs: nowMs() * 1000, expiredAtUs, graceUs },
    );
    parts.recovered({ agent: agentId, address: from, bootId });
    return { certificate, trustAnchors: fleet.authorities.announced };
  } catch (error) {
    if (error instanceof CertificationError && error.code === 'other_machine') parts.otherMachine(agentId, from);
    throw error;
  }
}
