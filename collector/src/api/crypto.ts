// What consoles ask of the cryptography in use.
import type { UntypedServiceImplementation } from '@grpc/grpc-js';
import {
  activeProfile,
  type CryptoHost,
  type CryptoReport,
  type CryptoReportRequest,
  PROFILES,
  type ProfileName,
  suggest,
} from '@threatguard/proto';
import { belowPolicy } from '../fleet/crypto-policy.ts';
import type { Fleet } from '../fleet/fleet.ts';
import type { Presence } from '../fleet/presence.ts';
import type { Store } from '../store/store.ts';
import { ApiError, unary } from './grpc-status.ts';

export interface CryptoServiceParts {
  store: Pick<Store, 'agentSessions'>;
  fleet: Fleet;
  presence: Presence;
  nowUs: () => number;
  failed: (error: unknown) => void;
}

/** The Crypto service. Callers are consoles: authorisation is done before. */
export function cryptoHandlers(parts: CryptoServiceParts): UntypedServiceImplementation {
  return { report: unary((request: CryptoReportRequest) => reportCrypto(parts, request), parts.failed) };
}

async function reportCrypto(parts: CryptoServiceParts, request: CryptoReportRequest): Promise<CryptoReport> {
  const profile = activeProfile();
  const asked = request.policy || profile.name;
  if (!Object.hasOwn(PROFILES, asked)) {
    throw new ApiError('invalid', `there is no profile of this name${suggest(asked, Object.keys(PROFILES))}`);
  }
  const policy = PROFILES[asked as ProfileName];
  const sessions = new Map((await parts.store.agentSessions()).map((session) => [session.agentId, session]));
  const hosts = parts.fleet
    .agents()
    .filter((agent) => agent.revokedAtUs === undefined)
    .map((agent): CryptoHost & { below: string[]; name: string } => {
      const session = sessions.get(agent.id);
      return {
        agentId: agent.id,
        name: agent.name,
        connected: parts.presence.get(agent.id)?.connected ?? false,
        tlsProtocol: session?.tlsProtocol,
        tlsGroup: session?.tlsGroup,
        signatureAlgorithm: session?.signatureAlgorithm,
        keyId: session?.keyId ?? agent.keyId,
        certificateExpiresAtUs: session?.certificateExpiresAtUs ?? agent.certificateExpiresAtUs,
        provider: session?.provider,
        sinceUs: session?.firstAtUs,
        sessionAtUs: session?.lastAtUs,
        // Nothing that never spoke was protected too weakly.
        below: session ? belowPolicy(session, policy, parts.nowUs()) : [],
      };
    })
    .sort((a, b) => Number(b.below.length > 0) - Number(a.below.length > 0) || (a.name < b.name ? -1 : 1));
  const below = hosts.filter((host) => host.below.length > 0).length;
  return { profile: profile.name, policy: policy.name, hosts, below };
}
