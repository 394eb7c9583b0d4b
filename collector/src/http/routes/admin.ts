// The admin page: made here, no script, a cookie that only this service reads. What comes with the cookie and changes
// something has to prove that it came from a page of ours (CSRF): the cookie is not sent along from other sites (SameSite), the
// browser names the origin of the page, and the form has a value that only our page knew.
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { Access } from '../../access/access.ts';
import { AccessError } from '../../access/access-error.ts';
import type { Caller } from '../../access/caller.ts';
import type { Scope } from '../../access/scopes.ts';
import { type AgentsParts, listAgents } from '../../api/agents.ts';
import type { HttpApp } from '../app.ts';
import type { HealthBoard } from '../health/board.ts';
import { agentsPage, consolePage, keysPage, statusPage, type Visitor } from '../pages/admin-pages.ts';
import { loggedOutPage, loginPage } from '../pages/login-page.ts';
import { PROBLEMS, ProblemError, toProblemError } from '../problem.ts';
import type { RateLimits } from '../rate-limits.ts';
import type { HttpStatus } from '../status.ts';
import { isoTime } from '../times.ts';
import { cookieOf, sendPage, setCookie } from './cookies.ts';
import { originOf } from './origin.ts';
import { singleSignOnRoutes } from './single-sign-on.ts';

const COOKIE_SECONDS = 24 * 3600;
const FORM_BYTES_MAX = 4_096;

const loginForm = z.strictObject({
  name: z.string().max(64),
  password: z.string().max(256),
  code: z.string().max(6).default(''),
});
const logoutForm = z.strictObject({ csrf: z.string().max(64) });

export interface AdminRoutesParts {
  access: Access;
  limits: RateLimits;
  status: HttpStatus;
  board: HealthBoard;
  agents: AgentsParts;
  /** Whether the service speaks TLS: then the cookie is for TLS alone. */
  secure: boolean;
}

export function adminRoutes(app: HttpApp, parts: AdminRoutesParts): void {
  // Of its own, so that no other route takes forms.
  app.register(async (pages) => addPages(pages as unknown as FastifyInstance, parts));
}

