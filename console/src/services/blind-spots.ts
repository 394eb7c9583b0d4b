import { setTimeout as wait } from 'node:timers/promises';
import type { CollectorClient } from '../client/collector-client.ts';
import { blindSpots } from '../model/agent.ts';
import { ConsoleError } from '../model/console-error.ts';

/** Agents tell their health with their first words; after this we say nothing rather than wait on. */
const HEALTH_MS_MAX = 15_000;
const POLL_MS = 250;

/** Tells what the sensors of connected agents cannot see, once they have said how they are. */
export async function tellBlindSpots(parts: {
  client: CollectorClient;
  signal: AbortSignal;
  onNote(note: string): void;
}): Promise<void> {
  const signal = AbortSignal.any([parts.signal, AbortSignal.timeout(HEALTH_MS_MAX)]);
  while (!signal.aborted) {
    const agents = await parts.client.listAgents().catch((error: unknown) => {
      if (error instanceof ConsoleError) return [];
      throw error;
    });
    const speaking = agents.filter((agent) => agent.state === 'connected' && (agent.sensors?.length ?? 0) > 0);
    if (speaking.length > 0) {
      for (const spot of speaking.flatMap(blindSpots)) parts.onNote(spot);
      return;
    }
    await wait(POLL_MS, undefined, { signal }).catch(() => undefined);
  }
}
