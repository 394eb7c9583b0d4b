import { createPublicKey, X509Certificate } from 'node:crypto';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { status } from '@grpc/grpc-js';
import { type Alert, AlertState, AlertVerdict, Outcome, TriageAction, verifyAlert } from '@threatguard/proto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openDatabase } from '../../collector/src/store/open.ts';
import { ConsoleClient, initTestHome, TestCollector } from '../support/collector.ts';
import { bruteForce, failedLogin } from '../support/envelopes.ts';
import { SealingAgent } from '../support/sealing-agent.ts';
import { until } from '../support/until.ts';

let home: string;
let collector: TestCollector;
let agent: SealingAgent;
let sources = 0;

beforeAll(async () => {
  home = await initTestHome();
  collector = await TestCollector.start({ home });
  agent = await SealingAgent.connect({ address: collector.address, identity: await collector.enrol('web-1') });
});

afterAll(async () => {
  agent?.[Symbol.dispose]();
  await collector?.[Symbol.asyncDispose]();
  rmSync(home, { recursive: true, force: true });
});

/** A brute force from an address nobody else has; the alert it raises. */
async function attack(source = `192.0.2.${++sources}`): Promise<Alert> {
  await agent.send(bruteForce(source));
  return until(
    async () => {
      const { alerts } = await collector.console.alerts({ filter: { technique: 'T1110' } });
      return alerts?.find(({ values, state }) => values?.['source.ip'] === source && state !== AlertState.CLOSED);
    },
    { limitMs: 10_000, what: 'the alert' },
  );
}

const target = ({ id, triageVersion = 0 }: Alert) => ({ id: id!, triageVersion });
const acknowledge = (alert: Alert) =>
  collector.console.act({ targets: [target(alert)], action: TriageAction.ACKNOWLEDGE });
const close = (alerts: Alert[], verdict = AlertVerdict.FALSE_POSITIVE) =>
  collector.console.act({ targets: alerts.map(target), action: TriageAction.CLOSE, verdict, text: 'a test' });

