import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Client } from '@grpc/grpc-js';
import {
  type Alert,
  AlertOrder,
  AlertState,
  AlertVerdict,
  modelsService,
  type TrainingProgress,
  TriageAction,
} from '@threatguard/proto';
import { CHANNEL_OPTIONS, collectorCredentials } from '@threatguard/proto/client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { homePaths } from '../../collector/src/fleet/home.ts';
import { consoleIdentityOf } from '../support/agent-identity.ts';
import { CollectorProcess, initTestHome, TestCollector } from '../support/collector.ts';
import { bruteForce } from '../support/envelopes.ts';
import { SealingAgent } from '../support/sealing-agent.ts';
import { until } from '../support/until.ts';

/** Attacks of each kind that an analyst closes: more than are needed to learn from. */
const ATTACKS = 32;
const { TRUE_POSITIVE, FALSE_POSITIVE } = AlertVerdict;

let home: string;
let collector: TestCollector;
let agent: SealingAgent;

beforeAll(async () => {
  home = await initTestHome();
  collector = await TestCollector.start({ home });
  await connect();
});

afterAll(async () => {
  agent?.[Symbol.dispose]();
  await collector?.[Symbol.asyncDispose]();
  rmSync(home, { recursive: true, force: true });
});

async function connect(): Promise<void> {
  agent?.[Symbol.dispose]();
  agent = await SealingAgent.connect({ address: collector.address, identity: await collector.enrol('web-1') });
}

/** A brute force from each address; the alert each raises. */
async function attack(sources: readonly string[]): Promise<Alert[]> {
  for (const source of sources) await agent.send(bruteForce(source));
  return until(
    async () => {
      const { alerts = [] } = await collector.console.alerts({ filter: { technique: 'T1110' }, limit: 1_000 });
      const open = alerts!.filter(({ state }) => state !== AlertState.CLOSED);
      const found = sources.map((source) => open.find(({ values }) => values?.['source.ip'] === source));
      return found.every((alert) => alert !== undefined) ? (found as Alert[]) : undefined;
    },
    { limitMs: 30_000, what: 'the alerts' },
  );
}

/** The rule an analyst goes by, who never says it: from inside it is a script of their own. */
const inside = (at: number) => `10.0.${at >> 6}.${(at & 63) + 1}`;
const outside = (at: number) => `198.51.${at >> 6}.${(at & 63) + 1}`;

function close(alerts: readonly Alert[], verdict: AlertVerdict) {
  const targets = alerts.map(({ id, triageVersion }) => ({ id: id!, triageVersion: triageVersion ?? 0 }));
  return collector.console.act({ targets, action: TriageAction.CLOSE, verdict, text: 'looked at' });
}

/** Attacks from inside and outside in turns, each closed before the next: what an analyst's weeks are. */
async function work(from: number, to: number): Promise<void> {
  for (let at = from; at < to; at += 8) {
    const turns = Array.from({ length: Math.min(8, to - at) }, (_, each) => at + each);
    const alerts = await attack(turns.flatMap((each) => [inside(each), outside(each)]));
    await close(
      alerts.filter((_, each) => each % 2 === 0),
      FALSE_POSITIVE,
    );
    await close(
      alerts.filter((_, each) => each % 2 === 1),
      TRUE_POSITIVE,
    );
  }
}

const models = async () => (await collector.console.call(modelsService.listModels, {})).models!;
const learning = async () => (await collector.console.call(modelsService.listModels, {})).learning!;
const explain = (alertId: string) => collector.console.call(modelsService.explainAlert, { alertId });

async function train(address = collector.address): Promise<TrainingProgress[]> {
  const client = new Client(address, collectorCredentials(consoleIdentityOf(home)), CHANNEL_OPTIONS);
  const { path, requestSerialize, responseDeserialize } = modelsService.trainModels;
  const call = client.makeServerStreamRequest(path, requestSerialize, responseDeserialize, { name: 'triage' });
  const steps: TrainingProgress[] = [];
  try {
    for await (const step of call) steps.push(step as TrainingProgress);
    return steps;
  } finally {
    client.close();
  }
}

