import { type Command, UsageError } from './command.ts';

export const command: Command = {
  usage: `  threatguard-collector rules check PATH
      Looks at Sigma rules without running them: file, line and reason of each that does not load, of each that nothing our
      agents report could ever match, and what else should be looked at. Exit code 1 where a rule does not load.
`,
  options: {},
  operands: true,
  async run({ operands, stdout, stderr }) {
    const [path, ...rest] = operands;
    if (!path || rest.length > 0)
      throw new UsageError('rules check takes one PATH, a rule file or a directory of them');
    const { checkRules } = await import('../detect/rules/check-rules.ts');
    return checkRules({ path, stdout, stderr });
  },
};