describe('an act on an alert', () => {
  it('changes it for everybody: in the list, in its history, in the audit log, and signed on every console', async () => {
    const other = await collector.console.watch();
    const alert = await attack();
    const { id } = alert;
    const [acknowledged] = await acknowledge(alert);
    expect(acknowledged).toMatchObject({ id, alert: { state: AlertState.ACKNOWLEDGED, triageVersion: 1 } });
    await collector.console.act({ targets: [{ id }], action: TriageAction.ASSIGN, assignee: 'alice' });
    await collector.console.act({ targets: [{ id }], action: TriageAction.NOTE, text: 'asked the owner' });
    const [closed] = await close([{ id, triageVersion: 3 }]);
    expect(closed!.alert).toMatchObject({
      state: AlertState.CLOSED,
      assignee: 'alice',
      verdict: AlertVerdict.FALSE_POSITIVE,
    });

    expect((await collector.console.alert(id!)).alert).toEqual(closed!.alert);
    const { alerts } = await collector.console.alerts({ filter: { assignee: 'alice', state: AlertState.CLOSED } });
    expect(alerts!.map((each) => each.id)).toEqual([id]);
    expect(await collector.console.history(id!)).toMatchObject([
      { triageVersion: 1, actorKind: 'console', actorId: 'admin', action: TriageAction.ACKNOWLEDGE },
      { triageVersion: 2, action: TriageAction.ASSIGN, assignee: 'alice' },
      { triageVersion: 3, action: TriageAction.NOTE, text: 'asked the owner', state: AlertState.ACKNOWLEDGED },
      { triageVersion: 4, action: TriageAction.CLOSE, text: 'a test', verdict: AlertVerdict.FALSE_POSITIVE },
    ]);
    const { entries: all } = await collector.console.audit({ limit: 100 });
    const entries = all!.filter(({ action }) => !/listed|viewed|watched/.test(action!)).slice(0, 4);
    expect(entries.map(({ action, subject }) => [action, subject])).toEqual([
      ['alert.close', id],
      ['alert.note', id],
      ['alert.assign', id],
      ['alert.acknowledge', id],
    ]);
    expect(JSON.parse(entries![0]!.before!)).toEqual({ state: 'acknowledged', assignee: 'alice' });
    expect(JSON.parse(entries![0]!.after!)).toMatchObject({
      state: 'closed',
      verdict: 'false_positive',
      text: 'a test',
    });
    expect(await collector.console.verifyAudit()).toMatchObject({ problem: '' });

    const { signingCertificate } = await collector.console.status();
    const key = createPublicKey(
      new X509Certificate(signingCertificate!).publicKey.export({ type: 'spki', format: 'pem' }),
    );
    const seen = await until(
      () => other.signed.find((signed) => verifyAlert(signed, key).state === AlertState.CLOSED),
      {
        limitMs: 10_000,
        what: 'the closed alert on another console',
      },
    );
    expect(verifyAlert(seen, key)).toMatchObject({ id, verdict: AlertVerdict.FALSE_POSITIVE });
    other.stop();
  });

  it('of somebody who saw an older state is refused, and says who was quicker', async () => {
    const alert = await attack();
    await acknowledge(alert);
    const [late] = await close([alert]);
    expect(late).toMatchObject({ id: alert.id, alert: null, refusal: 'conflict' });
    expect(late!.message).toMatch(/changed meanwhile by admin: acknowledge at \d{4}-/);
    expect((await collector.console.alert(alert.id!)).alert!.state).toBe(AlertState.ACKNOWLEDGED);
  });

  it('of two at once is one, and the other is told', async () => {
    const alert = await attack();
    const [one, other] = await Promise.all([acknowledge(alert), acknowledge(alert)]);
    expect([one[0]!.refusal, other[0]!.refusal].sort()).toEqual(['', 'conflict']);
  });

  it('on several changes those it can, and says of each other why not', async () => {
    const [first, second] = [await attack(), await attack()];
    await close([second]);
    const results = await collector.console.act({
      targets: [
        { id: first.id },
        { id: second.id },
        { id: '7zzzzzzzzzzzzzzzzzzzzzzzzz' },
        { id: '0' },
        { id: first.id },
      ],
      action: TriageAction.ACKNOWLEDGE,
    });
    expect(results.map(({ refusal }) => refusal)).toEqual(['', 'closed', 'not_found', 'ambiguous', 'no_change']);
    expect((await collector.console.alert(first.id!)).alert!.state).toBe(AlertState.ACKNOWLEDGED);
  });

  it.each([
    ['no alerts', { action: TriageAction.ACKNOWLEDGE }, /1 to 200/],
    ['no act', { targets: [{ id: '01' }] }, /acknowledge, assign/],
    [
      'text that is no id',
      { targets: [{ id: "'; drop table alerts" }], action: TriageAction.NOTE, text: 'x' },
      /alert id/,
    ],
    ['a closing without a verdict', { targets: [{ id: '01' }], action: TriageAction.CLOSE }, /verdict/],
    [
      'a verdict nobody knows',
      { targets: [{ id: '01' }], action: TriageAction.CLOSE, verdict: 9 as AlertVerdict },
      /verdict/,
    ],
    ['an empty note', { targets: [{ id: '01' }], action: TriageAction.NOTE, text: '  ' }, /says something/],
    ['a note too long', { targets: [{ id: '01' }], action: TriageAction.NOTE, text: 'x'.repeat(4_097) }, /4096/],
  ])('with %s is refused', async (_, request, details) => {
    await expect(collector.console.act(request)).rejects.toMatchObject({
      code: status.INVALID_ARGUMENT,
      details: expect.stringMatching(details),
    });
  });
});

it('decisions and hunts are refused to agents', async () => {
  const alert = await attack();
  using asking = new ConsoleClient(collector.address, agent.identity);
  const act = asking.act({ targets: [{ id: alert.id }], action: TriageAction.ACKNOWLEDGE });
  await expect(act).rejects.toMatchObject({ code: status.PERMISSION_DENIED });
  await expect(asking.history(alert.id!)).rejects.toMatchObject({ code: status.PERMISSION_DENIED });
  await expect(asking.hunts()).rejects.toMatchObject({ code: status.PERMISSION_DENIED });
});

