// How many events one core takes through 10, 75 and all rules (built in and SigmaHQ's, where ../shared/data has them), beside
// an empty loop over the same decoded events.
// Run: node test/bench/rules.ts [directory of further rules]. One JSON object a line, the last for all rules.
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Batch, type HostEvent } from '@threatguard/proto';
import type { EnrichedBatch } from '../../collector/src/batch.ts';
import { compileRules, readRuleFiles } from '../../collector/src/detect/rules/load.ts';
import type { Rule } from '../../collector/src/detect/rules/rule.ts';
import { RuleEngine } from '../../collector/src/detect/rules/rule-engine.ts';
import { wireRules } from '../../collector/src/detect/rules/wiring.ts';
import { enrichedBatch, STARTED_AT_US } from '../support/rule-events.ts';
import { ordinaryEvent } from './ordinary-events.ts';

const BATCH_EVENTS = 500;
const BATCHES = 200;
const SECONDS_MIN = 3;
/** Between events: a thousand a second. */
const STEP_US = 1_000;

function decodedBatches(): EnrichedBatch[] {
  const batches: EnrichedBatch[] = [];
  for (let at = 0; at < BATCHES; at++) {
    const events = Array.from({ length: BATCH_EVENTS }, (_, index) => {
      const n = at * BATCH_EVENTS + index;
      return ordinaryEvent(n, STARTED_AT_US + n * STEP_US);
    });
    // Through the wire form, so that the objects have the shape the collector sees.
    const decoded = Batch.decode(Batch.encode({ events }).finish()).events as HostEvent[];
    batches.push(enrichedBatch(decoded, { agentId: `agent-${at % 20}`, sequence: at }));
  }
  return batches;
}

/** The same events, as much later as all of them take: windows move on. */
function moveOn(batch: EnrichedBatch): void {
  const byUs = BATCHES * BATCH_EVENTS * STEP_US;
  batch.receivedAtUs += byUs;
  for (let at = 0; at < batch.eventTimesUs.length; at++) batch.eventTimesUs[at]! += byUs;
}

function eventsPerSecond(batches: readonly EnrichedBatch[], pass: (batch: EnrichedBatch) => number): [number, number] {
  let found = 0;
  for (const batch of batches) {
    found += pass(batch);
    moveOn(batch);
  }
  let events = 0;
  const startedAt = performance.now();
  let seconds = 0;
  while (seconds < SECONDS_MIN) {
    for (const batch of batches) {
      found += pass(batch);
      moveOn(batch);
      events += batch.events.length;
    }
    seconds = (performance.now() - startedAt) / 1000;
  }
  return [Math.round(events / seconds), found];
}

const sigmaHq = fileURLToPath(new URL('../../../shared/data/sigma-linux-rules', import.meta.url));
const directories = [
  fileURLToPath(new URL('../../collector/rules', import.meta.url)),
  ...(existsSync(sigmaHq) ? [sigmaHq] : []),
  ...process.argv.slice(2),
];
const all = compileRules(directories.flatMap(readRuleFiles)).rules.map(({ rule }) => rule);
/** Rules over single events that raise detections of their own. */
const single = wireRules(all).flatMap(({ rule, speaks }) => (rule.kind === 'event' && speaks ? [rule] : []));
const batches = decodedBatches();

const [emptyLoopEventsPerSecond] = eventsPerSecond(batches, ({ events, eventTimesUs }) => {
  let seen = 0;
  for (let index = 0; index < events.length; index++) {
    if ((events[index]!.class ?? 0) > 0 && eventTimesUs[index]! > 0) seen++;
  }
  return seen;
});

/** Spread over all of them, without correlations. */
function someRules(count: number): Rule[] {
  return Array.from({ length: count }, (_, n) => single[Math.floor((n * single.length) / count)]!);
}

for (const rules of [...[10, 75].filter((count) => count <= single.length).map(someRules), all]) {
  const engine = new RuleEngine(rules);
  const cpuBefore = process.cpuUsage();
  const startedAt = performance.now();
  const [rulesEventsPerSecond, detections] = eventsPerSecond(batches, (batch) => engine.inspect(batch).length);
  const cpu = process.cpuUsage(cpuBefore);
  // On a machine that is busy otherwise this says how much of a core the wall clock stands for.
  const share = (cpu.user + cpu.system) / 1000 / (performance.now() - startedAt);
  console.error(
    `${rules.length} rules, ${detections} detections, disabled: ${engine.disabled().length}, CPU: ${share.toFixed(2)} cores`,
  );
  console.log(
    JSON.stringify({
      rules: rules.length,
      eventsPerSecond: rulesEventsPerSecond,
      emptyLoopEventsPerSecond,
      rssMiB: Math.round(process.memoryUsage.rss() / 1024 / 1024),
    }),
  );
}
