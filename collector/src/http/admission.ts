// Who may ask what: one place decides it, before a route sees anything of a request.
import type { FastifyRequest } from 'fastify';
import type { Caller } from '../access/caller.ts';
import type { Access } from './app.ts';
import { ProblemError } from './problem.ts';
import type { RateLimits } from './rate-limits.ts';

export interface AdmissionParts {
  /** Who a bearer token is of; undefined where it is of nobody, or not any more. */
  identify: (token: string) => Promise<Caller | undefined>;
  /** Who bought a ticket, once. */
  redeem: (ticket: string) => Caller | undefined;
  limits: RateLimits;
  /** Who may read health in detail and metrics without a token. */
  monitoring: 'local' | 'anyone' | 'token';
}

const BEARER = /^Bearer (?<token>[A-Za-z0-9._~+/-]+=*)$/i;

export class Admission {
  readonly #parts: AdmissionParts;

  constructor(parts: AdmissionParts) {
    this.#parts = parts;
  }

  /** Who calls, where that had to be known. Throws ProblemError `unauthenticated`, `forbidden` or `rate_limited`. */
  async admit(request: FastifyRequest, access: Access): Promise<Caller | undefined> {
    const { limits, monitoring } = this.#parts;
    const cost = request.routeOptions.config.cost ?? 1;
    if (access === 'anyone') {
      if (cost > 0) await limits.takeOfAddress(request.ip, cost);
      return undefined;
    }
    const caller = await this.#caller(request);
    if (!caller) {
      if (cost > 0) await limits.takeOfAddress(request.ip, cost);
      const open = monitoring === 'anyone' || (monitoring === 'local' && isLocal(request));
      if (access === 'monitoring' && open) return undefined;
      throw new ProblemError('unauthenticated', 'log in, or make a token with "threatguard users token create"');
    }
    if (cost > 0) await limits.takeOfCaller(caller.id, cost);
    if (access === 'known') return caller;
    const scope = access === 'monitoring' ? 'monitoring:read' : access;
    if (!caller.scopes.has(scope)) throw new ProblemError('forbidden', `this needs the scope ${scope}`);
    return caller;
  }

  /** Undefined where nothing was shown. What was shown and proves nobody is refused, whatever is asked. */
  async #caller({ headers, ip, query, routeOptions }: FastifyRequest): Promise<Caller | undefined> {
    if (headers.authorization === undefined) {
      const { ticket } = query as { ticket?: unknown };
      return routeOptions.config.ticket && typeof ticket === 'string' ? this.#parts.redeem(ticket) : undefined;
    }
    const token = BEARER.exec(headers.authorization)?.groups?.token;
    const caller = token && (await this.#parts.identify(token));
    if (caller) return caller;
    await this.#parts.limits.failedFrom(ip);
    throw new ProblemError('unauthenticated', 'this token is not valid, or not any more; log in again');
  }
}

/**
 * Whether it was asked on this host, by a name of this host. What a proxy passes on is not, and neither is what a page of
 * somebody else has a browser here ask (DNS rebinding shows that page's name).
 */
function isLocal({ ip, headers }: FastifyRequest): boolean {
  const loopback = /^(127\.\d+\.\d+\.\d+|::1|::ffff:127\.\d+\.\d+\.\d+)$/.test(ip);
  const host = /^(localhost|127\.0\.0\.1|\[::1\])(:\d+)?$/i.test(headers.host ?? '');
  const passedOn = headers.forwarded !== undefined || headers['x-forwarded-for'] !== undefined;
  return loopback && host && !passedOn;
}
