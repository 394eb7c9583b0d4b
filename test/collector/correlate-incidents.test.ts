import { type Alert, Severity } from '@threatguard/proto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Incident } from '../../collector/src/correlate/incident.ts';
import { ALERTS_MAX, BUSY_ALERTS, IncidentJoiner, JOIN_WINDOW_US } from '../../collector/src/correlate/incidents.ts';
import { orderTactics } from '../../collector/src/correlate/tactics.ts';
import { makeAlert, START_US } from '../support/stores.ts';

const MINUTE_US = 60_000_000;
let made = 0;
const alert = (ruleId: string, parts: Alert = {}): Alert =>
  makeAlert({ id: `alert${made++}`, ruleId, agentName: 'web-1', values: {}, tactics: ['execution'], ...parts });
const from = (address: string) => ({ values: { 'source.ip': address } });

describe('alerts', () => {
  it('of two rules that share an address become one story in the order of an intrusion', () => {
    const joiner = new IncidentJoiner();
    const persisted = alert('cron', { ...from('192.0.2.1'), tactics: ['persistence'], severity: Severity.CRITICAL });
    const guessed = alert('brute', { ...from('192.0.2.1'), tactics: ['credential-access'], agentName: 'web-2' });
    const entered = alert('logon', { ...from('192.0.2.1'), tactics: ['initial-access'] });
    expect(joiner.join([persisted], START_US)).toEqual([]);
    const [begun] = joiner.join([guessed], START_US + MINUTE_US);
    const [grown] = joiner.join([entered], START_US + 2 * MINUTE_US);
    expect(begun).toMatchObject({ revision: 1, state: 'open', severity: Severity.CRITICAL });
    expect(grown).toMatchObject({
      id: begun!.id,
      revision: 2,
      tactics: ['initial-access', 'persistence', 'credential-access'],
      title: 'initial access to credential access: web-2 and 1 more, 192.0.2.1',
      updatedAtUs: START_US + 2 * MINUTE_US,
    });
    expect(grown!.alerts.map(({ ruleId }) => ruleId)).toEqual(['logon', 'cron', 'brute']);
    expect(grown!.id).toMatch(/^[0-9a-hjkmnp-tv-z]{26}$/);
  });

  const user = { values: { 'user.name': 'alice' } };
  const other = { agentName: 'db-1', tactics: ['impact'] };
  it.each<[string, Alert, Alert, number, boolean]>([
    ['share a user, on two hosts', user, { ...user, ...other }, MINUTE_US, true],
    [
      'share an image outside the system',
      { values: { 'process.executable': '/tmp/x' } },
      { values: { 'process.executable': '/tmp/x' }, ...other },
      MINUTE_US,
      true,
    ],
    [
      'share an image of the system',
      { values: { 'process.executable': '/usr/bin/bash' } },
      { values: { 'process.executable': '/usr/bin/bash' }, ...other },
      MINUTE_US,
      false,
    ],
    [
      'share root, which every host has',
      { values: { 'user.name': 'root' } },
      { values: { 'user.name': 'root' }, ...other },
      MINUTE_US,
      false,
    ],
    ['share a host, with other tactics', {}, { tactics: ['impact'] }, MINUTE_US, true],
    ['share a host, with the same tactics', {}, {}, MINUTE_US, false],
    ['share a host, too far apart', {}, { tactics: ['impact'] }, 16 * MINUTE_US, false],
    ['share a user, after the window', user, user, JOIN_WINDOW_US + 1, false],
    ['are of no weight', { ...user, severity: Severity.INFORMATIONAL }, user, MINUTE_US, false],
    ['share nothing', user, { values: { 'user.name': 'bob' }, ...other }, MINUTE_US, false],
  ])('that %s are judged so', (_, one, another, laterUs, joined) => {
    const joiner = new IncidentJoiner();
    joiner.join([alert('a', one)], START_US);
    expect(joiner.join([alert('b', another)], START_US + laterUs)).toHaveLength(joined ? 1 : 0);
  });

  it.each([
    ['one rule', 'a', 'a'],
    ['the health of an agent alone', 'health/agent-silent', 'health/chain-gap'],
  ])('of %s are no incident', (_, one, another) => {
    const joiner = new IncidentJoiner();
    const both = [alert(one, from('192.0.2.1')), alert(another, { ...from('192.0.2.1'), tactics: ['impact'] })];
    expect(joiner.join(both, START_US)).toEqual([]);
  });

  it('through one busy entity never become a giant', () => {
    const joiner = new IncidentJoiner();
    const told = new Map<string, Incident>();
    for (let index = 0; index < 1_000; index++) {
      const one = alert(`r${index}`, { ...from('192.0.2.1'), agentName: `h${index}`, lastAtUs: START_US + index });
      for (const incident of joiner.join([one], START_US + index)) told.set(incident.id, incident);
    }
    const sizes = [...told.values()].map(({ alerts }) => alerts.length);
    expect(sizes).toEqual([BUSY_ALERTS]);
  });

  it('that grow make their incident grow, once in a call', () => {
    const joiner = new IncidentJoiner();
    const [a, b] = [alert('a', from('192.0.2.1')), alert('b', from('192.0.2.1'))];
    const [begun] = joiner.join([a, b], START_US);
    expect(begun!.revision).toBe(1);
    const worse = { ...b, revision: 2, severity: Severity.CRITICAL, lastAtUs: START_US + 9 };
    const [grown, ...rest] = joiner.join([{ ...a, revision: 2 }, worse], START_US + 9);
    expect(rest).toEqual([]);
    expect(grown).toMatchObject({ revision: 2, severity: Severity.CRITICAL, lastAtUs: START_US + 9 });
    expect(begun!.severity).toBe(Severity.HIGH);
  });

  it('go on with their incident after a restart, and not where it was closed', () => {
    const before = new IncidentJoiner();
    const alerts = [alert('a', from('192.0.2.1')), alert('b', from('192.0.2.1'))];
    const [incident] = before.join(alerts, START_US);
    for (const state of ['open', 'closed'] as const) {
      const after = new IncidentJoiner();
      after.restore([{ ...incident!, state }], alerts);
      const [next] = after.join([alert('c', from('192.0.2.1'))], START_US + MINUTE_US);
      expect(next?.id).toBe(state === 'open' ? incident!.id : undefined);
    }
  });

  it('in any number and order stay within the bounds, and none is in two incidents', () => {
    const some = fc.record({
      rule: fc.integer({ min: 0, max: 5 }),
      host: fc.integer({ min: 0, max: 3 }),
      address: fc.integer({ min: 0, max: 4 }),
      tactic: fc.constantFrom('execution', 'impact', 'no such tactic'),
      again: fc.boolean(),
      laterUs: fc.integer({ min: 0, max: 30 * MINUTE_US }),
    });
    fc.assert(
      fc.property(fc.array(some, { maxLength: 150 }), (list) => {
        const joiner = new IncidentJoiner({ alertsMax: 40, incidentsMax: 3 });
        const told = new Map<string, Incident>();
        let nowUs = START_US;
        let last: Alert | undefined;
        for (const { rule, host, address, tactic, again, laterUs } of list) {
          nowUs += laterUs;
          const parts = { ...from(`192.0.2.${address}`), agentName: `h${host}`, tactics: [tactic], lastAtUs: nowUs };
          last = again && last ? { ...last, lastAtUs: nowUs } : alert(`r${rule}`, parts);
          for (const incident of joiner.join([last], nowUs)) {
            expect(incident.revision).toBe((told.get(incident.id)?.revision ?? 0) + 1);
            expect(incident.alerts.length).toBeLessThanOrEqual(ALERTS_MAX);
            expect(new Set(incident.alerts.map(({ ruleId }) => ruleId)).size).toBeGreaterThanOrEqual(2);
            expect(orderTactics(incident.tactics)).toEqual(incident.tactics);
            told.set(incident.id, incident);
          }
          expect(joiner.size.alerts).toBeLessThanOrEqual(40);
          expect(joiner.size.incidents).toBeLessThanOrEqual(3);
        }
        const members = [...told.values()].flatMap(({ alerts }) => alerts.map(({ id }) => id));
        expect(new Set(members).size).toBe(members.length);
        joiner.join([], nowUs + 2 * JOIN_WINDOW_US);
        expect(joiner.size).toEqual({ alerts: 0, entities: 0, incidents: 0 });
      }),
      { numRuns: 200 },
    );
  });
});
