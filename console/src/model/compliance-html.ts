// A report as one file of HTML: no scripts, nothing loaded from elsewhere, headings in order, tables with headers, readable
// on paper and in the dark.
import type { ComplianceControl, ComplianceFact, ComplianceReport } from '@threatguard/proto';
import { factsOf } from './compliance.ts';
import { printable } from './printable.ts';
import { isoTime } from './time.ts';

const STYLE = `
:root { color-scheme: light dark; }
body { font: 1rem/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
table { border-collapse: collapse; margin: .5rem 0 1rem; width: 100%; }
caption { text-align: left; font-weight: 600; padding: .25rem 0; }
th, td { border: 1px solid #767676; padding: .25rem .5rem; text-align: left; vertical-align: top; overflow-wrap: anywhere; }
td.value { text-align: right; white-space: nowrap; }
code { font-size: .85rem; white-space: pre-wrap; overflow-wrap: anywhere; }
section { border-top: 1px solid #767676; margin-top: 2rem; }
.open { border-left: .25rem solid #767676; padding-left: .75rem; }
@media print { details { display: block; } body { max-width: none; } }`;

export function reportHtml(report: ComplianceReport): string {
  const controls = report.controls ?? [];
  const span = `${report.fromUs ? shortTime(report.fromUs) : 'the beginning'} to ${shortTime(report.toUs)}`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>${text(report.title)}: ${text(span)}</title>
<style>${STYLE}
</style>
</head>
<body>
<header>
<h1>${text(report.title)}</h1>
<p>What ThreatGuard ${text(report.collectorVersion)} collected from <time>${text(span)}</time> (UTC), control by control.
Made ${text(shortTime(report.madeAtUs))}. It shows figures and how they were measured; whether a control is met is for an auditor to judge.</p>
</header>
<nav aria-label="Controls">
<h2>Controls</h2>
<ol>
${controls.map(({ id, title }, at) => `<li><a href="#c${at}">${text(id)}: ${text(title)}</a></li>`).join('\n')}
</ol>
</nav>
<main>
${controls.map((control, at) => controlHtml(report, control, at)).join('\n')}
<section aria-labelledby="queries">
<h2 id="queries">How each figure was measured</h2>
<p>$1 and $2 are the beginning and the end of the time.</p>
${(report.facts ?? []).map(queryHtml).join('\n')}
</section>
</main>
</body>
</html>
`;
}

function controlHtml(report: ComplianceReport, control: ComplianceControl, at: number): string {
  return `<section aria-labelledby="c${at}">
<h2 id="c${at}">${text(control.id)}: ${text(control.title)}</h2>
<p>${text(control.asks)}</p>
${factsOf(report, control).map(factHtml).join('\n')}
<p class="open"><strong>Not shown:</strong> ${text(control.notShown)}</p>
</section>`;
}

function factHtml(fact: ComplianceFact): string {
  const rows = (fact.values ?? []).map(
    ({ label, value }) => `<tr><th scope="row">${text(label)}</th><td class="value">${text(value)}</td></tr>`,
  );
  const none = fact.problem ? `could not be measured: ${fact.problem}` : 'none';
  const body = fact.problem || rows.length === 0 ? `<tr><td colspan="2">${text(none)}</td></tr>` : rows.join('\n');
  return `<table>
<caption>${text(fact.title)} (<a href="#q-${text(fact.id)}">query</a>)</caption>
<thead><tr><th scope="col">What</th><th scope="col">Figure</th></tr></thead>
<tbody>
${body}
</tbody>
</table>`;
}

function queryHtml(fact: ComplianceFact): string {
  return `<h3 id="q-${text(fact.id)}">${text(fact.title)}</h3>
<p><code>${text(fact.query)}</code></p>`;
}

/** Host text among figures (user names) is text here as well. */
function text(value: string | null | undefined): string {
  return printable(value ?? '')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}

function shortTime(us: number | null | undefined): string {
  return isoTime(us)?.slice(0, 16).replace('T', ' ') ?? '';
}
