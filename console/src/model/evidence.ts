// What a bundle proves and what it does not, in words and as a record.
import type { AgentReport, EvidenceReport } from '@threatguard/proto/evidence';
import { counted } from './counted.ts';
import type { JsonRecord } from './json.ts';
import { printable } from './printable.ts';
import { renderPairs } from './table.ts';
import { humanTime, isoTime, zoneName } from './time.ts';

export function evidenceRecord(report: EvidenceReport): JsonRecord {
  const { scope, head, alert } = report;
  return {
    proven: report.proven,
    findings: report.findings.map(({ code, message }) => ({ code, message })),
    findings_more: report.findingsMore,
    'alert.id': scope.alertId || undefined,
    'alert.title': alert?.alert.title || undefined,
    'alert.reason': alert?.alert.reason || undefined,
    'alert.events': alert?.alert.events?.length,
    'alert.events_aged_out': alert?.agedOut,
    'alert.events_erased': alert?.erased,
    'range.from': isoTime(scope.fromUs),
    'range.to': isoTime(scope.toUs),
    'range.late_entries': scope.agentId ? scope.lateEntries : undefined,
    exported_at: isoTime(scope.exportedAtUs),
    agents: report.agents.map(agentRecord),
    'head.number': head?.number,
    'head.sha256': head?.digest,
    'head.signed_at': isoTime(head?.signedAtUs),
    'head.tree_size': head?.treeSize,
    heads_held: report.headsHeld,
    'ca.sha256': report.authorities,
    records: report.records,
    bytes: report.bytes,
    not_proven: limitsOf(report),
  };
}

function agentRecord(agent: AgentReport): JsonRecord {
  return {
    id: agent.id,
    name: agent.name,
    envelopes: agent.envelopes,
    events: agent.events,
    first_event_at: isoTime(agent.firstEventAtUs),
    last_event_at: isoTime(agent.lastEventAtUs),
    recorded_after: isoTime(agent.recordedFromUs),
    recorded_until: isoTime(agent.recordedToUs),
    streams: agent.streams,
    losses: agent.losses.map(({ sensor, reason, count, firstAtUs, lastAtUs }) => ({
      sensor: sensor ?? '',
      reason: reason ?? '',
      count: count ?? 0,
      first_at: isoTime(firstAtUs),
      last_at: isoTime(lastAtUs),
    })),
    gaps: agent.countedGaps.map((gap) => ({ ...gap })),
    aged_out: agent.agedOut,
    erasures: agent.erasures.map(({ id, atUs, auditSequence, envelopes, events }) => ({
      id,
      at: isoTime(atUs),
      'audit.sequence': auditSequence,
      envelopes,
      events,
    })),
  };
}

/** Lines for people. Host text in them is printable. */
export function evidenceLines(report: EvidenceReport, look: { utc: boolean; nowMs: number }): string[] {
  const { scope, head } = report;
  const time = (us: number) => humanTime(us, look.utc);
  const verdict = report.proven
    ? 'PROVEN: nothing in this bundle was found to be wrong'
    : 'NOT PROVEN: see what is wrong';
  const about = scope.alertId
    ? ([['alert', `${scope.alertId}  ${report.alert?.alert.title ?? ''}`]] as const)
    : ([['range', `${time(scope.fromUs)} to ${time(scope.toUs)}, by when the collector recorded`]] as const);
  const more = report.findingsMore > 0 ? [`and ${report.findingsMore} more`] : [];
  return [
    verdict,
    '',
    ...renderPairs([
      ...about,
      ['made', `${time(scope.exportedAtUs)} (times are ${zoneName(look.nowMs, look.utc)})`],
      ['CA', report.authorities.join(', ') || 'unknown'],
      ['tree head', head ? `${head.number}, SHA-256 ${head.digest}` : 'none'],
    ]),
    ...(report.proven ? section('what was proven', provenBy(report, time)) : []),
    ...(report.proven
      ? []
      : section('what is wrong', [...report.findings.map(({ code, message }) => `${code}: ${message}`), ...more])),
    ...section('what was not proven', limitsOf(report)),
  ];
}

