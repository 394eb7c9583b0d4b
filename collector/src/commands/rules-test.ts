import { type Command, text, UsageError } from './command.ts';

export const command: Command = {
  usage: `  threatguard-collector rules test --rules PATH --events FILE.jsonl
      Runs Sigma rules (a file, or every .yml and .yaml below a directory) over events, one flat JSON object a line in Sigma's
      field names; - reads them from standard input. One JSON object for each match: {"rule", "title", "line"}. Needs no state.
      Exit code 1 where a rule does not load; the others run all the same.
`,
  options: { rules: { type: 'string' }, events: { type: 'string' } },
  async run(invocation) {
    const rules = text(invocation, 'rules');
    const events = text(invocation, 'events');
    if (!rules) throw new UsageError('--rules PATH names a rule file or a directory of them');
    if (!events) throw new UsageError('--events FILE.jsonl names the events, - for standard input');
    const { testRules } = await import('../detect/rules/run-test.ts');
    const { stdin, stdout, stderr } = invocation;
    return testRules({ rules, events, stdin, stdout, stderr });
  },
};
