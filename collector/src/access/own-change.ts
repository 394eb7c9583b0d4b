import type { UserRecord } from '../store/access-store.ts';
import type { Origin } from './caller.ts';
import type { Change } from './users.ts';

/** What a user changes of his own. */
export function ownChange({ id }: UserRecord, { from, correlationId }: Origin, nowUs: number): Change {
  return { by: { kind: 'user', id, from }, nowUs, correlationId };
}
