import { Flags } from '@oclif/core';
import { Severity } from '@threatguard/proto';
import { RULE_KEYS, ruleColumns, ruleRecord } from '../../model/rule.ts';
import { ConsoleCommand, describe, oneOf } from '../console-command.ts';
import { firstRows, wholeListFlags } from '../list-flags.ts';

const STATES = ['on', 'off', 'simulated', 'not loaded'] as const;
const LEVELS = ['informational', 'low', 'medium', 'high', 'critical'] as const;

export class RulesList extends ConsoleCommand {
  static override summary = 'List the rules of the collector: state, level, ATT&CK, and what they did.';
  static override description = describe(
    'Matches and alerts are those of the last 24 hours. A rule in parentheses "(part)" never alerts by itself: a ' +
      'correlation refers to it. Rules that did not load are listed with the reason.',
  );
  static override examples = [
    '<%= config.bin %> rules list --state off',
    '<%= config.bin %> rules list --tag T1110 --level high',
    '<%= config.bin %> rules list --logsource process_creation --output csv',
    '<%= config.bin %> rules list --problem',
  ];
  static override flags = {
    ...wholeListFlags,
    state: Flags.string({ summary: `Only those: ${STATES.join(', ')}.`, helpValue: 'STATE' }),
    level: Flags.string({
      summary: 'This level and above: informational, low, medium, high, critical.',
      helpValue: 'LEVEL',
    }),
    tag: Flags.string({
      summary: 'A technique with its sub-techniques (T1110), a tactic (credential-access), or a tag as written.',
      helpValue: 'TAG',
    }),
    logsource: Flags.string({ summary: 'A category, product or service (process_creation, sshd).', helpValue: 'NAME' }),
    problem: Flags.boolean({ summary: 'Only those that did not load, or failed while running.' }),
  };

  async run(): Promise<void> {
    const { flags } = await this.parse(RulesList);
    const output = this.outputFor(flags);
    const state = flags.state === undefined ? '' : oneOf('state', STATES, flags.state);
    const level = flags.level === undefined ? undefined : oneOf('level', LEVELS, flags.level.toLowerCase());
    const levelMin = level && Severity[level.toUpperCase() as keyof typeof Severity];
    const { tag, logsource, problem } = flags;
    const { client } = await this.connect(flags);
    using _ = client;
    const { rules = [] } = await client.listRules({ state, levelMin, tag, logsource, problem });
    output.list({
      rows: firstRows(rules, flags, output),
      columns: ruleColumns(Date.now()),
      keys: RULE_KEYS,
      record: ruleRecord,
    });
    if (rules.length === 0) output.note(problem ? 'no rule has a problem' : 'no rules match');
  }
}
