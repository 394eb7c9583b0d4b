import { type Alert, AlertVerdict, Severity } from '@threatguard/proto';
import { beforeAll, describe, expect, it } from 'vitest';
import { applyBins } from '../../collector/src/detect/models/binned-table.ts';
import { calibrate, fitPlatt } from '../../collector/src/detect/models/platt.ts';
import { brierScore, calibrationError, logLoss, rocAuc } from '../../collector/src/detect/models/quality.ts';
import { Random } from '../../collector/src/detect/models/random.ts';
import { describeAlert, toColumns } from '../../collector/src/triage/learned/alert-facts.ts';
import { timeFolds } from '../../collector/src/triage/learned/cross-validate.ts';
import { type ClosedAlert, toExamples } from '../../collector/src/triage/learned/examples.ts';
import { type LearnedTriage, learnTriage } from '../../collector/src/triage/learned/learn-triage.ts';
import { LEARNERS } from '../../collector/src/triage/learned/learners.ts';
import { tellScore } from '../../collector/src/triage/learned/tell-score.ts';
import { TriageModel } from '../../collector/src/triage/learned/triage-model.ts';
import { hostKind, VerdictHistory } from '../../collector/src/triage/learned/verdict-history.ts';
import { makeAlert, START_US } from '../support/stores.ts';

const HOUR_US = 3_600_000_000;
const { TRUE_POSITIVE, FALSE_POSITIVE, BENIGN } = AlertVerdict;

/** How likely an alert is real in the world of these tests: brute force is, from outside and on web hosts; scans hardly ever. */
function chanceOf(alert: Alert): number {
  const outside = !alert.values?.['source.ip']?.startsWith('10.');
  if (alert.ruleId === 'scan') return 0.05;
  if (!outside) return 0.1;
  return alert.agentName?.startsWith('web') ? 0.92 : 0.6;
}

function drawAlert(random: Random, raisedAtUs: number): Alert {
  const pick = <T>(...values: T[]) => values[random.integer(values.length)]!;
  const near = random.uniform() < 0.4;
  const address = `${near ? '10.0' : '198.51'}.${random.integer(100)}.${random.integer(250)}`;
  return makeAlert({
    ruleId: pick('brute-force', 'brute-force', 'scan'),
    severity: pick(Severity.LOW, Severity.MEDIUM, Severity.HIGH),
    agentName: `${pick('web', 'db', 'mail')}-${random.integer(9)}`,
    agentId: '00000000-0000-4000-8000-000000000001',
    values: { 'source.ip': address, 'user.name': pick('root', 'alice', 'backup') },
    entity: `source.ip=${address}`,
    raisedAtUs,
    risk: random.integer(100),
    count: 1 + random.integer(3),
  });
}

/** One alert an hour, closed some hours later. */
function drawClosed(seed: number, count: number, fromUs = START_US): ClosedAlert[] {
  const random = new Random(seed);
  return Array.from({ length: count }, (_, at) => {
    const raised = drawAlert(random, fromUs + at * HOUR_US);
    const verdict = random.uniform() < chanceOf(raised) ? TRUE_POSITIVE : at % 3 ? FALSE_POSITIVE : BENIGN;
    return { raised, verdict, closedAtUs: raised.raisedAtUs! + Math.ceil(12 * random.uniform() * HOUR_US) };
  });
}

const learn = (closed: readonly ClosedAlert[], seed = 1) =>
  learnTriage(toExamples(closed), { seed, progress: () => undefined });

let found: LearnedTriage;
beforeAll(() => {
  found = learn(drawClosed(1, 700))!;
});

