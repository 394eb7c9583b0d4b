import { execFileSync, spawn } from 'node:child_process';
import { appendFileSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { freePort } from './child-server.ts';
import { serverPath } from './servers.ts';

/** A real OpenSSH server on loopback that lets this user in by one key and nobody by password. */
export interface Sshd extends AsyncDisposable {
  port: number;
  /** Where its log stands, in the form rsyslog writes it. */
  logFile: string;
  /** Tries a password with a real ssh client; resolves when it was refused. */
  failLogin(user: string): Promise<void>;
  /** Logs this user in by key with a real ssh client and runs `true`. */
  login(): Promise<void>;
}

/** Starts sshd in the foreground, with or without PAM; what it says is written to a log with the header a syslog daemon would put before it. */
export async function startSshd({ pam = false } = {}): Promise<Sshd> {
  const program = serverPath('sshd');
  if (!program) throw new Error('sshd is not installed');
  const directory = mkdtempSync(join(tmpdir(), 'threatguard-sshd-'));
  const at = (name: string) => join(directory, name);
  for (const name of ['host', 'client']) execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', at(name)]);
  const ranBefore = existsSync('/run/sshd');
  if (!ranBefore) mkdirSync('/run/sshd', { mode: 0o755 });

  const port = await freePort();
  const logFile = at('auth.log');
  writeFileSync(logFile, '');
  writeFileSync(at('authorized_keys'), execFileSync('ssh-keygen', ['-y', '-f', at('client')]));
  writeFileSync(
    at('sshd_config'),
    [
      `Port ${port}`,
      'ListenAddress 127.0.0.1',
      `HostKey ${at('host')}`,
      `PidFile ${at('sshd.pid')}`,
      `AuthorizedKeysFile ${at('authorized_keys')}`,
      'StrictModes no',
      `UsePAM ${pam ? 'yes' : 'no'}`,
      'PasswordAuthentication yes',
      'KbdInteractiveAuthentication no',
      'PermitRootLogin yes',
      'MaxStartups 100',
      'LogLevel INFO',
    ].join('\n'),
  );
  writeFileSync(at('askpass'), '#!/bin/sh\necho wrong-password\n', { mode: 0o700 });

  const daemon = spawn(program, ['-D', '-e', '-f', at('sshd_config')], { stdio: ['ignore', 'ignore', 'pipe'] });
  const listening = Promise.withResolvers<void>();
  createInterface({ input: daemon.stderr }).on('line', (line) => {
    const time = new Date().toString();
    const stamp = `${time.slice(4, 7)} ${String(new Date().getDate()).padStart(2)} ${time.slice(16, 24)}`;
    appendFileSync(logFile, `${stamp} ${hostname()} sshd[${daemon.pid}]: ${line.replace(/\r$/, '')}\n`);
    if (line.includes('Server listening')) listening.resolve();
  });
  daemon.once('exit', (code) => listening.reject(new Error(`sshd ended with ${code}`)));
  await listening.promise;

  const client = (arguments_: string[], environment: Record<string, string> = {}) =>
    new Promise<number>((resolve) => {
      const common = [
        '-F',
        'none',
        '-p',
        String(port),
        '-o',
        'StrictHostKeyChecking=no',
        '-o',
        'UserKnownHostsFile=/dev/null',
      ];
      const child = spawn('ssh', [...common, ...arguments_], {
        stdio: 'ignore',
        env: { ...process.env, ...environment },
      });
      child.once('exit', (code) => resolve(code ?? -1));
    });

  return {
    port,
    logFile,
    async failLogin(user) {
      const askpass = { SSH_ASKPASS: at('askpass'), SSH_ASKPASS_REQUIRE: 'force', DISPLAY: ':0' };
      const only = ['-o', 'PreferredAuthentications=password', '-o', 'NumberOfPasswordPrompts=1'];
      const code = await client([...only, `${user}@127.0.0.1`, 'true'], askpass);
      if (code === 0) throw new Error('the wrong password was accepted');
    },
    async login() {
      const code = await client([
        '-i',
        at('client'),
        '-o',
        'IdentitiesOnly=yes',
        `${userInfo().username}@127.0.0.1`,
        'true',
      ]);
      if (code !== 0) throw new Error(`ssh ended with ${code}`);
    },
    async [Symbol.asyncDispose]() {
      if (daemon.exitCode === null) {
        const ended = new Promise((resolve) => daemon.once('exit', resolve));
        daemon.kill();
        await ended;
      }
      rmSync(directory, { recursive: true, force: true });
      if (!ranBefore) rmSync('/run/sshd', { recursive: true, force: true });
    },
  };
}
