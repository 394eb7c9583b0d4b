import { type Alert, Severity } from '@threatguard/proto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AlertFolder } from '../../collector/src/correlate/alert-folder.ts';
import { contributionAt, HALF_LIFE_US, REASONS_MAX, RiskLedger, riskAt } from '../../collector/src/correlate/risk.ts';
import { eventsLost } from '../../collector/src/detect/health.ts';
import { makeAlert, START_US } from '../support/stores.ts';

const host = { agentName: 'web-1' };
const only = (values: Record<string, string> = {}) => ({ ...host, values });
const hostOf = (ledger: RiskLedger, alerts: Alert[], nowUs = START_US) =>
  ledger.weigh(alerts, nowUs).find(({ kind }) => kind === 'host')!;

const alerts = fc.uniqueArray(
  fc.record({
    id: fc.string({ minLength: 1, maxLength: 8 }),
    severity: fc.integer({ min: 0, max: 5 }),
    count: fc.integer({ min: 0, max: 1_000_000 }),
    lastAtUs: fc.integer({ min: START_US - 100 * HALF_LIFE_US, max: START_US }),
  }),
  { selector: ({ id }) => id, minLength: 1, maxLength: 40 },
);

describe('the risk of an entity', () => {
  it('names whom an alert is about: host, users, source address and executable', () => {
    const values = {
      'user.name': 'alice',
      'user.target.name': 'root',
      'source.ip': '192.0.2.1',
      'process.executable': '/tmp/x',
    };
    const entities = new RiskLedger().weigh([makeAlert({ ...host, values })], START_US);
    expect(entities.map(({ kind, name }) => `${kind} ${name}`)).toEqual([
      'host web-1',
      'user alice',
      'user root@web-1',
      'address 192.0.2.1',
      'process /tmp/x',
    ]);
  });

  it.each([
    ['an account every host has', { 'user.name': 'root' }, ['host web-1', 'user root@web-1']],
    ['an account of the system', { 'user.name': 'svc', 'user.id': '120' }, ['host web-1', 'user svc@web-1']],
    ['the host itself as a source', { 'source.ip': '127.0.0.1' }, ['host web-1']],
    [
      'a name with NUL, too long',
      { 'user.name': `a\0${'b'.repeat(600)}` },
      ['host web-1', `user a\uFFFD${'b'.repeat(510)}`],
    ],
  ])('takes %s for what it is', (_, values, expected) => {
    const entities = new RiskLedger().weigh([makeAlert(only(values))], START_US);
    expect(entities.map(({ kind, name }) => `${kind} ${name}`)).toEqual(expected);
  });

  it('is what its alerts weigh, and says which', () => {
    const ledger = new RiskLedger();
    const high = makeAlert({ ...only(), id: 'h', severity: Severity.HIGH, ruleId: 'r1' });
    const low = makeAlert({ ...only(), id: 'l', severity: Severity.LOW, ruleId: 'r2' });
    const entity = hostOf(ledger, [low, high]);
    expect(riskAt(entity.level, START_US)).toBeCloseTo(35, 6);
    expect(entity.reasons.map(({ alertId, ruleId, weight }) => [alertId, ruleId, weight])).toEqual([
      ['h', 'r1', 30],
      ['l', 'r2', 5],
    ]);
    expect(riskAt(entity.level, START_US + HALF_LIFE_US)).toBeCloseTo(17.5, 6);
    expect(contributionAt(entity.reasons[0]!, START_US + HALF_LIFE_US)).toBeCloseTo(15, 9);
  });

  it('grows with the count of an alert, less than linearly and to twice at most', () => {
    const risk = (count: number) => {
      const entity = hostOf(new RiskLedger(), [makeAlert({ ...only(), severity: Severity.HIGH, count })]);
      return riskAt(entity.level, START_US);
    };
    expect([1, 4, 16, 1_000_000].map((count) => Math.round(risk(count)))).toEqual([30, 45, 60, 60]);
  });

  it('of a host is raised by what it lost', () => {
    const loss = { sensor: 'process.ebpf', lossReason: 'kernel_overrun', count: 7 };
    const facts = { agentId: 'a1', agentName: 'web-1', atUs: START_US, firstAtUs: START_US, lastAtUs: START_US };
    const [alert] = new AlertFolder().fold([eventsLost({ ...facts, ...loss })], {
      nowUs: START_US,
      agentName: () => 'web-1',
    });
    expect(riskAt(hostOf(new RiskLedger(), [alert!]).level, START_US)).toBeCloseTo(15, 6);
  });

  it('falls and never rises while nothing happens, and stays within 0 and 100', () => {
    fc.assert(
      fc.property(alerts, fc.array(fc.nat({ max: 1000 }), { minLength: 2, maxLength: 20 }), (list, hours) => {
        const { level } = hostOf(
          new RiskLedger(),
          list.map((each) => makeAlert({ ...only(), ...each })),
        );
        const times = hours.map((hour) => START_US + hour * 3_600e6).sort((a, b) => a - b);
        const risks = times.map((atUs) => riskAt(level, atUs));
        for (const [index, risk] of risks.entries()) {
          expect(risk).toBeGreaterThanOrEqual(0);
          expect(risk).toBeLessThanOrEqual(Math.min(100, risks[index - 1] ?? 100));
        }
      }),
    );
  });

  it('does not depend on the order in which alerts come, nor on how often', () => {
    fc.assert(
      fc.property(alerts, fc.infiniteStream(fc.nat()), (list, keys) => {
        // Within half a half-life: what has decayed to nothing is forgotten.
        const recent = (lastAtUs: number) => Math.round(START_US - (START_US - lastAtUs) / 200);
        const made = list.map((each) => makeAlert({ ...only(), ...each, lastAtUs: recent(each.lastAtUs) }));
        const shuffled = made.map((alert) => [keys.next().value!, alert] as const).sort(([a], [b]) => a - b);
        const one = hostOf(new RiskLedger(), made);
        const ledger = new RiskLedger();
        for (const [, alert] of [...shuffled, ...shuffled]) hostOf(ledger, [alert]);
        const other = hostOf(ledger, [made[0]!]);
        expect(other.level).toBeCloseTo(one.level, 9);
        expect(other.reasons).toEqual(one.reasons);
        expect(one.reasons.length).toBe(Math.min(made.length, REASONS_MAX));
      }),
    );
  });

  it('is written to the series where it left what was written by a step, and not otherwise', () => {
    const ledger = new RiskLedger();
    const weigh = (parts: Alert, nowUs: number) => {
      const entity = hostOf(ledger, [makeAlert({ ...only(), lastAtUs: nowUs, ...parts })], nowUs);
      return entity.pointAtUs === entity.updatedAtUs;
    };
    expect(weigh({ id: 'a', severity: Severity.HIGH }, START_US)).toBe(true);
    expect(weigh({ id: 'b', severity: Severity.INFORMATIONAL }, START_US + 1)).toBe(false);
    expect(weigh({ id: 'c', severity: Severity.INFORMATIONAL }, START_US + 2)).toBe(false);
    expect(weigh({ id: 'd', severity: Severity.LOW }, START_US + 3)).toBe(true);
    // Decay alone is what a reader draws from the point before.
    expect(weigh({ id: 'e', severity: Severity.INFORMATIONAL }, START_US + 2 * HALF_LIFE_US)).toBe(false);
  });

  it('cannot be kept up by a host whose clock is ahead', () => {
    const ahead = makeAlert({ ...only(), lastAtUs: START_US + 1000 * HALF_LIFE_US, severity: Severity.HIGH });
    expect(riskAt(hostOf(new RiskLedger(), [ahead]).level, START_US)).toBeCloseTo(30, 6);
  });

  it('of the least recently active is forgotten beyond the bound, counted, and comes again as a later change', () => {
    const ledger = new RiskLedger({ entitiesMax: 2 });
    const of = (agentName: string, nowUs: number) => ledger.weigh([makeAlert({ agentName, values: {} })], nowUs)[0]!;
    const first = of('a', START_US);
    of('b', START_US + 1);
    of('c', START_US + 2);
    expect([ledger.size, ledger.evicted]).toEqual([2, 1]);
    expect(of('a', START_US + 3).updatedAtUs).toBeGreaterThan(first.updatedAtUs);
  });

  it('is forgotten once it has decayed to nothing, without anything said, and the others are not', () => {
    const ledger = new RiskLedger();
    const of = (agentName: string, severity: Severity, nowUs: number) =>
      ledger.weigh([makeAlert({ agentName, values: {}, severity, lastAtUs: nowUs })], nowUs);
    for (let host = 0; host < 100; host++) of(`quiet-${host}`, Severity.LOW, START_US + host);
    of('loud', Severity.CRITICAL, START_US + 100);
    of('now', Severity.LOW, START_US + 4 * HALF_LIFE_US);
    expect([ledger.size, ledger.evicted]).toEqual([2, 0]);
  });

  it('goes on after a restart', () => {
    const before = new RiskLedger();
    const first = makeAlert({ ...only(), id: 'a', severity: Severity.HIGH });
    const kept = before.weigh([first], START_US);
    const after = new RiskLedger();
    after.restore(JSON.parse(JSON.stringify(kept)));
    const second = makeAlert({ ...only(), id: 'b', severity: Severity.HIGH });
    expect(hostOf(after, [second], START_US + 1)).toEqual(hostOf(before, [second], START_US + 1));
  });
});
