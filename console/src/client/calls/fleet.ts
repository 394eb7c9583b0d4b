import {
  type AgentSummary,
  type CreateTokenRequest,
  type CreateTokenResponse,
  type CryptoReport,
  consoleService,
  cryptoService,
  type GetAgentResponse,
  type LabelAgentRequest,
  type LabelAgentResponse,
  type RemoveAgentRequest,
  type RemoveAgentResponse,
  type RevokeAgentResponse,
  type StatusReport,
} from '@threatguard/proto';
import type { Connection } from '../connection.ts';

export const fleetCalls = (connection: Connection) => ({
  getStatus(): Promise<StatusReport> {
    return connection.call(consoleService.getStatus, {});
  },

  async listAgents(): Promise<AgentSummary[]> {
    return (await connection.call(consoleService.listAgents, {})).agents ?? [];
  },

  getAgent(agent: string): Promise<GetAgentResponse> {
    return connection.call(consoleService.getAgent, { agent });
  },

  revokeAgent(agent: string): Promise<RevokeAgentResponse> {
    return connection.call(consoleService.revokeAgent, { agent });
  },

  labelAgent(request: LabelAgentRequest): Promise<LabelAgentResponse> {
    return connection.call(consoleService.labelAgent, request);
  },

  removeAgent(request: RemoveAgentRequest): Promise<RemoveAgentResponse> {
    return connection.call(consoleService.removeAgent, request);
  },

  /** Of the hosts against a profile; the fleet's own where `policy` is empty. */
  reportCrypto(policy: string): Promise<CryptoReport> {
    return connection.call(cryptoService.report, { policy });
  },

  createToken(request: CreateTokenRequest): Promise<CreateTokenResponse> {
    return connection.call(consoleService.createToken, request);
  },
});
