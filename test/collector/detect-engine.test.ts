import { fileURLToPath } from 'node:url';
import { EventClass, type StoredEvent } from '@threatguard/proto';
import { describe, expect, it } from 'vitest';
import { compileEventRule } from '../../collector/src/detect/rules/compile-event.ts';
import { RuleEngine } from '../../collector/src/detect/rules/rule-engine.ts';
import { EventRuleSchema } from '../../collector/src/detect/rules/schema.ts';
import { LATE_US_MAX } from '../../collector/src/detect/rules/sliding-window.ts';
import { batchesOf, enrichedBatch, hostEvent, type WrittenEvent } from '../support/rule-events.ts';
import { engineOf, loadEngine } from '../support/rule-text.ts';

const BUILT_IN = fileURLToPath(new URL('../../collector/rules', import.meta.url));
const exec = (executable: string): WrittenEvent => ({ class: 'PROCESS', activity: 'EXEC', process: { executable } });
const imageRule = (name: string, image: string) =>
  compileEventRule(
    EventRuleSchema.parse({
      title: `Runs ${image}`,
      id: name,
      level: 'high',
      tags: ['attack.execution', 'attack.t1059.004', 'attack.g0016', 'cve.2020-1'],
      logsource: { category: 'process_creation', product: 'linux' },
      detection: { sel: { Image: image }, condition: 'sel' },
      threatguard: {
        reason: '{user.name|user.id} ran {process.executable}',
        entity: ['user.id', 'process.executable'],
      },
    }),
  );

describe('the rule engine', () => {
  it('says which event, what, who and why', () => {
    const engine = new RuleEngine([imageRule('x', '/bin/x')]);
    const event = hostEvent({ ...exec('/bin/x'), user: { id: 0 } });
    const [detection] = engine.inspect(enrichedBatch([hostEvent(exec('/bin/y')), event], { sequence: 7 }));
    expect(detection).toMatchObject({
      ruleId: 'x',
      ruleTitle: 'Runs /bin/x',
      severity: 4,
      techniques: ['T1059.004'],
      tactics: ['execution'],
      reason: '0 ran /bin/x',
      values: { 'user.id': '0', 'process.executable': '/bin/x' },
      events: [{ agentId: 'web-1', sequence: 7, index: 1 }],
      firstAtUs: event.observedAtUs,
      lastAtUs: event.observedAtUs,
      agentId: 'web-1',
      entity: 'user.id=0 process.executable=/bin/x',
    });
  });

  it('evaluates a rule only for the class of its log source', () => {
    const rule = imageRule('x', '/bin/x');
    let asked = 0;
    const engine = new RuleEngine([{ ...rule, matches: () => ++asked > 0 }]);
    engine.inspect(enrichedBatch([hostEvent({ class: 'NETWORK', activity: 'LISTENING' }), hostEvent(exec('/bin/y'))]));
    expect(asked).toBe(1);
    expect(rule.classes).toEqual([EventClass.PROCESS]);
  });

  it('switches off a rule that throws, names it, and goes on with the others', () => {
    const broken = {
      ...imageRule('broken', '/bin/x'),
      matches: () => {
        throw new Error('no luck');
      },
    };
    const engine = new RuleEngine([broken, imageRule('sound', '/bin/x')]);
    const batch = enrichedBatch([hostEvent(exec('/bin/x')), hostEvent(exec('/bin/x'))]);
    expect(engine.inspect(batch).map(({ ruleId }) => ruleId)).toEqual(['sound', 'sound']);
    expect(engine.disabled()).toEqual(['broken (Runs /bin/x): failed while running: no luck']);
  });

  it('clips what a hostile host writes into reason and values', () => {
    const engine = new RuleEngine([imageRule('x', '/bin/*')]);
    const [detection] = engine.inspect(enrichedBatch([hostEvent(exec(`/bin/${'😀'.repeat(2000)}`))]));
    expect(detection!.reason!.length).toBeLessThan(300);
    expect(detection!.reason).toBe(detection!.reason!.toWellFormed());
    expect(detection!.values!['process.executable']!.length).toBeLessThanOrEqual(1024);
  });

  it('survives events with nothing in them', () => {
    const { engine } = loadEngine(BUILT_IN);
    const classes = [undefined, 0, 1, 2, 3, 4, 5, 6, 7, 99, -1];
    const empty = classes.map((one) => ({ class: one }) as object);
    expect(() => engine.inspect(enrichedBatch(empty))).not.toThrow();
    expect(engine.disabled()).toEqual([]);
  });

  it('continues its windows from stored events and detects none of them again', () => {
    const failed: WrittenEvent = {
      class: 'AUTHENTICATION',
      activity: 'LOGON',
      outcome: 'FAILURE',
      serviceName: 'sshd',
      user: { name: 'root' },
      authentication: { method: 'password', sourceAddress: '192.0.2.1' },
      repeat: 5,
    };
    const [last, ...before] = batchesOf([{ ...failed, repeat: 6 }]).reverse();
    const stored: StoredEvent[] = before.reverse().map((batch) => ({
      reference: { agentId: batch.agentId, streamId: new Uint8Array(16), sequence: 1, index: 0 },
      event: batch.events[0]!,
      agentName: batch.agentName,
      receivedAtUs: batch.receivedAtUs,
      eventAtUs: batch.eventTimesUs[0]!,
    }));
    const { engine } = loadEngine(BUILT_IN);
    engine.replay(stored);
    const found = engine.inspect(last!);
    expect(found.map(({ ruleTitle }) => ruleTitle)).toEqual(['SSH brute force']);
    expect(found[0]!.events).toHaveLength(6);
    expect(engine.windowUsMax).toBe(900e6 + LATE_US_MAX);

    const fired = loadEngine(BUILT_IN).engine;
    fired.replay([...stored, { ...stored.at(-1)!, eventAtUs: last!.eventTimesUs[0]! }]);
    expect(fired.inspect(last!)).toEqual([]);
  });

  it('names the rules that a broken one leaves blind', () => {
    const text = `title: base\nname: base\nlogsource: {category: process_creation}\ndetection:\n    sel: {Image: /bin/x}\n    condition: sel\n---\ntitle: Counted\nname: counted\ncorrelation: {type: event_count, rules: [base], timespan: 1m, condition: {gte: 1}}\n`;
    const rules = engineOf(text).rules.map((rule) =>
      rule.kind === 'event'
        ? {
            ...rule,
            matches: () => {
              throw new Error('no luck');
            },
          }
        : rule,
    );
    const engine = new RuleEngine(rules);
    engine.inspect(enrichedBatch([hostEvent(exec('/bin/x'))]));
    expect(engine.disabled()[0]).toContain('it no longer feeds: Counted');
  });
});
