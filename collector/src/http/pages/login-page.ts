import { html } from './html.ts';
import { page } from './page.ts';

/** `problem` is why the last try failed; the name of that try is filled in again, the password never. */
export function loginPage({ name = '', problem }: { name?: string; problem?: string }): string {
  const content = html`${problem !== undefined && html`<p class="problem" role="alert" id="problem">${problem}</p>`}
<form method="post" action="/admin/login">
<label for="name">Name</label><input id="name" name="name" autocomplete="username" required maxlength="64" value="${name}">
<label for="password">Password</label><input id="password" name="password" type="password" autocomplete="current-password" required maxlength="256">
<label for="code">Code, where you have a second factor</label><input id="code" name="code" inputmode="numeric" autocomplete="one-time-code" pattern="[0-9]{6}" maxlength="6">
<button>Log in</button>
</form>`;
  return page({ title: 'Log in', content });
}
