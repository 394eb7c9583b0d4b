import { Args } from '@oclif/core';
import { budgetLines, budgetRecord } from '../../../model/budget.ts';
import { ConsoleCommand, describe, wholeNumber } from '../../console-command.ts';

const BUDGET_MAX = 10_000;

export class AlertsBudgetSet extends ConsoleCommand {
  static override summary = 'Set how many alerts a day are shown, or "off" for all.';
  static override description = describe(
    'It holds for this day already: of what was raised since midnight UTC the highest are shown, the rest is withheld.',
  );
  static override examples = ['<%= config.bin %> alerts budget set 50', '<%= config.bin %> alerts budget set off'];
  static override args = { number: Args.string({ required: true, description: 'Alerts a day, or off.' }) };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(AlertsBudgetSet);
    const output = this.outputFor(flags);
    const perDay = args.number === 'off' ? 0 : wholeNumber('NUMBER', args.number, { min: 1, max: BUDGET_MAX });
    const { client } = await this.connect(flags);
    using _ = client;
    const budget = await client.setAlertBudget(perDay);
    output.show(budgetRecord(budget), () => budgetLines(budget, flags.utc));
  }
}
