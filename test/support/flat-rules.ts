// Rules over flat JSON objects, as `rules test` runs them.
import { type FlatEvent, flattenEvent, timeOf } from '../../collector/src/detect/rules/flat-event-view.ts';
import { compileRules } from '../../collector/src/detect/rules/load.ts';
import { RuleTest } from '../../collector/src/detect/rules/test-rules.ts';

/** A rule file with this detection section, written as YAML below `detection:`. */
export function ruleOf(detection: string, head = 'title: test\nlogsource: {product: any}\n'): string {
  return `${head}detection:\n${detection.replace(/^/gm, '    ')}\n`;
}

/** The ids of the rules that speak, event by event. Throws where a rule does not load. */
export function spoken(text: string, events: readonly FlatEvent[]): string[][] {
  const { rules, problems } = compileRules([{ name: 'test.yml', text }], { anyEvents: true });
  if (problems.length > 0) throw new Error(problems.map(({ line, reason }) => `${line}: ${reason}`).join('\n'));
  const test = new RuleTest(rules.map(({ rule }) => rule));
  return events.map((event) => {
    const flat = flattenEvent(event);
    return test.look(flat, timeOf(flat) ?? 0).map(({ id }) => id);
  });
}

/** Whether a detection matches an event. */
export function matchesFlat(detection: string, event: FlatEvent): boolean {
  return spoken(ruleOf(detection), [event])[0]!.length > 0;
}

/** Why a file does not load, one reason for each rule that does not. */
export function refusals(text: string, options: { anyEvents?: boolean } = { anyEvents: true }): string[] {
  return compileRules([{ name: 'test.yml', text }], options).problems.map(({ reason }) => reason);
}
