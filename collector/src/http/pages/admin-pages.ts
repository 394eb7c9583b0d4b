// The pages of an administrator: what is so, as tables. Everything that changes something is done with the console.
import type { AgentSummary } from '@threatguard/proto';
import type { KemKeyRecord } from '../../store/epoch-store.ts';
import type { ComponentHealth } from '../health/board.ts';
import { isoTime, isoTimeUs } from '../times.ts';
import { type Html, html } from './html.ts';
import { page } from './page.ts';

const PAGES = [
  ['/admin', 'Status'],
  ['/admin/agents', 'Agents'],
  ['/admin/keys', 'Keys'],
  ['/admin/console', 'Console'],
] as const;

/** Whose page it is, and what proves that a form of it is ours. */
export interface Visitor {
  name: string;
  csrf: string;
}

export function statusPage(
  visitor: Visitor,
  about: {
    state: string;
    components: readonly ComponentHealth[];
    figures: readonly (readonly [string, string | number])[];
    notices: readonly string[];
  },
): string {
  const rows = about.components.map(({ name, state, needed, sinceMs, detail }) => [
    name,
    html`<span class="${state}">${state.replace('_', ' ')}</span>${detail !== undefined && html`: ${detail}`}`,
    needed ? 'yes' : 'no',
    isoTime(sinceMs),
  ]);
  const notices =
    about.notices.length > 0 && html`<h2>Notices</h2><ul>${about.notices.map((each) => html`<li>${each}</li>`)}</ul>`;
  const content = html`<p>The collector is <strong class="${about.state}">${about.state}</strong>.</p>
${table('Components', ['Name', 'State', 'Needed', 'Since (UTC)'], rows)}
${table('Figures', ['What', 'Now'], about.figures)}${notices}`;
  return adminPage('Status', visitor, content);
}

export function agentsPage(visitor: Visitor, agents: readonly AgentSummary[]): string {
  const rows = agents.map((agent) => [
    agent.name ?? '',
    agent.state ?? '',
    isoTimeUs(agent.lastSeenAtUs) ?? 'never',
    agent.version ?? '',
    agent.os ?? '',
    agent.events ?? 0,
    agent.lost ?? 0,
    (agent.sensors ?? []).map(({ sensor, state }) => `${sensor}${state === 'running' ? '' : ` ${state}`}`).join(', '),
  ]);
  const head = ['Name', 'State', 'Seen (UTC)', 'Version', 'System', 'Events', 'Lost', 'Sensors'];
  const none = html`<p>No agents yet: <code>threatguard agents token create</code> makes a token to enrol one.</p>`;
  return adminPage('Agents', visitor, agents.length === 0 ? none : table('Agents of this fleet', head, rows));
}

export function keysPage(
  visitor: Visitor,
  {
    epochs,
    certificates,
  }: { epochs: readonly KemKeyRecord[]; certificates: readonly (readonly [string, string, string])[] },
): string {
  const rows = epochs.map(({ epoch, algorithm, state, createdAtUs, destroyedAtUs }) => [
    epoch,
    algorithm,
    state,
    isoTimeUs(createdAtUs) ?? '',
    isoTimeUs(destroyedAtUs) ?? '',
  ]);
  const content = html`${table('Epochs of ML-KEM', ['Epoch', 'Algorithm', 'State', 'Made (UTC)', 'Destroyed (UTC)'], rows)}
${table('Certificates', ['Of', 'Fingerprint (SHA-256)', 'Expires (UTC)'], certificates)}
<p><code>threatguard keys rotate</code> and <code>threatguard ca rotate</code> make the next.</p>`;
  return adminPage('Keys', visitor, content);
}

export function consolePage(visitor: Visitor): string {
  const content = html`<p>The console is a program of the terminal. On this host it is there: <code>threatguard alerts watch</code>.</p>
<h2>On another host</h2>
<ol>
<li>Install the package <code>threatguard-console</code>.</li>
<li>Here, as the collector's user: <code>threatguard-collector console-certificate --help</code> makes an identity for it.</li>
<li>Copy that directory to the host, readable by its user alone, and name it with <code>--home</code>.</li>
</ol>
<h2>For programs</h2>
<p>The <a href="/docs">description of the API</a>; <code>threatguard users token create</code> makes a token.</p>`;
  return adminPage('Console', visitor, content);
}

function adminPage(title: string, { name, csrf }: Visitor, content: Html): string {
  const links = PAGES.map(
    ([path, text]) => html`<a href="${path}"${text === title && html` aria-current="page"`}>${text}</a>`,
  );
  const navigation = html`<nav aria-label="Pages">${links}<a href="/docs">API</a></nav>
<form class="inline" method="post" action="/admin/logout"><input type="hidden" name="csrf" value="${csrf}"><span>${name}</span> <button>Log out</button></form>`;
  return page({ title, navigation, content });
}

function table(caption: string, head: readonly string[], rows: readonly (readonly (string | number | Html)[])[]): Html {
  const cells = ([first, ...others]: readonly (string | number | Html)[]) =>
    html`<tr><th scope="row">${first}</th>${others.map((cell) => html`<td>${cell}</td>`)}</tr>`;
  return html`<div class="wide"><table><caption>${caption}</caption><thead><tr>${head.map(
    (each) => html`<th scope="col">${each}</th>`,
  )}</tr></thead><tbody>${rows.map(cells)}</tbody></table></div>`;
}
