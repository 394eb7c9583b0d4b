import { Activity, Outcome } from '@threatguard/proto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AuthParser } from '../../agent/src/sensors/auth/parse.ts';
import { hostileName, PEER } from '../support/hostile-names.ts';

const clock = { nowUs: Date.UTC(2026, 10, 21) * 1000, timeZone: 'UTC' };
const parser = new AuthParser('auth.file');
const { address, port } = PEER;
const { FAILURE, OUTCOME_UNSPECIFIED } = Outcome;
type Line = [kind: string, of: (name: string) => string, outcome?: Outcome];

/** One line of each kind in which a daemon writes a name it was given, as it writes it when it refuses. */
const LINES: Line[] = [
  ['sshd password', (n) => `sshd[7]: Failed password for invalid user ${n} from ${address} port ${port} ssh2`],
  ['sshd none', (n) => `sshd-session[7]: Failed none for invalid user ${n} from ${address} port ${port} ssh2`],
  [
    'sshd publickey',
    (n) => `sshd[7]: Failed publickey for invalid user ${n} from ${address} port ${port} ssh2: RSA SHA256:bb`,
  ],
  [
    'sshd certificate, its id too',
    (n) =>
      `sshd[7]: Failed publickey for ${n} from ${address} port ${port} ssh2: RSA-CERT SHA256:bb ID ${n} (serial 7) CA RSA SHA256:cc`,
  ],
  [
    'sshd hostbased, the client user too',
    (n) =>
      `sshd[7]: Failed hostbased for ${n} from ${address} port ${port} ssh2: RSA SHA256:bb, client user "${n}", client host "h"`,
  ],
  [
    'sshd keyboard-interactive',
    (n) => `sshd[7]: Failed keyboard-interactive/pam for invalid user ${n} from ${address} port ${port} ssh2`,
  ],
  ['sshd invalid user', (n) => `sshd[7]: Invalid user ${n} from ${address} port ${port}`, OUTCOME_UNSPECIFIED],
  ['sshd invalid user, old', (n) => `sshd[7]: Invalid user ${n} from ${address}`, OUTCOME_UNSPECIFIED],
  ['sshd PAM', (n) => `sshd[7]: error: PAM: Authentication failure for illegal user ${n} from ${address}`],
  ['sshd closed', (n) => `sshd[7]: Connection closed by invalid user ${n} ${address} port ${port} [preauth]`],
  ['sshd disconnected', (n) => `sshd[7]: Disconnected from invalid user ${n} ${address} port ${port} [preauth]`],
  [
    'sshd attempts',
    (n) =>
      `sshd[7]: error: maximum authentication attempts exceeded for invalid user ${n} from ${address} port ${port} ssh2 [preauth]`,
  ],
  [
    'sshd too many',
    (n) =>
      `sshd[7]: Disconnecting invalid user ${n} ${address} port ${port}: Too many authentication failures [preauth]`,
  ],
  [
    'sshd changed name',
    (n) =>
      `sshd[7]: Disconnecting invalid user ${n} ${address} port ${port}: Change of username or service not allowed: (${n},ssh-connection) -> (${n},ssh-connection) [preauth]`,
  ],
  ['sshd banner', (n) => `sshd[7]: Bad protocol version identification '${n}' from ${address} port ${port}`],
  ['sshd disconnect words', (n) => `sshd[7]: Received disconnect from ${address}: 11: ${n} [preauth]`],
  [
    'sshd repeated',
    (n) =>
      `sshd[7]: message repeated 2 times: [ Failed password for invalid user ${n} from ${address} port ${port} ssh2]`,
  ],
  [
    'pam_unix of sshd',
    (n) =>
      `sshd[7]: pam_unix(sshd:auth): authentication failure; logname= uid=0 euid=0 tty=ssh ruser= rhost=${address}  user=${n}`,
  ],
  [
    'pam_unix of vsftpd',
    (n) =>
      `vsftpd: pam_unix(vsftpd:auth): authentication failure; logname= uid=0 euid=0 tty=ftp ruser=${n} rhost=${address}  user=${n}`,
  ],
  ['dropbear', (n) => `dropbear[7]: Bad password attempt for '${n}' from ${address}:${port}`],
  ['dropbear nonexistent', (n) => `dropbear[7]: Login attempt for nonexistent user '${n}' from ${address}:${port}`],
  ['vsftpd', (n) => `vsftpd[7]: [${n}] FAIL LOGIN: Client "${address}"`],
  ['proftpd', (n) => `proftpd[7]: host (client[${address}]) - USER ${n} (Login failed): Incorrect password`],
  [
    'proftpd no such user',
    (n) =>
      `proftpd[7]: host (client[${address}]) - USER ${n}: no such user found from client [${address}] to 10.0.0.1:21`,
  ],
  ['pure-ftpd', (n) => `pure-ftpd[7]: (?@${address}) [WARNING] Authentication failed for user [${n}]`],
  [
    'dovecot',
    (n) =>
      `dovecot: imap-login: Disconnected (auth failed, 1 attempts in 2 secs): user=<${n}>, method=PLAIN, rip=${address}, lip=10.0.0.1, session=<x>`,
  ],
  [
    'postfix',
    (n) =>
      `postfix/smtpd[7]: warning: unknown[${address}]: SASL LOGIN authentication failed: UGFzc3dvcmQ6, sasl_username=${n}`,
  ],
  [
    'exim',
    (n) =>
      `exim[7]: login authenticator failed for (helo) [${address}]: 535 Incorrect authentication data (set_id=${n})`,
  ],
  [
    'exim greeting',
    (n) => `exim[7]: login authenticator failed for (${n}) [${address}]: 535 Incorrect authentication data (set_id=x)`,
  ],
  ['courier', (n) => `imapd: LOGIN FAILED, user=${n}, ip=[${address}]`],
  [
    'samba',
    (n) =>
      `smbd[7]: Auth: [SMB2,(null)] user [D]\\[${n}] at [Sat] with [NTLMv2] status [NT_STATUS_WRONG_PASSWORD] workstation [${n}] remote host [ipv4:${address}:${port}] mapped to [D]\\[${n}]. local host [ipv4:10.0.0.1:445]`,
  ],
  ['login', (n) => `login[7]: FAILED LOGIN 1 FROM ${address} FOR ${n}, Authentication failure`],
  ['webmin', (n) => `webmin[7]: Invalid login as ${n} from ${address}`],
  ['xrdp', (n) => `xrdp-sesman[7]: [INFO ] AUTHFAIL: user=${n} ip=${address} time=1795169716`],
  ['openvpn', (n) => `openvpn[7]: ${address}:${port} VERIFY ERROR: depth=0, error=certificate revoked: CN=${n}`],
  ['su', (n) => `su[7]: FAILED SU (to ${n}) mallory on pts/0`],
];

