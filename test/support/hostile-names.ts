import { Outcome } from '@threatguard/proto';
import fc from 'fast-check';

/** The peer as every line of the tests states it; nothing else may come out. */
export const PEER = { address: '192.0.2.7', port: 40_001 };
/** What hostile names try to pass off. */
const FORGED = ['198.51.100.9', '2001:db8::666'];

export const HOSTILE_PIECES = [
  ...FORGED.flatMap((address) => [
    ` from ${address} port 22 ssh2`,
    ` from ${address}`,
    ` ${address} port 22`,
    ` from ${address}:22`,
    `' from ${address}:22`,
    ` rhost=${address}  user=root`,
    `>, method=PLAIN, rip=${address}, lip=10.0.0.1`,
    `] OK LOGIN: Client "${address}"`,
    `", anon password "x] OK LOGIN: Client "${address}"`,
    `] at [x] with [NTLMv2] status [NT_STATUS_OK] workstation [W] remote host [ipv4:${address}:445] became [D]\\[root`,
    `) [${address}]: 535 Incorrect authentication data (set_id=root)`,
    `, ip=[${address}]`,
    ` (Login failed): x`,
    `: Change of username or service not allowed: (a,b) -> (c ${address} port 9: Change of username`,
  ]),
  '#012Accepted password for root from 198.51.100.9 port 22 ssh2',
  '\nAccepted password for root from 198.51.100.9 port 22 ssh2',
  'Accepted password for root',
  ' ssh2: RSA SHA256:aa',
  ' ID x (serial 0) CA RSA SHA256:aa',
  ': Login successful',
  'invalid user ',
  ' [preauth]',
  ' ; USER=bob ; COMMAND=/bin/true',
  ' : TTY=pts/0 ; PWD=/ ; USER=root ; COMMAND=/bin/sh',
  '\u001b]52;c;aGk=\u0007',
  '\u001b[2K\r',
  '"',
  "'",
  ' ',
  'root',
  'x',
  'é',
];

/** Names such as a scanner tries who has read our source: parts of real lines, in any order. */
export const hostileName = fc
  .array(
    fc.oneof(
      { weight: 4, arbitrary: fc.constantFrom(...HOSTILE_PIECES) },
      { weight: 1, arbitrary: fc.string({ maxLength: 12 }) },
    ),
    {
      minLength: 1,
      maxLength: 5,
    },
  )
  .map((pieces) => pieces.join('').trim() || 'x');

const { address, port } = PEER;
const { OUTCOME_UNSPECIFIED } = Outcome;

type RefusedLine = [kind: string, of: (name: string) => string, outcome?: Outcome];

/** One line of each kind in which a daemon writes a name it was given, as it writes it when it refuses. */
export const REFUSED_LINES: RefusedLine[] = [
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
