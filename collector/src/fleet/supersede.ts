// Which agents of the fleet are the host that enrols now: their records would be ghosts beside it.
import type { AgentRecord } from '../store/fleet-record.ts';
import { safeName } from './fleet.ts';

/** What a host says of itself. Anybody with a token may say it of any host, so by itself it takes nobody's place. */
export interface EnrollingHost {
  hostName: string;
  machineId: string;
  bootId: string;
}

/** The boot of the host an agent streams from now; undefined where it does not stream. */
export type LiveBoot = (agentId: string) => { bootId: string } | undefined;

/**
 * The agents a newly enrolled host takes the place of. With a token made to replace: those of its machine id or its name.
 * With any other: those of its machine id *and* its name that are not connected, or connected from the same boot; a machine
 * that was cloned and enrolled twice has another boot, so neither silences the other.
 */
export function supersededBy(
  host: EnrollingHost,
  { agents, replaces, live }: { agents: readonly AgentRecord[]; replaces: boolean; live: LiveBoot },
): AgentRecord[] {
  const name = safeName(host.hostName);
  return agents.filter((agent) => {
    if (agent.revokedAtUs !== undefined) return false;
    const sameMachine = host.machineId !== '' && agent.machineId === host.machineId;
    const sameName = agent.name === name || isNumbered(agent.name, name);
    if (replaces) return sameMachine || agent.name === name;
    if (!sameMachine || !sameName) return false;
    const boot = live(agent.id);
    return !boot || (boot.bootId !== '' && boot.bootId === host.bootId);
  });
}

function isNumbered(name: string, base: string): boolean {
  return name.startsWith(`${base}-`) && /^\d+$/.test(name.slice(base.length + 1));
}
