import type { FastifyRequest } from 'fastify';
import type { Origin } from '../../access/caller.ts';
import { networkOf } from '../../access/network.ts';
import type { Change } from '../../access/users.ts';

/** Where a request comes from. */
export function originOf(request: FastifyRequest): Origin {
  const { ip, id, socket } = request;
  return { from: `${ip}:${socket.remotePort}`, network: networkOf(ip), correlationId: id };
}

/** A change that the caller of a guarded route makes. */
export function changeBy(request: FastifyRequest, nowMs: number): Change {
  const caller = request.caller!;
  const { from, correlationId } = originOf(request);
  const by = { kind: caller.kind, id: caller.kind === 'token' ? caller.id : caller.userId, from };
  return { by, nowUs: nowMs * 1000, correlationId };
}
