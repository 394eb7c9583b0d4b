import { Activity, EventClass, type HostEvent, Outcome } from '@threatguard/proto';

/** What a line states, before time, sensor and the line itself are added. */
export type Fact = HostEvent;
export type Groups = Record<string, string | undefined>;

/** `repeats`: another line states the same fact, or nobody logged on; such a fact is shown by `parse` and never sent. */
export interface Statement {
  fact: Fact;
  repeats: boolean;
}

/** One kind of line. `fact: null` means the line is understood and states nothing about authentication or accounts. */
export interface LineRule {
  pattern: RegExp;
  fact: ((groups: Groups) => Fact | null) | null;
  repeats?: true;
}

export const says = (pattern: RegExp, fact: (groups: Groups) => Fact | null): LineRule => ({ pattern, fact });
export const repeats = (pattern: RegExp, fact: (groups: Groups) => Fact | null): LineRule => ({
  pattern,
  fact,
  repeats: true,
});
export const nothing = (pattern: RegExp): LineRule => ({ pattern, fact: null });

/** By the first rule whose pattern matches. undefined: no rule knows the line. */
export function applyRules(rules: LineRule[], message: string): Statement | null | undefined {
  for (const rule of rules) {
    const match = rule.pattern.exec(message);
    if (!match) continue;
    const fact = rule.fact?.(match.groups ?? {}) ?? null;
    return fact && { fact, repeats: rule.repeats ?? false };
  }
  return undefined;
}

/** What daemons write where they know no address. */
const NO_ADDRESS = /^(?:unknown|\(null\)|\(none\)|none|[-?*])$/i;

/** Where someone tries to get in from, as far as the line says. `rhost` may be a host name. */
export function origin(groups: Groups) {
  const address = (groups.address ?? '').replace(/^\[(.*)\]$/, '$1').replace(/^::ffff:(?=\d+\.)/i, '');
  return { sourceAddress: NO_ADDRESS.test(address) ? '' : address, sourcePort: toPort(groups.port) };
}

export function logon(outcome: Outcome, service: string, fact: Fact): Fact {
  return { class: EventClass.AUTHENTICATION, activity: Activity.LOGON, outcome, serviceName: service, ...fact };
}

export function logoff(service: string, name: string, groups: Groups = {}): Fact {
  return {
    class: EventClass.AUTHENTICATION,
    activity: Activity.LOGOFF,
    outcome: Outcome.SUCCESS,
    serviceName: service,
    user: { name },
    ...(groups.address && { authentication: origin(groups) }),
  };
}

/** The peer went away, or was cut off, before it was let in. */
export function closedEarly(service: string, fact: Fact): Fact {
  return {
    class: EventClass.AUTHENTICATION,
    activity: Activity.PREAUTH_CLOSED,
    outcome: Outcome.FAILURE,
    serviceName: service,
    ...fact,
  };
}

export function privilege(outcome: Outcome, service: string, fact: Fact): Fact {
  return { class: EventClass.AUTHENTICATION, activity: Activity.PRIVILEGE, outcome, serviceName: service, ...fact };
}

export function account(activity: Activity, service: string, fact: Fact): Fact {
  return { class: EventClass.ACCOUNT, activity, outcome: Outcome.SUCCESS, serviceName: service, ...fact };
}

/** An attempt with the groups user, address, port, method, key, reason, count, invalid, as far as a pattern has them. */
export function attempt(service: string, outcome: Outcome, fixed: Groups = {}) {
  return (groups: Groups): Fact => {
    const all = { ...fixed };
    for (const [name, value] of Object.entries(groups)) if (value !== undefined) all[name] = value;
    return logon(outcome, service, {
      user: { name: all.user ?? '' },
      authentication: {
        method: all.method || fixed.method || '',
        ...origin(all),
        keyFingerprint: all.key ?? '',
        invalidUser: all.invalid !== undefined,
        tty: all.tty ?? '',
        reason: all.reason ?? '',
        count: all.count && all.count !== '1' ? Number(all.count) : 0,
      },
    });
  };
}

export function closed(service: string, reason = '') {
  return (groups: Groups): Fact =>
    closedEarly(service, {
      user: groups.user === undefined ? undefined : { name: groups.user },
      authentication: { ...origin(groups), reason: groups.reason ?? reason },
    });
}

const WITHHELD: Record<string, (fact: Fact) => void> = {
  'event.outcome': (fact) => {
    fact.outcome = Outcome.OUTCOME_UNSPECIFIED;
  },
  'user.name': (fact) => {
    fact.user = undefined;
  },
  'user.target.name': (fact) => {
    fact.targetUser = undefined;
  },
  'source.ip': (fact) => {
    fact.authentication = { ...fact.authentication, sourceAddress: '' };
  },
  'source.port': (fact) => {
    fact.authentication = { ...fact.authentication, sourcePort: 0 };
  },
  'process.working_directory': (fact) => {
    fact.process = { ...fact.process, workingDirectory: '' };
  },
};

/** For a line that can be read in more than one way: what differs between the readings is left out, and named. */
export function withhold(fact: Fact, ...fields: (keyof typeof WITHHELD)[]): Fact {
  const kept = { ...fact, missing: fields };
  for (const field of fields) WITHHELD[field]!(kept);
  return kept;
}

/** How often a pattern (with the g flag) occurs, up to two: once is one reading. */
export function isRepeated(pattern: RegExp, text: string): boolean {
  const found = text.matchAll(pattern);
  return !found.next().done && !found.next().done;
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