describe('what is known of an alert', () => {
  const brute = makeAlert({ ruleId: 'brute-force', agentName: 'web-1', raisedAtUs: START_US + 100 * HOUR_US });
  const closedAt = (closedAtUs: number, change: Alert = {}): ClosedAlert => ({
    raised: { ...brute, id: `${closedAtUs}`, raisedAtUs: START_US, ...change },
    verdict: TRUE_POSITIVE,
    closedAtUs,
  });
  const lastOf = (closed: ClosedAlert[]) => toExamples(closed).at(-1)!.facts;
  const own = { raised: brute, verdict: FALSE_POSITIVE, closedAtUs: brute.raisedAtUs! + HOUR_US };

  it('is how alerts like it were closed before it was raised, and never what was closed after', () => {
    const before = closedAt(brute.raisedAtUs! - 1, { entity: 'source.ip=192.0.2.2' });
    const facts = lastOf([own, before]);
    expect(facts.history).toEqual({
      rule: { real: 1, other: 0 },
      hosts: { real: 1, other: 0 },
      entity: { real: 0, other: 0 },
    });
    const later = [closedAt(brute.raisedAtUs!), closedAt(brute.raisedAtUs! + 1), closedAt(own.closedAtUs + HOUR_US)];
    expect(lastOf([...later, own, before])).toEqual(facts);
  });

  it('is the same where it was raised today and where it is learned from a year later', () => {
    const history = new VerdictHistory();
    const before = drawClosed(3, 200);
    const alert = drawAlert(new Random(9), START_US + 500 * HOUR_US);
    for (const { raised, verdict } of before) history.add(raised, verdict);
    const after = drawClosed(4, 50, START_US + 501 * HOUR_US);
    const learned = toExamples([
      ...after,
      { raised: alert, verdict: TRUE_POSITIVE, closedAtUs: Number.MAX_SAFE_INTEGER },
      ...before,
    ]);
    const at = learned.findIndex(({ raisedAtUs }) => raisedAtUs === alert.raisedAtUs);
    expect(learned[at]!.facts).toEqual(describeAlert(alert, history.of(alert)));
  });

  it('forgets a verdict that was taken back, and the least recently closed for lack of room', () => {
    const history = new VerdictHistory({ keysMax: 3 });
    history.add(brute, TRUE_POSITIVE);
    history.add(brute, BENIGN);
    expect(history.of(brute).entity).toEqual({ real: 1, other: 1 });
    history.remove(brute, TRUE_POSITIVE);
    expect(history.of(brute).rule).toEqual({ real: 0, other: 1 });
    history.add(makeAlert({ ruleId: 'another' }), BENIGN);
    expect(history.of(brute).rule).toEqual({ real: 0, other: 0 });
  });

  it.each([
    ['web-1', 'web'],
    ['web02.example.org', 'web'],
    ['DB_7-b', 'db-b'],
    ['10', '10'],
    ['', ''],
  ])('says of a host %j that it is one of %j', (agentName, kind) => expect(hostKind({ agentName })).toBe(kind));
});

describe('folds', () => {
  it('never learn from an alert that was raised or closed after those they are asked about', () => {
    const { folds, closedBefore } = timeFolds(toExamples(drawClosed(5, 300)));
    expect([folds.length, closedBefore]).toEqual([5, true]);
    for (const { train, test } of folds) {
      const startUs = Math.min(...test.map(({ raisedAtUs }) => raisedAtUs));
      expect(Math.max(...train.map(({ closedAtUs }) => closedAtUs))).toBeLessThan(startUs);
    }
  });

  it('go by when alerts were raised where all were closed at once', () => {
    const closed = drawClosed(5, 300).map((each) => ({ ...each, closedAtUs: START_US + 9_999 * HOUR_US }));
    expect(timeFolds(toExamples(closed))).toMatchObject({ closedBefore: false, folds: { length: 5 } });
  });
});

describe('a calibration', () => {
  it('finds what the probabilities were bent by', () => {
    const random = new Random(2);
    const truth = Array.from({ length: 4_000 }, () => random.uniform());
    const real = truth.map((probability) => random.uniform() < probability);
    // Twice as sure as it may be, and leaning to one side.
    const bent = truth.map((p) => 1 / (1 + ((1 - p) / p) ** 2 * Math.exp(-1)));
    const scale = fitPlatt(bent, real);
    expect(scale.slope).toBeCloseTo(0.5, 1);
    expect(scale.offset).toBeCloseTo(-0.5, 1);
    const said = bent.map((p, at) => ({ probability: calibrate(scale, p), real: real[at]! }));
    expect(calibrationError(said)).toBeLessThan(0.03);
    expect(calibrationError(bent.map((probability, at) => ({ probability, real: real[at]! })))).toBeGreaterThan(0.1);
  });

  it.each([
    ['knows nothing', [0.5, 0.5, 0.5, 0.5], [true, false, false, false], 0.32],
    ['is always wrong', [0.9, 0.9, 0.1, 0.1], [false, false, true, true], 0.5],
    ['has seen one kind', [0.9, 0.8, 0.7], [true, true, true], 0.8],
  ])('of a classifier that %s is the share of real ones, never certainty', (_, probabilities, real, share) => {
    const scale = fitPlatt(probabilities, real);
    for (const probability of [0, 0.5, 1]) expect(calibrate(scale, probability)).toBeCloseTo(share, 1);
  });
});

describe('measures of probabilities', () => {
  const said = [0.9, 0.6, 0.6, 0.1].map((probability, at) => ({ probability, real: at < 2 }));

  it('are those of their definitions', () => {
    expect(brierScore(said)).toBeCloseTo((0.01 + 0.16 + 0.36 + 0.01) / 4, 12);
    expect(logLoss(said)).toBeCloseTo(-(Math.log(0.9) + Math.log(0.6) + Math.log(0.4) + Math.log(0.9)) / 4, 12);
    expect(rocAuc(said)).toBe(0.875);
    expect(calibrationError(said)).toBeCloseTo((0.1 + 0.2 + 0.1) / 4, 12);
    expect(rocAuc(said.slice(0, 2))).toBeNaN();
  });
});