function section(title: string, lines: readonly string[]): string[] {
  return lines.length > 0 ? ['', `${title}:`, ...lines.map((line) => `  - ${printable(line)}`)] : [];
}

function provenBy(report: EvidenceReport, time: (us: number) => string): string[] {
  const { head, headsHeld, scope } = report;
  const lines = report.agents
    .filter(({ envelopes }) => envelopes > 0)
    .map(
      (agent) =>
        `${counted(agent.events, 'event')} in ${counted(agent.envelopes, 'envelope')} are, byte for byte, what the key of ${agent.name} (${agent.id}) signed, and ` +
        "the fleet's CA had certified that key for it then" +
        (agent.events > 0
          ? `; they happened from ${time(agent.firstEventAtUs)} to ${time(agent.lastEventAtUs)} by its clock`
          : ''),
    );
  if (scope.agentId) {
    for (const agent of report.agents) {
      const after = agent.recordedFromUs ? `after ${time(agent.recordedFromUs)}` : 'from its first envelope on';
      lines.push(
        `nothing that the collector recorded of it ${after} and until ${time(agent.recordedToUs)} was removed, altered or reordered`,
      );
    }
  }
  if (scope.alertId) lines.push('the alert is as the collector signed it, and the envelopes of its events are here');
  if (head) {
    lines.push(
      `all of it stood in the collector's tree when it signed head ${head.number} on ${time(head.signedAtUs)}`,
    );
  }
  if (headsHeld.length > 0) {
    lines.push(
      `since head ${headsHeld.join(', ')}, which was kept elsewhere, nothing was taken out of that tree: it only grew`,
    );
  }
  return lines;
}

/** What the bundle leaves open, whether proven or not. */
function limitsOf(report: EvidenceReport): string[] {
  const { scope } = report;
  const lines: string[] = [];
  for (const agent of report.agents) {
    for (const { sensor, reason, count } of agent.losses) {
      lines.push(
        `${count} events of ${agent.name} were lost before they were sealed or sent; it counted them itself (${sensor}: ${reason})`,
      );
    }
    for (const { first, last } of agent.countedGaps) {
      lines.push(
        `envelopes ${first} to ${last} of ${agent.name} never reached the collector; the host counted lost envelopes after them`,
      );
    }
    for (const { first } of agent.beginnings) {
      lines.push(`what ${agent.name} sent before envelope ${first} had aged out before the tree was begun`);
    }
    if (agent.agedOut > 0) {
      lines.push(
        `${agent.agedOut} envelopes of ${agent.name} were recorded, and had aged out when the bundle was made: they are not here`,
      );
    }
    for (const { id, atUs, auditSequence, envelopes, events } of agent.erasures) {
      lines.push(
        `payload erased on ${isoTime(atUs)?.slice(0, 10)}, digest stays: ${counted(envelopes, 'envelope')} of ${agent.name} with ` +
          `${counted(events, 'event')} (erasure ${id}, entry ${auditSequence} of the audit log). Signature, place and digest were found to be right; ` +
          'what was in them is not here, and why is the word of the collector',
      );
    }
    if (agent.streams > 1 && scope.agentId) {
      lines.push(`${agent.name} began a new stream: what it had not sent of the one before is not known`);
    }
    if (agent.unsucceededKeys > 0) {
      lines.push(
        `that ${agent.name} changed its key itself: only the CA says so of ${agent.unsucceededKeys} of its keys`,
      );
    }
  }
  if (report.alert && report.alert.agedOut > 0) {
    lines.push(`${report.alert.agedOut} events that the alert names had aged out`);
  }
  if (report.alert && report.alert.erased > 0) {
    lines.push(`${report.alert.erased} events that the alert names were in payloads that were erased`);
  }
  if (scope.lateEntries > 0) {
    lines.push(
      `${scope.lateEntries} entries recorded outside of this range hold events of its time, by the word of the collector`,
    );
  }
  if (report.headsHeld.length === 0) {
    lines.push(
      'that the collector took nothing out before it signed this head: a head kept elsewhere and given with --head shows that',
    );
  }
  lines.push(
    'that what a host told is what happened there, and that its clock was right: root on a host can make it say anything',
  );
  lines.push('names of hosts, and why an alert was raised, are the word of the collector');
  return lines;
}
