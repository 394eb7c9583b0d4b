import fc from 'fast-check';

/** The peer as every line of the tests states it; nothing else may come out. */
export const PEER = { address: '192.0.2.7', port: 40_001 };
/** What hostile names try to pass off. */
const FORGED = ['198.51.100.9', '2001:db8::666'];

const PIECES = [
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
      { weight: 4, arbitrary: fc.constantFrom(...PIECES) },
      { weight: 1, arbitrary: fc.string({ maxLength: 12 }) },
    ),
    {
      minLength: 1,
      maxLength: 5,
    },
  )
  .map((pieces) => pieces.join('').trim() || 'x');
