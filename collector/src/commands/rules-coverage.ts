import { type Command, text, UsageError } from './command.ts';

export const command: Command = {
  usage: `  threatguard-collector rules coverage PATH [--output navigator]
      Which tactics and techniques of MITRE ATT&CK the rules of a file or directory speak of, and which rules these are. With
      --output navigator a layer for the ATT&CK Navigator, as JSON. Exit code 1 where a rule does not load.
`,
  options: { output: { type: 'string' } },
  operands: true,
  async run(invocation) {
    const { operands, stdout, stderr } = invocation;
    const [path, ...rest] = operands;
    if (!path || rest.length > 0)
      throw new UsageError('rules coverage takes one PATH, a rule file or a directory of them');
    const output = text(invocation, 'output');
    if (output !== undefined && output !== 'navigator') throw new UsageError('--output is navigator, or left out');
    const { showCoverage } = await import('../detect/rules/coverage.ts');
    return showCoverage({ path, navigator: output === 'navigator', stdout, stderr });
  },
};