describe('what the overview and one entity show', () => {
  it('is how much there was by hour, and how a risk went', async () => {
    await attack('203.0.113.77');
    const { alerts, events } = await collector.console.volumes();
    expect(alerts!.reduce((sum, { count }) => sum + (count ?? 0), 0)).toBeGreaterThan(0);
    expect(events!.reduce((sum, { count }) => sum + (count ?? 0), 0)).toBeGreaterThanOrEqual(20);
    const name = { kind: 'address', name: '203.0.113.77' };
    const { entity, history, halfLifeUs } = await collector.console.entity({ name });
    expect(entity!.risk).toBeGreaterThan(0);
    expect(history!.at(-1)!.risk).toBeGreaterThan(0);
    expect(halfLifeUs).toBe(6 * 3_600_000_000);
    const nobody = collector.console.entity({ name: { kind: 'user', name: 'nobody at all' } });
    await expect(nobody).rejects.toMatchObject({ code: status.NOT_FOUND });
  });
});

describe('detections', () => {
  it('fold into an acknowledged alert, which stays so, and raise a new one where it was closed', async () => {
    const alert = await attack('198.51.100.1');
    await acknowledge(alert);
    const before = await collector.console.alert(alert.id!);
    await attack('198.51.100.1');
    const grown = await until(
      async () => {
        const { alert: now } = await collector.console.alert(alert.id!);
        return now!.revision! > before.alert!.revision! ? now! : undefined;
      },
      { limitMs: 10_000, what: 'the alert to grow' },
    );
    expect(grown).toMatchObject({ state: AlertState.ACKNOWLEDGED, triageVersion: 1 });
    await close([grown]);
    const another = await attack('198.51.100.1');
    expect(another.id).not.toBe(alert.id);
    expect((await collector.console.alert(alert.id!)).alert!.state).toBe(AlertState.CLOSED);
  });
});

describe('an incident', () => {
  it('is closed with the last of its alerts, and open again with the first', async () => {
    const source = '203.0.113.9';
    await attack(source);
    await agent.send([{ ...failedLogin(source), outcome: Outcome.SUCCESS }]);
    const incident = await until(
      async () => {
        const { incidents } = await collector.console.incidents({ state: 'open' });
        return incidents!.find(({ entities }) => entities!.some(({ name }) => name === source));
      },
      { limitMs: 10_000, what: 'the incident' },
    );
    const members = await Promise.all(
      incident.alerts!.map(async ({ id }) => (await collector.console.alert(id!)).alert!),
    );
    expect(members.length).toBeGreaterThan(1);
    await close(members.slice(1), AlertVerdict.TRUE_POSITIVE);
    const state = async () => (await collector.console.incident(incident.id!)).incident!.state;
    expect(await state()).toBe('open');
    await close(members.slice(0, 1), AlertVerdict.TRUE_POSITIVE);
    expect(await state()).toBe('closed');
    await collector.console.act({ targets: [{ id: members[0]!.id }], action: TriageAction.REOPEN });
    expect(await state()).toBe('open');
  });
});

describe('after a restart', () => {
  it('what was decided stands, verdicts of closed alerts are kept for triage, and acts go on', async () => {
    const [kept, reopened] = [await attack(), await attack()];
    await close([kept, reopened], AlertVerdict.BENIGN);
    await collector.console.act({ targets: [{ id: reopened.id }], action: TriageAction.REOPEN });
    agent[Symbol.dispose]();
    await collector[Symbol.asyncDispose]();
    {
      await using database = openDatabase({ directory: join(home, 'collector', 'store') });
      const rows = await database.query('select alert_id, rule_id, verdict, reason, actor_id from verdicts');
      expect(rows).toContainEqual({
        alert_id: kept.id,
        rule_id: kept.ruleId,
        verdict: AlertVerdict.BENIGN,
        reason: 'a test',
        actor_id: 'admin',
      });
      expect(rows.map((row) => row.alert_id)).not.toContain(reopened.id);
    }
    collector = await TestCollector.start({ home });
    expect((await collector.console.alert(kept.id!)).alert).toMatchObject({
      verdict: AlertVerdict.BENIGN,
      triageVersion: 1,
    });
    const [again] = await collector.console.act({ targets: [{ id: reopened.id }], action: TriageAction.ACKNOWLEDGE });
    expect(again!.alert).toMatchObject({ state: AlertState.ACKNOWLEDGED, triageVersion: 3 });
  });
});
