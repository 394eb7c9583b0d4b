import {
  consoleService,
  type Entity,
  type GetEntityRequest,
  type GetEntityResponse,
  type Incident,
  type ListIncidentsRequest,
} from '@threatguard/proto';
import type { Connection } from '../connection.ts';
import { collect, type Span } from '../pages.ts';

export const storiesCalls = (connection: Connection) => ({
  /** Highest risk first, at most `limit`. */
  listEntities(kind: string, limit: number): Promise<Entity[]> {
    return collect(limit, async (rows, after) => {
      const page = await connection.call(consoleService.listEntities, { kind, limit: rows, after });
      return { rows: page.entities ?? [], next: page.next ?? '' };
    });
  },

  getEntity(request: GetEntityRequest): Promise<GetEntityResponse> {
    return connection.call(consoleService.getEntity, request);
  },

  /** Newest change first, at most `limit`; the span is of the changes. */
  listIncidents(
    filter: Pick<ListIncidentsRequest, 'state' | 'severityMin'>,
    limit: number,
    span: Span = {},
  ): Promise<Incident[]> {
    return collect(limit, async (rows, after) => {
      const page = await connection.call(consoleService.listIncidents, { ...filter, ...span, limit: rows, after });
      return { rows: page.incidents ?? [], next: page.next ?? '' };
    });
  },

  async getIncident(id: string): Promise<Incident | undefined> {
    return (await connection.call(consoleService.getIncident, { id })).incident ?? undefined;
  },
});
