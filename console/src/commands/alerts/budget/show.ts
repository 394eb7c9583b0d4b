import { Flags } from '@oclif/core';
import { Withheld } from '@threatguard/proto';
import { ALERT_KEYS, alertColumns, alertRecord, latestFirst } from '../../../model/alert.ts';
import { budgetLines, budgetRecord } from '../../../model/budget.ts';
import { ConsoleCommand, describe } from '../../console-command.ts';

/** Of the pile, newest first; `alerts list --withheld` has filters and more. */
const WITHHELD_SHOWN = 100;

export class AlertsBudget extends ConsoleCommand {
  static override summary = 'Show how many alerts a day are shown, and how many were withheld.';
  static override description = describe(
    'Over the budget the lowest alerts of the day are withheld: by severity, then by the risk of whom they are about, ' +
      'then the younger ones. They are kept and grow like all others, in a pile of their own. Critical alerts, and what ' +
      'the collector says of agents, are always shown.',
  );
  static override examples = [
    '<%= config.bin %> alerts budget',
    '<%= config.bin %> alerts budget --withheld',
    '<%= config.bin %> alerts budget set 50',
  ];
  static override flags = {
    withheld: Flags.boolean({ summary: 'List what was withheld and is not closed.' }),
  };

  async run(): Promise<void> {
    const { flags } = await this.parse(AlertsBudget);
    const output = this.outputFor(flags);
    const { client } = await this.connect(flags);
    using _ = client;
    if (!flags.withheld) {
      const budget = await client.getAlertBudget();
      return output.show(budgetRecord(budget), () => budgetLines(budget, flags.utc));
    }
    const rows = await client.listAlerts({ withheld: Withheld.WITHHELD_ONLY }, WITHHELD_SHOWN);
    const look = { ...output, nowMs: Date.now() };
    output.list({ rows: latestFirst(rows), columns: alertColumns(look), keys: ALERT_KEYS, record: alertRecord });
    if (rows.length === 0) output.note('no alerts are withheld');
    if (rows.length === WITHHELD_SHOWN) {
      output.note(`${WITHHELD_SHOWN} shown; "threatguard alerts list --withheld --limit N" shows more`);
    }
  }
}
