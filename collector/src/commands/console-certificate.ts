import { homePaths } from '../fleet/home.ts';
import { type Command, homeOf, text, UsageError } from './command.ts';

const CONSOLE_NAME = /^[A-Za-z0-9._-]{1,128}$/;

export const command: Command = {
  usage: `  threatguard-collector console-certificate --name NAME --output DIR --home DIR
      Makes another console identity in DIR (-o), to be carried to another machine.
`,
  options: { name: { type: 'string' }, output: { type: 'string', short: 'o' } },
  async run(invocation) {
    const home = homeOf(invocation);
    const name = text(invocation, 'name');
    const directory = text(invocation, 'output');
    if (!name || !CONSOLE_NAME.test(name)) throw new UsageError('--name takes letters, digits, dots, dashes');
    if (!directory) throw new UsageError('--output DIR says where the identity is made');
    const [{ consoleAddress, issueConsoleIdentity }, { CertificateAuthorities }, { chooseCrypto }, { loadConfig }] =
      await Promise.all([
        import('../init.ts'),
        import('../fleet/authorities.ts'),
        import('../fleet/chosen-crypto.ts'),
        import('./load-config.ts'),
      ]);
    const authorities = await CertificateAuthorities.load(homePaths(home).caDirectory);
    await chooseCrypto(authorities.newest, { provider: 'openssl' });
    const collector = consoleAddress((await loadConfig(home, invocation.environment)).listen);
    await issueConsoleIdentity({ authorities, directory, name, collector, nowMs: Date.now() });
    invocation.stdout.write(`console identity ${name} in ${directory}\n`);
    return 0;
  },
};
