import { type HuntPart, type HuntRequest, huntService, type SavedHunt, type SaveHuntRequest } from '@threatguard/proto';
import type { Connection } from '../connection.ts';

export const huntsCalls = (connection: Connection) => ({
  /** A hunt in parts, as they are found, until the signal fires; the collector then ends it too. */
  async *runHunt(request: HuntRequest, signal: AbortSignal): AsyncIterable<HuntPart> {
    try {
      yield* connection.stream(huntService.run, request, signal);
    } catch (error) {
      // Whoever ended it keeps what was found.
      if (!signal.aborted) throw error;
    }
  },

  saveHunt(request: SaveHuntRequest): Promise<SavedHunt> {
    return connection.call(huntService.save, request);
  },

  /** By name. */
  async listHunts(): Promise<SavedHunt[]> {
    return (await connection.call(huntService.list, {})).hunts ?? [];
  },

  async removeHunt(name: string): Promise<void> {
    await connection.call(huntService.remove, { name });
  },
});
