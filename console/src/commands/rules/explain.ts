import { Flags } from '@oclif/core';
import type { RuleExplanation } from '@threatguard/proto';
import { ConsoleError } from '../../model/console-error.ts';
import { eventColumns } from '../../model/event.ts';
import {
  EXPLANATION_KEYS,
  explainedRecord,
  explanationLines,
  explanationRecord,
} from '../../model/rule-explanation.ts';
import { renderTable } from '../../model/table.ts';
import { ConsoleCommand, describe } from '../console-command.ts';

export class RulesExplain extends ConsoleCommand {
  static override summary = 'Say which rules looked at an event, and how far the condition of each got.';
  static override description = describe(
    'Shown are rules of the log source of the event: those that matched, and those that came near, with the first thing that ' +
      'was not as they want it and what the event has there; --all shows the rest. The id of an event is event.id of ' +
      '"events search" and "alerts show" (--output json), or EVENT in their tables: the agent may be named, the stream cut short.',
  );
  static override examples = [
    '<%= config.bin %> rules explain --event web-1/3f9c01de/1841/7',
    '<%= config.bin %> rules explain --event web-1/3f9c01de/1841/7 --all --output json',
  ];
  static override flags = {
    event: Flags.string({ summary: 'The event: AGENT/STREAM/SEQUENCE/INDEX.', helpValue: 'ID' }),
    all: Flags.boolean({ summary: 'Also rules of which nothing held.' }),
  };

  async run(): Promise<void> {
    const { flags } = await this.parse(RulesExplain);
    const output = this.outputFor(flags);
    if (!flags.event) throw new ConsoleError('usage', 'name the event: --event AGENT/STREAM/SEQUENCE/INDEX');
    const { client } = await this.connect(flags);
    using _ = client;
    const answer = await client.explainEvent(flags.event);
    const { rules = [], event, otherRules = 0 } = answer;
    const shown = flags.all ? rules : rules.filter(isWorthShowing);
    if (output.format === 'csv') {
      output.list({ rows: shown, columns: [], keys: EXPLANATION_KEYS, record: explanationRecord });
    } else {
      const look = { ...output, nowMs: Date.now() };
      output.show(explainedRecord(answer, shown), () => [
        ...(event ? renderTable(eventColumns(look), [event], output.columns) : []),
        ...shown.flatMap((rule) => ['', ...explanationLines(rule)]),
      ]);
    }
    const rest = rules.length - shown.length;
    output.note(`${rules.length} rules looked at it: ${matched(rules)} matched`);
    if (rest > 0) output.note(`of ${rest} nothing held; --all shows them`);
    output.note(`${otherRules} are of other log sources`);
  }
}

function isWorthShowing({ outcome, near }: RuleExplanation): boolean {
  return outcome !== 'no' || near === true;
}

function matched(rules: readonly RuleExplanation[]): number {
  return rules.filter(({ outcome }) => outcome === 'matched').length;
}
