// What requests read of persons, as the audit log names it (store/disclosures.ts).
import type { FastifyRequest } from 'fastify';
import type { AccessLog } from '../compliance/access-log.ts';
import { changeBy } from './routes/origin.ts';

/** Scopes whose routes answer with what people did. */
const PERSONAL: ReadonlySet<string> = new Set([
  'alerts:read',
  'events:read',
  'incidents:read',
  'risk:read',
  'analysis:run',
]);
/** Of a body these say when and how much, not what: two polls that differ in nothing else are the same read. */
const SPAN_KEYS: ReadonlySet<string> = new Set(['since', 'until', 'from', 'to', 'after', 'limit']);

/** Resolves when the read is written down, where the route tells of persons; throws where it cannot be. */
export async function discloseRequest(request: FastifyRequest, accesses: Pick<AccessLog, 'note'>): Promise<void> {
  const { access } = request.routeOptions.config;
  if (!access || !PERSONAL.has(access) || !request.caller) return;
  const { by, correlationId } = changeBy(request, 0);
  const path = request.url.split('?', 1)[0] ?? '';
  const what = Object.entries((request.body ?? {}) as object).filter(([key]) => !SPAN_KEYS.has(key));
  const asked = what.length > 0 ? ` ${JSON.stringify(Object.fromEntries(what))}` : '';
  await accesses.note({ ...by, correlationId }, { action: 'api.read', subject: `${request.method} ${path}${asked}` });
}