describe('triage learned from verdicts', () => {
  it('stays quiet before there are enough, and says how far learning is', async () => {
    await work(0, 4);
    const [alert] = await attack(['203.0.113.1']);
    expect(alert!.triage).toBeNull();
    await expect(train()).rejects.toThrow('learning, 4 of 25 true positives and 4 of 25 other verdicts');
    expect(await learning()).toMatchObject({ verdictsTrue: 4, verdictsOther: 4, verdictsNeeded: 25 });
    const { triage } = await explain(alert!.id!);
    expect(triage).toMatchObject({
      probability: 0,
      verdicts: 8,
      sentence: expect.stringMatching(/^learning, 4 of 25/),
    });
  });

  it('finds the rule an analyst goes by, and says it with each alert: in lists, on watching consoles, in its reasons', async () => {
    await work(4, ATTACKS);
    const steps = await train();
    expect(steps.at(-1)!.finished).toMatchObject({ name: 'triage', version: 1, state: 'active', rows: 2 * ATTACKS });
    expect(new Set(steps.map(({ phase }) => phase))).toEqual(new Set(['reading', 'training', 'saved']));

    const watching = await collector.console.watch();
    const [benign, real] = await attack([inside(900), outside(900)]);
    expect(real!.triage!.probability).toBeGreaterThan(0.8);
    expect(benign!.triage!.probability).toBeLessThan(0.2);
    expect(real!.triage!.features![0]).toMatchObject({ name: 'address', value: 'public' });
    expect(real!.triage!.features![0]!.effect).toBeGreaterThan(0);
    expect(benign!.triage!.sentence).toMatch(/^\d{1,2} % real: a private address/);
    const seen = await until(() => watching.seen.find(({ id }) => id === real!.id), {
      limitMs: 5_000,
      what: 'the alert',
    });
    expect(seen.triage).toEqual(real!.triage);
    watching.stop();
    expect((await explain(real!.id!)).triage).toEqual(real!.triage);
  });

  it('sorts a list by it, the likeliest first and those without last, page by page', async () => {
    const filter = { state: AlertState.OPEN };
    const order = AlertOrder.ALERT_ORDER_TRIAGE;
    const whole = await collector.console.alerts({ filter, order, limit: 1_000 });
    const chances = whole.alerts!.map(({ triage }) => triage?.probability ?? -1);
    expect(chances).toEqual(chances.toSorted((a, b) => b - a));
    expect([chances[0]! > 0.8, chances.at(-1)]).toEqual([true, -1]);
    const paged: Alert[] = [];
    for (let after = ''; ; ) {
      const page = await collector.console.alerts({ filter, order, limit: 1, after });
      paged.push(...page.alerts!);
      after = page.next ?? '';
      if (!after) break;
    }
    expect(paged.map(({ id }) => id)).toEqual(whole.alerts!.map(({ id }) => id));
    const { next } = await collector.console.alerts({ limit: 1 });
    await expect(collector.console.alerts({ order, after: next! })).rejects.toThrow('cursor');
  });

  it('keeps what was said when an alert grows and is acted on', async () => {
    const [alert] = await attack([outside(901)]);
    await agent.send(bruteForce(outside(901)));
    const now = async () => (await collector.console.alert(alert!.id!)).alert!;
    await until(async () => (await now()).count! > alert!.count!, { limitMs: 10_000, what: 'the alert to grow' });
    const [acknowledged] = await collector.console.act({
      targets: [{ id: alert!.id! }],
      action: TriageAction.ACKNOWLEDGE,
    });
    expect(acknowledged!.alert!.triage).toEqual(alert!.triage);
  });

  it('hides nothing: an alert that is hardly ever real is raised and listed as every other', async () => {
    const [alert] = await attack([inside(903)]);
    expect(alert!.triage!.probability).toBeLessThan(0.2);
    expect(alert).toMatchObject({ state: AlertState.OPEN, withheld: false });
    const { alerts } = await collector.console.alerts({ limit: 1 });
    expect(alerts![0]!.id).toBe(alert!.id);
  });

  it('has versions like other models: evaluated by what was closed since, rolled back', async () => {
    await work(ATTACKS, ATTACKS + 4);
    const call = collector.console.call.bind(collector.console);
    const { measures } = await call(modelsService.evaluateModel, { name: 'triage', version: 1 });
    const measured = Object.fromEntries(measures!.map(({ name, value }) => [name!, value]));
    expect(measured.alertsSinceTrained).toBe(8);
    expect(measured.brier).toBeLessThan(0.1);
    await train();
    expect((await models()).map(({ version, state }) => [version, state])).toEqual([
      [2, 'active'],
      [1, 'retired'],
    ]);
    expect((await call(modelsService.rollbackModel, { name: 'triage' })).model).toMatchObject({ version: 1 });
    const { model, card } = await call(modelsService.getModel, { name: 'triage' });
    expect(model).toMatchObject({ version: 1, state: 'active' });
    expect(JSON.parse(card!)).toMatchObject({
      data: { rows: { 'true positive': ATTACKS, 'false positive': ATTACKS } },
      parameters: { learner: expect.stringMatching(/forest|trees/) },
      metrics: { brier: expect.any(Number), brierByShare: expect.any(Number), calibrationError: expect.any(Number) },
    });
  });

  it('is as it was when the collector is killed while it trains, and refused where its file was changed', async () => {
    const before = await models();
    const [scored] = await attack([outside(904)]);
    expect(scored!.triage).toMatchObject({ modelVersion: 1 });
    agent[Symbol.dispose]();
    await collector[Symbol.asyncDispose]();
    const killed = await CollectorProcess.start(home, {
      THREATGUARD_LISTEN: '127.0.0.1:0',
      THREATGUARD_HTTP_LISTEN: 'off',
    });
    const identity = consoleIdentityOf(home);
    const client = new Client(killed.address, collectorCredentials(identity), CHANNEL_OPTIONS);
    const { path, requestSerialize, responseDeserialize } = modelsService.trainModels;
    const call = client.makeServerStreamRequest(path, requestSerialize, responseDeserialize, { name: 'triage' });
    const broken = new Promise((resolve) => call.once('error', resolve));
    await new Promise<void>((resolve) => {
      call.on('data', ({ phase }: TrainingProgress) => phase === 'training' && resolve());
    });
    await killed.stop('SIGKILL');
    await broken;
    client.close();

    const file = join(homePaths(home).modelsDirectory, 'triage-1.tgmodel');
    const bytes = readFileSync(file);
    bytes[bytes.length - 9]! ^= 1;
    writeFileSync(file, bytes);
    collector = await TestCollector.start({ home });
    await connect();
    const refused = { state: 'refused', notice: expect.stringMatching(/not what its card/) };
    expect(await models()).toEqual(before.map((model) => (model.version === 1 ? { ...model, ...refused } : model)));
    expect((await collector.console.alert(scored!.id!)).alert!.triage).toEqual(scored!.triage);
    expect((await attack(['203.0.113.9']))[0]!.triage).toBeNull();
    await collector.console.call(modelsService.activateModel, { name: 'triage', version: 2 });
    expect((await attack(['203.0.113.10']))[0]!.triage).toMatchObject({ modelVersion: 2 });
  });
});
