// What the collector notices about its agents by itself, each as a detection on its way to the pipeline.
import type { Detection } from '@threatguard/proto';
import {
  agentCloned,
  agentReplaced,
  agentSilent,
  clockOff,
  cryptoWeaker,
  epochContradicted,
  epochUnconfirmed,
  keySuperseded,
} from './detect/health.ts';

export interface AgentReportsParts {
  agentName: (agentId: string) => string;
  /** What an agent may be silent for. */
  silenceUsMax: number;
  nowUs: () => number;
  report: (detection: Detection) => void;
}

export type AgentReports = ReturnType<typeof agentReports>;

export function agentReports({ agentName, silenceUsMax, nowUs, report }: AgentReportsParts) {
  const about = (agentId: string) => ({ agentId, agentName: agentName(agentId), atUs: nowUs() });
  type Facts<Of extends (facts: never) => Detection> = Omit<Parameters<Of>[0], 'agentId' | 'agentName' | 'atUs'>;
  return {
    silent: (agentId: string, lastSeenAtUs: number) =>
      report(agentSilent({ ...about(agentId), lastSeenAtUs, silenceUsMax })),
    clockOff: (agentId: string, offsetUs: number) => report(clockOff({ ...about(agentId), offsetUs })),
    cryptoWeaker: (agentId: string, what: readonly string[]) => report(cryptoWeaker({ ...about(agentId), what })),
    cloned: (agentId: string, facts: Facts<typeof agentCloned>) => report(agentCloned({ ...about(agentId), ...facts })),
    replaced: (agentId: string, facts: Facts<typeof agentReplaced>) =>
      report(agentReplaced({ ...about(agentId), ...facts })),
    keySuperseded: (agentId: string, address: string) => report(keySuperseded({ ...about(agentId), address })),
    epochContradicted: (agentId: string, facts: Facts<typeof epochContradicted>) =>
      report(epochContradicted({ ...about(agentId), ...facts })),
    epochUnconfirmed: (agentId: string, facts: Facts<typeof epochUnconfirmed>) =>
      report(epochUnconfirmed({ ...about(agentId), ...facts })),
  };
}
