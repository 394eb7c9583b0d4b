import { type Alert, type Detection, Verdict } from '@threatguard/proto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ExceptionError } from '../../collector/src/judge/exception-error.ts';
import { ExceptionIndex, FIELD_SETS_MAX } from '../../collector/src/judge/exception-index.ts';
import { Judge } from '../../collector/src/judge/judge.ts';
import { measureException } from '../../collector/src/judge/measure-exception.ts';
import { proposeException } from '../../collector/src/judge/propose-exception.ts';
import { Suppression } from '../../collector/src/judge/suppression.ts';
import type { ExceptionRecord } from '../../collector/src/store/judgement-store.ts';

const NOW_US = 1_790_000_000_000_000;
const DAY_US = 86_400_000_000;

const exception = (more: Partial<ExceptionRecord> = {}): ExceptionRecord => ({
  id: '01exception',
  ruleId: 'curl-ran',
  ruleTitle: 'curl ran',
  conditions: [
    { field: 'agent.id', value: 'host-1' },
    { field: 'user.name', value: 'backup' },
  ],
  reason: 'nightly',
  alertId: '01alert',
  madeBy: 'admin',
  madeAtUs: NOW_US,
  expiresAtUs: NOW_US + 30 * DAY_US,
  removedBy: '',
  removedAtUs: undefined,
  hidden: 0,
  lastHiddenAtUs: undefined,
  ...more,
});
const detection = (more: Detection = {}): Detection => ({
  ruleId: 'curl-ran',
  agentId: 'host-1',
  entity: 'user.name=backup',
  values: { 'user.name': 'backup', 'process.executable': '/usr/bin/curl' },
  lastAtUs: NOW_US,
  ...more,
});
const judging = (...exceptions: ExceptionRecord[]) => {
  const judge = new Judge(new Suppression(() => 0), () => NOW_US);
  judge.restore(exceptions);
  return judge;
};
const refusal = (act: () => unknown): string => {
  try {
    act();
  } catch (error) {
    if (error instanceof ExceptionError) return error.code;
    throw error;
  }
  return 'none';
};