describe('a hostile name forges neither address nor outcome, and what could be read in two ways is withheld and named', () => {
  it.each(LINES)('%s', (_kind, of, outcome = FAILURE) => {
    fc.assert(
      fc.property(hostileName, (name) => {
        const { event } = parser.parse(`Nov 21 10:00:00 host ${of(name)}`, clock);
        if (!event) return; // not understood is counted, and forges nothing
        const { sourceAddress, sourcePort } = event.authentication ?? {};
        const missing = event.missing ?? [];
        expect([address, '']).toContain(sourceAddress ?? '');
        expect([port, 0]).toContain(sourcePort ?? 0);
        expect(event.outcome === outcome || missing.includes('event.outcome')).toBe(true);
        expect(event.activity).not.toBe(Activity.LOGOFF);
        expect(event.class).toBe(1);
      }),
      { numRuns: 400, seed: 4 },
    );
  });

  it.each(LINES)('%s: an ordinary name comes out with its peer', (kind, of) => {
    const { event } = parser.parse(`Nov 21 10:00:00 host ${of('alice')}`, clock);
    expect(event).not.toBeNull();
    if (kind !== 'su') expect(event?.authentication?.sourceAddress).toBe(address);
    expect(event?.missing ?? []).toEqual([]);
  });
});

it('a name or command in sudo, doas and su does not change the outcome or who did it', () => {
  const lines: [string, (n: string) => string, Outcome][] = [
    ['directory', (n) => `sudo[7]: alice : TTY=pts/0 ; PWD=/tmp/${n} ; USER=root ; COMMAND=/bin/sh`, Outcome.SUCCESS],
    ['command', (n) => `sudo[7]: alice : TTY=pts/0 ; PWD=/ ; USER=root ; COMMAND=/bin/echo ${n}`, Outcome.SUCCESS],
    [
      'refused',
      (n) => `sudo[7]: alice : command not allowed ; TTY=pts/0 ; PWD=/ ; USER=root ; COMMAND=/bin/echo ${n}`,
      FAILURE,
    ],
    ['doas', (n) => `doas[7]: alice ran command ${n} as root from /`, Outcome.SUCCESS],
    ['doas refused', (n) => `doas[7]: command not permitted for alice: ${n}`, FAILURE],
  ];
  for (const [kind, of, outcome] of lines)
    fc.assert(
      fc.property(hostileName, (name) => {
        const { event } = parser.parse(`Nov 21 10:00:00 host ${of(name)}`, clock);
        if (!event) return;
        expect(event.outcome, kind).toBe(outcome);
        expect(event.user?.name, kind).toBe('alice');
        const target = event.targetUser?.name;
        expect(target === 'root' || !target, `${kind}: target ${target}`).toBe(true);
      }),
      { numRuns: 400, seed: 4 },
    );
});
