// How alerts of a rule were closed before: everywhere, on hosts of one kind, and about one entity.
//
// Form: #tallies by a key of each of the three. Invariant: at most `keysMax` of them, the least recently closed first.
import { type Alert, AlertVerdict } from '@threatguard/proto';

/** Three keys for each verdict that is remembered, some 100 bytes each. */
const KEYS_MAX = 60_000;
const NAME_LENGTH_MAX = 64;

/** Closed as a true positive, and as anything else. */
export interface Tally {
  real: number;
  other: number;
}

export interface History {
  rule: Tally;
  /** Of the rule, on hosts of this kind. */
  hosts: Tally;
  /** Of the rule, about this entity on this host. */
  entity: Tally;
}

export function isReal(verdict: AlertVerdict): boolean {
  return verdict === AlertVerdict.TRUE_POSITIVE;
}

/** "web" for web-01 and web-02.example.org: what the names of hosts that do the same have in common. Empty for no host. */
export function hostKind({ agentName }: Alert): string {
  const first = (agentName ?? '').toLowerCase().split('.', 1)[0]!;
  const bare = first.replace(/\d+/g, '').replace(/[-_]+/g, '-').replace(/^-|-$/g, '');
  return (bare || first).slice(0, NAME_LENGTH_MAX);
}

export class VerdictHistory {
  readonly #tallies = new Map<string, Tally>();
  readonly #keysMax: number;

  constructor({ keysMax = KEYS_MAX }: { keysMax?: number } = {}) {
    this.#keysMax = keysMax;
  }

  /** An alert was closed. */
  add(alert: Alert, verdict: AlertVerdict): void {
    this.#count(alert, verdict, 1);
  }

  /** A verdict was taken back: the alert is open again. */
  remove(alert: Alert, verdict: AlertVerdict): void {
    this.#count(alert, verdict, -1);
  }

  /** As it is now: the answer does not change with later verdicts. */
  of(alert: Alert): History {
    const [rule, hosts, entity] = keysOf(alert).map((key) => ({
      ...(this.#tallies.get(key) ?? { real: 0, other: 0 }),
    }));
    return { rule: rule!, hosts: hosts!, entity: entity! };
  }

  #count(alert: Alert, verdict: AlertVerdict, change: 1 | -1): void {
    const which = isReal(verdict) ? 'real' : 'other';
    for (const key of keysOf(alert)) {
      const tally = this.#tallies.get(key) ?? { real: 0, other: 0 };
      this.#tallies.delete(key);
      tally[which] = Math.max(0, tally[which] + change);
      if (tally.real + tally.other > 0) this.#tallies.set(key, tally);
    }
    while (this.#tallies.size > this.#keysMax) this.#tallies.delete(this.#tallies.keys().next().value!);
  }
}

function keysOf(alert: Alert): [rule: string, hosts: string, entity: string] {
  const rule = alert.ruleId ?? '';
  const entity = `${alert.agentId ?? ''}\0${alert.entity ?? ''}`;
  return [`rule\0${rule}`, `hosts\0${rule}\0${hostKind(alert)}`, `entity\0${rule}\0${entity}`];
}