describe('an exception', () => {
  it('keeps a detection from alerting, and its id stands with what it hid', () => {
    const { detections, alerting } = judging(exception()).judge([detection(), detection({ ruleId: 'other' })]);
    expect(alerting).toEqual([detection({ ruleId: 'other' })]);
    expect(detections).toEqual([
      { ...detection(), verdict: Verdict.VERDICT_EXCEPTED, verdictBy: '01exception' },
      detection({ ruleId: 'other' }),
    ]);
  });

  it.each<[string, Detection]>([
    ['another rule', { ruleId: 'curl-ran-2' }],
    ['no rule', { ruleId: undefined }],
    ['a rule with other case', { ruleId: 'CURL-RAN' }],
    ['another host', { agentId: 'host-2' }],
    ['no host', { agentId: '' }],
    ['a value with other case', { values: { 'user.name': 'Backup' } }],
    ['a value that only begins so', { values: { 'user.name': 'backup2' } }],
    ['a value with a space behind', { values: { 'user.name': 'backup ' } }],
    ['an empty value', { values: { 'user.name': '' } }],
    ['a field that is missing', { values: {} }],
    ['no values at all', { values: undefined }],
    ['the value in another field', { values: { 'user.target.name': 'backup' } }],
    [
      'a host that is only said in the values',
      { agentId: 'host-2', values: { 'user.name': 'backup', 'agent.id': 'host-1' } },
    ],
  ])('does not hide %s', (_, different) => {
    expect(judging(exception()).judge([detection(different)]).alerting).toHaveLength(1);
  });

  it.each(['*', '?', 'back*', '.*', '%', '_ackup', '/backup/', '^backup$', '__proto__', 'constructor'])(
    'takes %s for what it is, not for a pattern',
    (value) => {
      const judge = judging(exception({ conditions: [{ field: 'user.name', value }] }));
      expect(judge.judge([detection()]).alerting).toHaveLength(1);
      expect(judge.judge([detection({ values: { 'user.name': value } })]).alerting).toEqual([]);
    },
  );

  it.each(['__proto__', 'constructor', 'toString', 'hasOwnProperty'])(
    'on the field %s finds only a value that is there',
    (field) => {
      const judge = judging(
        exception({ conditions: [{ field, value: String(({} as Record<string, unknown>)[field]) }] }),
      );
      expect(judge.judge([detection({ values: {} })]).alerting).toHaveLength(1);
    },
  );

  it('ends with its time, by the event and by the clock', () => {
    const judge = judging(exception({ expiresAtUs: NOW_US + DAY_US }));
    expect(judge.judge([detection({ lastAtUs: NOW_US + DAY_US - 1 })]).alerting).toEqual([]);
    expect(judge.judge([detection({ lastAtUs: NOW_US + DAY_US })]).alerting).toHaveLength(1);
    // A host that says it was yesterday does not bring back an exception that is over today.
    const over = judging(exception({ expiresAtUs: NOW_US }));
    expect(over.judge([detection({ lastAtUs: NOW_US - DAY_US })]).alerting).toHaveLength(1);
    expect(over.count()).toBe(0);
    expect(judging(exception({ expiresAtUs: undefined })).judge([detection()]).alerting).toEqual([]);
  });

  it('is over when it is removed, and others of its rule stay', () => {
    const judge = judging(
      exception(),
      exception({ id: '01other', conditions: [{ field: 'user.name', value: 'ansible' }] }),
    );
    judge.exceptions.remove('01exception');
    judge.exceptions.remove('never there');
    expect(judge.judge([detection()]).alerting).toHaveLength(1);
    expect(judge.judge([detection({ values: { 'user.name': 'ansible' } })]).alerting).toEqual([]);
  });

  it('hides nothing of what the collector says of its agents, whoever wrote it into the store', () => {
    const judge = judging(exception({ ruleId: 'health/events-lost' }));
    expect(judge.judge([detection({ ruleId: 'health/events-lost' })]).alerting).toHaveLength(1);
  });

  it('without conditions, or twice the same, or of too many shapes is refused, and named where the store has it', () => {
    const judge = judging(exception({ conditions: [] }), exception(), exception({ id: '01twin' }));
    expect(judge.judge([detection({ values: {} })]).alerting).toHaveLength(1);
    expect(judge.notices()).toEqual([
      expect.stringContaining('exception 01exception is not in force'),
      expect.stringContaining('exception 01twin is not in force'),
    ]);
    const index = new ExceptionIndex();
    for (let set = 0; set < FIELD_SETS_MAX; set++) {
      index.add(exception({ id: `e${set}`, conditions: [{ field: `field.${set}`, value: 'x' }] }));
    }
    expect(refusal(() => index.add(exception({ conditions: [{ field: 'one.more', value: 'x' }] })))).toBe('limit');
    expect(refusal(() => index.add(exception({ conditions: [{ field: 'field.3', value: 'y' }] })))).toBe('none');
  });

  it('never hides a detection of another rule, or one that differs in any field it asks for', () => {
    const text = fc.constantFrom('', 'a', 'A', 'a*', '*', 'a b', 'ab', 'null', '\u0000', '"', '","', 'ä', 'a\u0308');
    const field = fc.constantFrom('user.name', 'source.ip', 'process.executable', 'agent.id', '__proto__');
    const values = fc.dictionary(field, text, { noNullPrototype: false });
    const made = fc.uniqueArray(fc.record({ field, value: text }), { minLength: 1, selector: (each) => each.field });
    const rule = fc.constantFrom('r', 'R', 'r2', '');
    const any = fc.array(fc.tuple(rule, made), { minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(any, rule, text, values, (exceptions, ruleId, agentId, found) => {
        const records = exceptions.map(([of, conditions], index) => {
          const inOrder = [...conditions].sort((a, b) => (a.field < b.field ? -1 : 1));
          return exception({ id: `e${index}`, ruleId: of, conditions: inOrder });
        });
        const judge = judging(...records);
        const [decided] = judge.judge([detection({ ruleId, agentId, values: found })]).detections;
        const holds = ({ ruleId: of, conditions }: ExceptionRecord) =>
          of === ruleId &&
          conditions.every(({ field, value }) =>
            field === 'agent.id'
              ? agentId !== '' && agentId === value
              : Object.hasOwn(found, field) && found[field] === value,
          );
        expect(decided!.verdict === Verdict.VERDICT_EXCEPTED).toBe(records.some(holds));
        if (decided!.verdictBy) expect(holds(records.find(({ id }) => id === decided!.verdictBy)!)).toBe(true);
      }),
      { seed: 20261121, numRuns: 3_000 },
    );
  });
});

describe('what is proposed from an alert', () => {
  const alert: Alert = {
    ruleId: 'curl-ran',
    agentId: 'host-1',
    values: {
      'user.name': 'backup',
      'process.pid': '4242',
      'process.executable': '/usr/bin/curl',
      'process.command_line': 'curl https://example.org/*',
      'threatguard.count': '7',
    },
  };

  it('is all that can be the same another time, with the host', () => {
    const { conditions, others } = proposeException(alert);
    expect(conditions).toEqual([
      { field: 'agent.id', value: 'host-1' },
      { field: 'process.command_line', value: 'curl https://example.org/*' },
      { field: 'process.executable', value: '/usr/bin/curl' },
      { field: 'user.name', value: 'backup' },
    ]);
    expect(others.map(({ field }) => field)).toEqual(['process.pid', 'threatguard.count']);
  });

  it('is what is named, where something is', () => {
    expect(proposeException(alert, ['user.name', 'user.name']).conditions).toEqual([
      { field: 'user.name', value: 'backup' },
    ]);
  });

  it.each<[string, Alert, string[], string]>([
    ['a field the alert does not have', alert, ['user.nam'], 'field'],
    ['a field of every object', alert, ['constructor'], 'field'],
    [
      'a value that is known only in part',
      { ...alert, values: { 'file.path': 'x'.repeat(1_024) } },
      ['file.path'],
      'field',
    ],
    ['an alert without anything to tell it by', { ruleId: 'r', values: { 'process.pid': '1' } }, [], 'field'],
    ['what the collector says of agents', { ...alert, ruleId: 'health/events-lost' }, [], 'rule'],
  ])('is refused for %s', (_, of, fields, code) => {
    expect(refusal(() => proposeException(of, fields))).toBe(code);
  });
});

describe('what an exception would have hidden', () => {
  const conditions = exception().conditions;
  const measure = (pages: Detection[][], nowMs?: () => number) =>
    measureException(
      conditions,
      (async function* () {
        for (const page of pages) yield page.map((each) => ({ detection: each, lastAtUs: each.lastAtUs! }));
      })(),
      { sinceUs: NOW_US - 30 * DAY_US, agentName: (id) => `name of ${id}`, ...(nowMs && { nowMs }) },
    );

  it('is counted with its hosts and samples, and with what each condition keeps out', async () => {
    const other = { values: { 'user.name': 'root' } };
    const reach = await measure([
      [detection(), detection({ agentId: 'host-2' }), detection(other)],
      [detection({ verdict: Verdict.VERDICT_SIMULATED }), detection({ agentId: 'host-2', ...other }), detection()],
    ]);
    expect(reach).toMatchObject({
      partial: false,
      ruleDetections: 5,
      hidden: 2,
      hosts: [{ agentId: 'host-1', agentName: 'name of host-1', count: 2 }],
      hostsTotal: 1,
      without: [
        { field: 'agent.id', count: 3 },
        { field: 'user.name', count: 3 },
      ],
    });
    expect(reach.samples).toEqual([detection(), detection()]);
  });

  it('says so where there was no time for all of it', async () => {
    let nowMs = 0;
    const at = NOW_US - 5;
    const reach = await measure([[detection({ lastAtUs: at })], [detection()]], () => (nowMs += 6_000));
    expect(reach).toMatchObject({ partial: true, sinceUs: at, hidden: 1 });
  });
});
