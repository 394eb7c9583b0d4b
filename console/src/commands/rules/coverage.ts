import { Flags } from '@oclif/core';
import type { CoveredTechnique } from '@threatguard/proto';
import { toJson } from '../../model/json.ts';
import type { Column } from '../../model/table.ts';
import { ConsoleCommand, describe } from '../console-command.ts';

const KEYS = ['tactic', 'technique', 'rules'] as const;

export class RulesCoverage extends ConsoleCommand {
  static override summary = 'Which tactics and techniques of ATT&CK the rules speak of that are on.';
  static override description = describe(
    'Rules that are off, simulated, not loaded or failed do not count, nor do parts of correlations. A rule that names ' +
      'several tactics counts for each.',
  );
  static override examples = [
    '<%= config.bin %> rules coverage',
    '<%= config.bin %> rules coverage --navigator > layer.json',
  ];
  static override flags = {
    navigator: Flags.boolean({ summary: 'A layer for the ATT&CK Navigator, as JSON.' }),
  };

  async run(): Promise<void> {
    const { flags } = await this.parse(RulesCoverage);
    const output = this.outputFor(flags);
    const { client } = await this.connect(flags);
    using _ = client;
    const coverage = await client.ruleCoverage();
    if (flags.navigator) {
      // Through the gate: titles of rules are text of others.
      output.line(toJson(JSON.parse(coverage.navigatorLayer ?? '{}')));
      return;
    }
    const rows = coverage.techniques ?? [];
    output.list({
      rows,
      columns: COLUMNS,
      keys: KEYS,
      record: ({ tactic, technique, rules }) => ({
        tactic: tactic ?? '',
        technique: technique ?? '',
        rules: rules ?? [],
      }),
    });
    output.note(`${coverage.rules ?? 0} rules speak of ${coverage.techniquesCovered ?? 0} techniques`);
    const without = coverage.tacticsWithout ?? [];
    if (without.length > 0) output.note(`of these tactics no rule speaks: ${without.join(', ')}`);
  }
}

const COLUMNS: Column<CoveredTechnique>[] = [
  { title: 'TACTIC', cell: ({ tactic }) => tactic ?? '' },
  { title: 'TECHNIQUE', cell: ({ technique }) => technique ?? '' },
  { title: 'RULES', cell: ({ rules }) => String(rules?.length ?? 0), align: 'right' },
  { title: 'WHICH', cell: ({ rules }) => (rules ?? []).join('; '), shrink: true },
];
