import { html } from './html.ts';
import { page } from './page.ts';

/**
 * `problem` is why the last try failed; the name of that try is filled in again, the password never. `provider` is who else
 * vouches for people, where somebody does.
 */
export function loginPage({
  name = '',
  problem,
  provider,
}: {
  name?: string;
  problem?: string | undefined;
  provider?: string | undefined;
}): string {
  const elsewhere =
    provider !== undefined &&
    html`<p><a class="button" href="/admin/oidc/begin">Log in at ${provider}</a></p>
<h2>With a local account</h2>
`;
  const content = html`${problem !== undefined && html`<p class="problem" role="alert" id="problem">${problem}</p>`}
${elsewhere}<form method="post" action="/admin/login">
<label for="name">Name</label><input id="name" name="name" autocomplete="username" required maxlength="64" value="${name}">
<label for="password">Password</label><input id="password" name="password" type="password" autocomplete="current-password" required maxlength="256">
<label for="code">Code, where you have a second factor</label><input id="code" name="code" inputmode="numeric" autocomplete="one-time-code" pattern="[0-9]{6}" maxlength="6">
<button>Log in</button>
</form>`;
  return page({ title: 'Log in', content });
}

/**
 * After a login elsewhere. The browser came from another site and would not send our cookie along with a redirect
 * (SameSite=Strict); from this page of ours it does.
 */
export function loggedInPage(): string {
  return page({
    title: 'Logged in',
    content: html`<p>You are logged in. <a href="/admin">Continue</a></p>`,
    onTo: '/admin',
  });
}

/** After a logout here of somebody the provider vouched for: the browser goes on to log out there. */
export function loggedOutPage({ provider, url }: { provider: string; url: string }): string {
  return page({
    title: 'Logged out',
    content: html`<p>You are logged out of ThreatGuard. <a href="${url}">Log out at ${provider} too</a></p>`,
    onTo: url,
  });
}
