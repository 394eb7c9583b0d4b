import type { UntypedServiceImplementation } from '@grpc/grpc-js';
import type { EnrolRequest } from '@threatguard/proto';
import { type EnrolmentParts, enrolAgent } from '../fleet/enrolment.ts';
import { RateLimit } from '../ingest/rate-limit.ts';
import { ApiError, unary } from './grpc-status.ts';

/** Of one address; ten times as much of all together. */
const RATE = { burst: 100, perSecond: 10, totalFactor: 10 };

/** The Enrolment service: the only one that answers to peers nobody knows yet. */
export function enrolmentHandlers(parts: {
  fleet: EnrolmentParts;
  nowMs: () => number;
  enrolled: (agent: { agent: string | undefined; agentName: string | undefined; address: string }) => void;
  failed: (error: unknown) => void;
}): UntypedServiceImplementation {
  const { fleet, nowMs, enrolled, failed } = parts;
  const limit = new RateLimit(RATE);
  return {
    enrol: unary(async (request: EnrolRequest, address) => {
      if (!limit.allows(address.slice(0, address.lastIndexOf(':')), nowMs())) {
        throw new ApiError('rate_limited', 'too many enrolments at once; try again in a minute');
      }
      const response = await enrolAgent(fleet, request, { nowUs: nowMs() * 1000, from: address });
      enrolled({ agent: response.agentId, agentName: response.agentName, address });
      return response;
    }, failed),
  };
}
