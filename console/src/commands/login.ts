import { readFileSync } from 'node:fs';
import { text } from 'node:stream/consumers';
import { Args, Flags } from '@oclif/core';
import type { DeviceLogin, LoginGrant } from '@threatguard/proto';
import type { CollectorClient } from '../client/collector-client.ts';
import { ConsoleError } from '../model/console-error.ts';
import { renderPairs } from '../model/table.ts';
import { askText } from './ask-text.ts';
import { canAsk } from './confirm.ts';
import { ConsoleCommand, describe } from './console-command.ts';

/** Of a file with a password: more is another file. */
const PASSWORD_CHARS_MAX = 256;

export class LogInCommand extends ConsoleCommand {
  static override summary = 'Log in to the collector: from now on commands are yours, with what your role allows.';
  static override description = describe(
    'Where the collector has single sign-on, a page and a code are shown: open the page on any device, log in there and enter the ' +
      'code. Otherwise, with a NAME or --local, a name and a password of ThreatGuard are asked for, and a code of an authenticator app. ' +
      'The login is kept for this deployment, renewed while it is used, and ended by "threatguard logout".',
  );
  static override examples = [
    '<%= config.bin %> login',
    '<%= config.bin %> login ana',
    '<%= config.bin %> login robot --password-file /run/secrets/robot',
    'pass soc/ana | <%= config.bin %> login ana --password-file -',
  ];
  static override args = { name: Args.string({ description: 'Name of a local account.' }) };
  static override flags = {
    local: Flags.boolean({ summary: 'A local account, also where there is single sign-on.' }),
    'password-file': Flags.string({ summary: 'Read the password from a file, or - for stdin.', helpValue: 'FILE|-' }),
    code: Flags.string({ summary: 'A code of an authenticator app.', helpValue: '123456' }),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(LogInCommand);
    const output = this.outputFor(flags);
    const { client, deployment, login } = await this.connect(flags);
    using _ = client;
    const { loginOf } = await import('../client/bring-login.ts');
    const { issuer = '', clientId = '' } = await client.getLogin();
    const local = issuer === '' || args.name !== undefined || flags.local || flags['password-file'] !== undefined;
    const grant = local
      ? await this.#locally(client, { name: args.name, passwordFile: flags['password-file'], code: flags.code })
      : await this.#elsewhere(client, `${issuer} (as ${clientId})`);
    await endFormer(client);
    login.write(loginOf(grant));
    const record = { user: grant.user ?? '', role: grant.role ?? '', collector: deployment.collector };
    output.show(record, () => renderPairs(Object.entries(record)));
  }

  async #locally(
    client: CollectorClient,
    given: { name?: string | undefined; passwordFile?: string | undefined; code?: string | undefined },
  ): Promise<LoginGrant> {
    const asks = canAsk(this.invocation);
    if (!asks && (given.name === undefined || given.passwordFile === undefined)) {
      throw new ConsoleError('usage', 'there is no terminal to ask on; write login NAME --password-file FILE');
    }
    const name = given.name ?? (await askText('name:', this.invocation));
    const fromFile = given.passwordFile !== undefined;
    const password = fromFile
      ? await this.#readPassword(given.passwordFile!)
      : await askText('password:', this.invocation, { hidden: true });
    // Whether one is needed is not told to whoever has no password.
    const code = given.code ?? (fromFile ? '' : await askText('code, or enter for none:', this.invocation));
    return client.logIn({ name, password, code: code.trim() });
  }

  async #readPassword(file: string): Promise<string> {
    try {
      const read = file === '-' ? await text(this.invocation.stdin) : readFileSync(file, 'utf8');
      const [password = ''] = read.split(/\r?\n/, 1);
      if (password !== '' && password.length <= PASSWORD_CHARS_MAX) return password;
    } catch (cause) {
      throw new ConsoleError('usage', `--password-file ${file} cannot be read`, { cause });
    }
    throw new ConsoleError(
      'usage',
      `--password-file ${file} holds no password of up to ${PASSWORD_CHARS_MAX} characters`,
    );
  }

  async #elsewhere(client: CollectorClient, provider: string): Promise<LoginGrant> {
    const { logInByDevice } = await import('../services/device-login.ts');
    const { stopped } = this.invocation;
    const output = this.outputFor({ output: 'table', utc: false });
    const show = ({ verificationUri, verificationUriComplete, userCode, expiresInSeconds }: DeviceLogin) => {
      output.note(`Log in at ${provider}:`);
      output.note(`  open       ${verificationUri}`);
      output.note(`  and enter  ${userCode}`);
      if (verificationUriComplete) output.note(`  or open    ${verificationUriComplete}`);
      output.note(`Waiting, ${Math.round((expiresInSeconds ?? 0) / 60)} minutes at most; Ctrl-C stops it.`);
    };
    return logInByDevice({ client, show, stopped });
  }
}

/** Whoever logs in again is one login, not two. It may be over already, which is as good. */
async function endFormer(client: CollectorClient): Promise<void> {
  try {
    await client.logOut();
  } catch (error) {
    if (!(error instanceof ConsoleError)) throw error;
  }
}
