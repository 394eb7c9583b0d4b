// Short ways from the text of a rule to an engine or a verdict.

import type { GroupLimits } from '../../collector/src/detect/rules/groups.ts';
import { linkRules } from '../../collector/src/detect/rules/link.ts';
import { parseRules } from '../../collector/src/detect/rules/load.ts';
import { RuleEngine } from '../../collector/src/detect/rules/rule-engine.ts';
import { batchesOf, type WrittenEvent } from './rule-events.ts';

/** An engine of one text, with one or more documents. Throws where a rule does not load. */
export function engineOf(text: string, limits?: GroupLimits): RuleEngine {
  const { rules, problems } = linkRules(parseRules('test.yml', text));
  if (problems.length > 0) throw new Error(problems.map(({ line, reason }) => `${line}: ${reason}`).join('\n'));
  return new RuleEngine(
    rules.map(({ rule }) => rule),
    limits ? { limits } : {},
  );
}

export function detectionsOf(engine: RuleEngine, events: WrittenEvent[]) {
  return batchesOf(events).flatMap((batch) => engine.inspect(batch));
}

/** Whether a detection section, written as YAML below `detection:`, matches an exec of this form. */
export function matchesExec(detection: string, event: Partial<WrittenEvent>): boolean {
  const text = `title: test\nid: test\nlogsource:\n    category: process_creation\ndetection:\n${detection.replace(/^/gm, '    ')}\n`;
  return detectionsOf(engineOf(text), [{ class: 'PROCESS', activity: 'EXEC', ...event }]).length > 0;
}
