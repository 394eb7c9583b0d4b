import { Flags, type Interfaces } from '@oclif/core';
import type { RuleSummary } from '@threatguard/proto';
import { ruleRecord } from '../../model/rule.ts';
import { renderPairs } from '../../model/table.ts';
import { ConsoleCommand } from '../console-command.ts';

export const reasonFlag = {
  reason: Flags.string({ summary: 'Why: for those who look later, and for the audit log.', helpValue: 'TEXT' }),
};

/** What the commands share that switch a rule. */
export abstract class RuleStateCommand extends ConsoleCommand {
  /** Switches the rule and says what follows. */
  protected async switchTo(
    state: 'on' | 'off' | 'simulated',
    { args, flags }: { args: { id: string }; flags: Interfaces.InferredFlags<typeof reasonFlag> & SharedFlags },
  ): Promise<void> {
    const output = this.outputFor(flags);
    const { client } = await this.connect(flags);
    using _ = client;
    const { rule = {}, before, warnings } = await client.setRuleState({ id: args.id, state, reason: flags.reason });
    output.show({ ...ruleRecord(rule ?? {}), before: before ?? '' }, () => stateLines(rule ?? {}, before ?? ''));
    for (const warning of warnings ?? []) output.note(`note: ${warning}`);
  }
}

interface SharedFlags {
  home?: string | undefined;
  output: string;
  utc: boolean;
}

function stateLines(rule: RuleSummary, before: string): string[] {
  const state = before === rule.state ? `${rule.state}, as before` : `${rule.state}, was ${before}`;
  return renderPairs([
    ['rule', rule.title ?? ''],
    ['id', rule.id ?? ''],
    ['state', state],
  ]);
}
