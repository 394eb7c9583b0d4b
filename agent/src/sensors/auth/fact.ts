import { Activity, EventClass, type HostEvent, Outcome } from '@threatguard/proto';

/** What a line states, before time, sensor and the line itself are added. */
export type Fact = HostEvent;
type Groups = Record<string, string | undefined>;

/**
 * One kind of line. The first rule of a program's table whose pattern matches decides. `fact: null` means the line is
 * understood and states nothing that another line does not state (one source per fact).
 */
export interface LineRule {
  pattern: RegExp;
  fact: ((groups: Groups) => Fact | null) | null;
}

/** undefined: no rule knows the line. */
export function applyRules(rules: LineRule[], message: string): Fact | null | undefined {
  for (const rule of rules) {
    const match = rule.pattern.exec(message);
    if (match) return rule.fact ? rule.fact(match.groups ?? {}) : null;
  }
  return undefined;
}

/** Where someone tries to get in from, as far as the line says. `rhost` may be a host name. */
export function origin(groups: Groups) {
  return {
    sourceAddress: (groups.address ?? '').replace(/^::ffff:(?=\d+\.)/i, ''),
    sourcePort: toPort(groups.port),
  };
}

export function logon(outcome: Outcome, service: string, fact: Fact): Fact {
  return { class: EventClass.AUTHENTICATION, activity: Activity.LOGON, outcome, serviceName: service, ...fact };
}

export function logoff(service: string, name: string): Fact {
  return {
    class: EventClass.AUTHENTICATION,
    activity: Activity.LOGOFF,
    outcome: Outcome.SUCCESS,
    serviceName: service,
    user: { name },
  };
}

export function privilege(outcome: Outcome, service: string, fact: Fact): Fact {
  return { class: EventClass.AUTHENTICATION, activity: Activity.PRIVILEGE, outcome, serviceName: service, ...fact };
}

export function account(activity: Activity, service: string, fact: Fact): Fact {
  return { class: EventClass.ACCOUNT, activity, outcome: Outcome.SUCCESS, serviceName: service, ...fact };
}

/** A number of a log line as a uint32; undefined for none, or more digits than one has. */
export function toId(text: string | undefined): number | undefined {
  if (!text || !/^\d{1,10}$/.test(text)) return undefined;
  const id = Number(text);
  return id <= 0xffffffff ? id : undefined;
}

function toPort(text: string | undefined): number {
  const port = toId(text) ?? 0;
  return port <= 65535 ? port : 0;
}
