// Short ways from the text or the files of rules to an engine or a verdict.
import type { GroupLimits } from '../../collector/src/detect/rules/groups.ts';
import { linkRules } from '../../collector/src/detect/rules/link.ts';
import { compileRules, parseRules, readRuleFiles } from '../../collector/src/detect/rules/load.ts';
import { RuleEngine } from '../../collector/src/detect/rules/rule-engine.ts';
import type { RuleProblem } from '../../collector/src/detect/rules/rule-error.ts';
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

/** An engine of what loads of a directory, and what does not. */
export function loadEngine(directory: string): { engine: RuleEngine; problems: RuleProblem[] } {
  const loaded = compileRules(readRuleFiles(directory));
  const engine = new RuleEngine([]);
  return { engine, ...engine.reload({ loaded, states: new Map() }) };
}

export function detectionsOf(engine: RuleEngine, events: WrittenEvent[]) {
  return batchesOf(events).flatMap((batch) => engine.inspect(batch));
}

/** Whether a detection section, written as YAML below `detection:`, matches an exec of this form. */
export function matchesExec(detection: string, event: Partial<WrittenEvent>): boolean {
  const text = `title: test\nid: test\nlogsource:\n    category: process_creation\ndetection:\n${detection.replace(/^/gm, '    ')}\n`;
  return detectionsOf(engineOf(text), [{ class: 'PROCESS', activity: 'EXEC', ...event }]).length > 0;
}