describe('a model of verdicts', () => {
  it('says more than how often alerts are real, of alerts raised after those it learned from', () => {
    expect(found.metrics.brier).toBeLessThan(0.75 * found.metrics.brierByShare!);
    expect(found.metrics.rocAuc).toBeGreaterThan(0.8);
    expect(found.metrics.calibrationError).toBeLessThan(0.1);
    expect(Object.keys(LEARNERS)).toContain(found.parameters.learner);
  });

  it('gives probabilities that hold for alerts nobody closed yet', async () => {
    await using model = await TriageModel.load(found.body, 1);
    const examples = toExamples([...drawClosed(1, 700), ...drawClosed(7, 2_000, START_US + 800 * HOUR_US)]).slice(700);
    const probabilities = await model.score(examples.map(({ facts }) => facts));
    const said = examples.map(({ real }, at) => ({ probability: probabilities[at]!, real }));
    // What nobody can know of them alone costs 0.114, their share alone 0.22.
    expect(brierScore(said)).toBeLessThan(0.14);
    expect(calibrationError(said)).toBeLessThan(0.08);
    expect(rocAuc(said)).toBeGreaterThan(0.85);
  });

  it.each(Object.keys(LEARNERS) as (keyof typeof LEARNERS)[])(
    'scores by onnxruntime as it was trained: %s',
    async (learner) => {
      const examples = toExamples(drawClosed(11, 300));
      const columns = found.body.columns;
      const raw = toColumns(examples.map(({ facts }) => facts));
      const table = applyBins(columns, raw, examples.length);
      const labels = Uint16Array.from(examples, ({ real }) => (real ? 1 : 0));
      const learned = LEARNERS[learner].learn(table, labels, 1);
      await using model = await TriageModel.load({ ...found.body, learner, onnx: learned.export(columns) }, 1);
      const other = toExamples(drawClosed(12, 500)).map(({ facts }) => facts);
      const both = learned.classify(applyBins(columns, toColumns(other), other.length));
      const scored = await model.score(other);
      const off = Array.from(scored, (each, at) => Math.abs(each - calibrate(found.body.scale, both[at * 2 + 1]!)));
      expect(Math.max(...off)).toBeLessThan(1e-5);
    },
  );

  it('is the same again for the same seed, whatever the order verdicts are read in', () => {
    const again = learn(drawClosed(1, 700).reverse())!;
    expect(Buffer.from(again.body.onnx).equals(Buffer.from(found.body.onnx))).toBe(true);
    expect(again.metrics).toEqual(found.metrics);
  });

  it('says why, the strongest first, with what was known', async () => {
    await using model = await TriageModel.load(found.body, 4);
    const history = new VerdictHistory();
    for (const { raised, verdict } of drawClosed(1, 700)) history.add(raised, verdict);
    const scoreOf = async (change: Alert) => {
      const facts = describeAlert(
        makeAlert({ ...drawAlert(new Random(21), START_US), ...change }),
        history.of(makeAlert(change)),
      );
      const [judged] = await model.judge([facts], 1);
      return tellScore({ ...judged!, facts, verdicts: model.verdicts, version: model.version });
    };
    const outside = { 'source.ip': '198.51.100.7', 'user.name': 'alice' };
    const likely = await scoreOf({ ruleId: 'brute-force', agentName: 'web-77', values: outside });
    expect(likely.probability).toBeGreaterThan(0.6);
    expect(likely.features!.map(({ name }) => name)).toEqual(expect.arrayContaining(['rule', 'address']));
    expect(likely.sentence).toMatch(/^\d\d % real: .*this rule was closed as true \d+ of \d+ times on web hosts/);
    const unlikely = await scoreOf({ ruleId: 'scan', agentName: 'web-77', values: outside });
    expect(unlikely.probability).toBeLessThan(0.2);
    expect(unlikely.features![0]).toMatchObject({ name: 'rule', effect: expect.any(Number) });
    expect(unlikely.features![0]!.effect).toBeLessThan(0);
  });

  it('is not learned from too few verdicts of a kind', () => {
    const many = drawClosed(1, 200);
    const real = many.filter(({ verdict }) => verdict === TRUE_POSITIVE);
    expect(learn([...many.filter((each) => !real.includes(each)), ...real.slice(0, 24)])).toBeUndefined();
    expect(learn(drawClosed(1, 20))).toBeUndefined();
  });
});