function addPages(pages: FastifyInstance, { access, limits, status, board, agents, secure }: AdminRoutesParts): void {
  // The prefix has browsers refuse the cookie unless it is of this host alone, for all of it, over TLS.
  const cookieName = secure ? '__Host-threatguard' : 'threatguard';
  const provider = access.singleSignOn?.page && access.singleSignOn.name;
  const open = { config: { access: 'anyone' }, schema: { hide: true } } as const;
  pages.addContentTypeParser(
    'application/x-www-form-urlencoded',
    { parseAs: 'string', bodyLimit: FORM_BYTES_MAX },
    (_, body, done) => done(null, Object.fromEntries(new URLSearchParams(body.toString()))),
  );

  pages.get('/admin/login', open, (_, reply) => sendPage(reply, loginPage({ provider })));
  singleSignOnRoutes(pages, { access, limits, secure, loggedIn });

  pages.post('/admin/login', open, async (request, reply) => {
    refuseForeignForm(request);
    const { name, password, code } = read(loginForm, request.body);
    try {
      const { sessionId } = await access.logins.logIn({ name, password, code }, originOf(request));
      loggedIn(reply, sessionId);
      return reply.redirect('/admin', 303);
    } catch (error) {
      if (!(error instanceof AccessError)) throw error;
      if (error.code === 'wrong_credentials') await limits.failedFrom(request.ip);
      const refusal = toProblemError(error)!;
      return sendPage(
        reply.code(PROBLEMS[refusal.code].status),
        loginPage({ name, problem: refusal.message, provider }),
      );
    }
  });

  pages.post('/admin/logout', open, async (request, reply) => {
    refuseForeignForm(request);
    const caller = await callerOf(request);
    const { csrf } = read(logoutForm, request.body);
    let atProvider: string | undefined;
    if (caller) {
      if (!access.pages.isProof(caller.id, csrf))
        throw new ProblemError('forbidden', 'this form is not of a page of this login');
      const user = { id: caller.userId, name: caller.name };
      const { from, correlationId } = originOf(request);
      const by = { kind: 'user', id: caller.userId, from } as const;
      const change = { by, nowUs: status.nowMs() * 1000, correlationId };
      ({ url: atProvider } = await access.logins.logOut(caller.id, { ...change, user }));
    }
    keep(reply, '', 0);
    // Not a redirect: browsers hold where a form leads to our own pages.
    if (atProvider) return sendPage(reply, loggedOutPage({ provider: access.singleSignOn!.name, url: atProvider }));
    return reply.redirect('/admin/login', 303);
  });

  guardedPage('/admin', 'monitoring:read', async (visitor) => {
    const enrolled = status.fleet.agents().filter((agent) => agent.revokedAtUs === undefined).length;
    const figures: [string, string | number][] = [
      ['Version', status.version],
      ['Started (UTC)', isoTime(status.startedAtUs / 1000)],
      ['Agents connected', `${status.presence.connectedCount()} of ${enrolled}`],
      ['Events per second', status.rate.perSecond(status.nowMs()).toFixed(1)],
      ['Rules', `${status.rules.rules.length}, ${status.rules.disabled().length} off`],
      ['Store', `${status.store.engine} ${status.store.version}`],
    ];
    const notices = [...status.store.notices, ...status.rules.disabled()];
    return statusPage(visitor, { state: board.state, components: board.components(), figures, notices });
  });

  guardedPage('/admin/agents', 'agents:read', async (visitor) => agentsPage(visitor, await listAgents(agents)));

  guardedPage('/admin/keys', 'agents:read', async (visitor) => {
    const { authorities, identity, store } = status;
    const newest = authorities.newest;
    const certificates = [
      ['CA', newest.fingerprint, isoTime(newest.certificate.validToDate.getTime())],
      [
        'Collector',
        identity.certificate.fingerprint256.replaceAll(':', '').toLowerCase(),
        isoTime(identity.certificate.validToDate.getTime()),
      ],
    ] as const;
    return keysPage(visitor, { epochs: await store.keys(), certificates });
  });

  guardedPage('/admin/console', 'monitoring:read', async (visitor) => consolePage(visitor));

  /** For whoever is logged in and has the scope; others are sent to log in. */
  function guardedPage(path: string, scope: Scope, make: (visitor: Visitor) => Promise<string>): void {
    pages.get(path, open, async (request, reply) => {
      const caller = await callerOf(request);
      if (!caller) return reply.redirect('/admin/login', 303);
      if (!caller.scopes.has(scope)) throw new ProblemError('forbidden', `this page needs the scope ${scope}`);
      return sendPage(reply, await make({ name: caller.name, csrf: access.pages.proof(caller.id) }));
    });
  }

  async function callerOf(request: FastifyRequest): Promise<Caller | undefined> {
    const ticket = cookieOf(request, cookieName);
    return ticket === '' ? undefined : access.pages.identify(ticket);
  }

  function loggedIn(reply: FastifyReply, sessionId: string): void {
    keep(reply, access.pages.ticket(sessionId), COOKIE_SECONDS);
  }

  function keep(reply: FastifyReply, value: string, seconds: number): void {
    setCookie(reply, { name: cookieName, value, seconds, secure, sameSite: 'Strict' });
  }
}

/** Every browser says where a form comes from: Sec-Fetch-Site, or else Origin. Who says neither is no browser, and has no cookie of one. */
function refuseForeignForm({ headers }: FastifyRequest): void {
  const site = headers['sec-fetch-site'];
  const { origin, host } = headers;
  const ours = origin === undefined || (URL.canParse(origin) && new URL(origin).host === host);
  if (ours && (site === undefined || site === 'same-origin' || site === 'none')) return;
  throw new ProblemError('forbidden', 'this form is not of a page of this service');
}

function read<Schema extends z.ZodType>(schema: Schema, body: unknown): z.output<Schema> {
  const found = schema.safeParse(body);
  if (found.success) return found.data;
  const fields = found.error.issues.map(({ path, message }) => ({ path: `/body/${path.join('/')}`, message }));
  throw new ProblemError('invalid', 'the form is not complete', { fields });
}
