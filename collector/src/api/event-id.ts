// An event by name: AGENT/STREAM/SEQUENCE/INDEX, as `event.id` has it in what consoles print.
import type { StoredEvent } from '@threatguard/proto';
import type { Fleet } from '../fleet/fleet.ts';
import type { Store } from '../store/store.ts';
import { ApiError } from './grpc-status.ts';

const FORM = /^(?<agent>.{1,256})\/(?<stream>[0-9a-f]{4,32})\/(?<sequence>\d{1,15})\/(?<index>\d{1,9})$/s;

export interface EventPlaces {
  store: Store;
  fleet: Pick<Fleet, 'find'>;
}

/** The agent may be named, the stream cut short. Throws ApiError. */
export async function findEvent({ store, fleet }: EventPlaces, text: string): Promise<StoredEvent> {
  const parts = FORM.exec(text.trim())?.groups;
  if (!parts) {
    const how = 'threatguard events search and alerts show print them as event.id';
    throw new ApiError('invalid', `this is no event id, AGENT/STREAM/SEQUENCE/INDEX: ${how}`);
  }
  const agent = fleet.find(parts.agent!);
  if (!agent) throw new ApiError('not_found', 'no agent has this name or id; threatguard agents list shows them all');
  const streams = (await store.streamPositions(agent.id)).filter(({ streamId }) =>
    hex(streamId).startsWith(parts.stream!),
  );
  if (streams.length > 1) throw new ApiError('ambiguous', 'several streams of this agent begin so: give more of it');
  const streamId = streams[0]?.streamId;
  const reference = { agentId: agent.id, streamId, sequence: Number(parts.sequence), index: Number(parts.index) };
  const [event] = streamId ? await store.eventsByReference([reference]) : [];
  if (!event) throw new ApiError('not_found', 'no such event is kept');
  return event;
}

export function eventIdOf({ reference }: StoredEvent): string {
  const { agentId = '', streamId, sequence = 0, index = 0 } = reference ?? {};
  return `${agentId}/${hex(streamId)}/${sequence}/${index}`;
}

function hex(bytes: Uint8Array | null | undefined): string {
  return Buffer.from(bytes ?? []).toString('hex');
}
