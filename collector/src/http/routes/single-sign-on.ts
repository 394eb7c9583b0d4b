// Logging in to the admin page at a provider of OpenID Connect. A link begins it, no form: browsers hold forms to our own pages,
// wherever they are sent on to, and what a link of somebody else begins is a login of whoever is known to the provider.
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Access } from '../../access/access.ts';
import { AccessError } from '../../access/access-error.ts';
import { PAGE_LOGIN_SECONDS } from '../../access/oidc/page-login.ts';
import { CALLBACK_PATH } from '../../access/oidc/settings.ts';
import { loggedInPage, loginPage } from '../pages/login-page.ts';
import { PROBLEMS, toProblemError } from '../problem.ts';
import type { RateLimits } from '../rate-limits.ts';
import { cookieOf, sendPage, setCookie } from './cookies.ts';
import { originOf } from './origin.ts';

export interface SingleSignOnRoutesParts {
  access: Access;
  limits: RateLimits;
  /** Whether the service speaks TLS: then the cookie is for TLS alone. */
  secure: boolean;
  loggedIn: (reply: FastifyReply, sessionId: string) => void;
}

export function singleSignOnRoutes(
  pages: FastifyInstance,
  { access, limits, secure, loggedIn }: SingleSignOnRoutesParts,
): void {
  const { singleSignOn } = access;
  if (!singleSignOn?.page) return;
  const { page, name: provider } = singleSignOn;
  const open = { config: { access: 'anyone' }, schema: { hide: true } } as const;
  const cookieName = secure ? '__Host-threatguard-login' : 'threatguard-login';
  // Lax: the browser has to send it when it comes back from the provider.
  const keep = (reply: FastifyReply, value: string, seconds: number) =>
    setCookie(reply, { name: cookieName, value, seconds, secure, sameSite: 'Lax' });

  pages.get('/admin/oidc/begin', open, async (request, reply) => {
    try {
      const { url, kept } = await page.begin();
      keep(reply, kept, PAGE_LOGIN_SECONDS);
      return reply.redirect(url, 303);
    } catch (error) {
      return refuse(request, reply, error);
    }
  });

  pages.get(CALLBACK_PATH, open, async (request, reply) => {
    keep(reply, '', 0);
    try {
      const query = request.url.slice(request.url.indexOf('?') + 1);
      const vouched = await page.finish(query, cookieOf(request, cookieName));
      const { sessionId } = await access.logins.logInVouched(vouched, originOf(request));
      loggedIn(reply, sessionId);
      return sendPage(reply, loggedInPage());
    } catch (error) {
      return refuse(request, reply, error);
    }
  });

  /** On the page where he can try again, or log in with a local account. */
  async function refuse(request: FastifyRequest, reply: FastifyReply, error: unknown) {
    if (!(error instanceof AccessError)) throw error;
    const { code, message, cause } = error;
    request.log.info({ code, reason: cause instanceof Error ? reasonOf(cause) : message }, 'no single sign-on');
    if (code === 'not_vouched') await limits.failedFrom(request.ip);
    const refusal = toProblemError(error)!;
    return sendPage(reply.code(PROBLEMS[refusal.code].status), loginPage({ problem: message, provider }));
  }
}

/** What the client of the provider says is in the innermost. */
function reasonOf(error: Error): string {
  return error.cause instanceof Error ? reasonOf(error.cause) : error.message;
}
