import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseNetlinkAttributes, parseNetlinkMessages } from '../../agent/src/kernel/netlink.ts';
import { parseDiagDatagram, parseDiagSocket } from '../../agent/src/sensors/network/diag-parse.ts';
import { parseAuditStatus } from '../../agent/src/sensors/process/audit-control.ts';
import { parseAuditLine, parseAuditMessage } from '../../agent/src/sensors/process/audit-line.ts';
import { parseAuditStream } from '../../agent/src/sensors/process/audit-records.ts';
import { parseExecPids } from '../../agent/src/sensors/process/connector-parse.ts';
import { parseCgroup, parseCommandLine } from '../../agent/src/sensors/process/proc-facts.ts';

/** A time in which any of these ends many times over; a loop that does not end would never. */
/** What takes so long hangs; a quiet machine needs a second. */
const RUN = { numRuns: 2000, interruptAfterTimeLimit: 120_000, markInterruptAsFailure: true };

// A socket as the kernel describes it: header, inet_diag_msg, and an attribute of tcp_info.
const diag = Buffer.alloc(16 + 72 + 4 + 232);
diag.writeUInt32LE(diag.length, 0);
diag.writeUInt16LE(20, 4);
diag[16] = 10;
diag[17] = 1;
diag.writeUInt16LE(4 + 232, 88);
diag.writeUInt16LE(2, 90);

const exec = Buffer.alloc(16 + 20 + 40);
exec.writeUInt32LE(exec.length, 0);
exec.writeUInt16LE(3, 4);
exec.writeUInt32LE(1, 16);
exec.writeUInt32LE(1, 20);
exec.writeUInt32LE(2, 36);

const AT = 'audit(1700000000.123:7)';
const LINES = [
  `type=SYSCALL msg=${AT}: arch=c000003e syscall=59 success=yes exit=0 items=2 ppid=10 pid=11 auid=1000 uid=33 tty=pts1 ses=4 comm="ls" exe="/usr/bin/ls" key="x"`,
  `type=EXECVE msg=${AT}: argc=3 a0="ls" a1_len=4 a1[0]=2D6C a2=2F612062`,
  `type=CWD msg=${AT}: cwd="/root"`,
  `type=PROCTITLE msg=${AT}: proctitle=6C73002D6C`,
  `type=EOE msg=${AT}: `,
  `type=USER_AUTH msg=${AT}: pid=9 uid=0 auid=1 ses=1 msg='op=PAM:authentication acct="root" exe="/bin/su" hostname=? addr=? terminal=pts/0 res=success'`,
  `type=CONFIG_CHANGE msg=${AT}: op=set audit_enabled=0 old=1 auid=1000 ses=3 res=1`,
  `type=ADD_USER msg=${AT}: pid=1 msg='op=adding user acct=66 exe="/usr/sbin/useradd" res=success'`,
  `Nov 21 10:00:00 web1 kernel: [  12.345678] audit: type=1300 ${AT}: arch=c000003e syscall=257 success=yes a0=ffffff9c a2=241 items=1 pid=1 uid=0 comm="x" exe="/x"`,
  `type=PATH msg=${AT}: item=0 name="passwd" inode=1 mode=0100644 ouid=0 ogid=0 nametype=NORMAL`,
  `type=SYSCALL msg=${AT}: arch=c000003e syscall=42 success=no exit=-115 items=0 pid=1 uid=0\x1dUID="root"`,
  `type=SOCKADDR msg=${AT}: saddr=02000050A9FEA9FE0000000000000000`,
  `type=ANOM_PROMISCUOUS msg=${AT}: dev=eth0 prom=256 old_prom=0 auid=1 uid=0 ses=1`,
];

/** Some bytes of a real message changed, and its end cut off or grown. */
function mutated(real: Uint8Array): fc.Arbitrary<Uint8Array> {
  const change = fc.tuple(fc.nat(real.length - 1), fc.oneof(fc.nat(255), fc.constantFrom(0, 1, 4, 127, 128, 255)));
  return fc
    .tuple(fc.array(change, { maxLength: 12 }), fc.nat(real.length), fc.uint8Array({ maxLength: 64 }), fc.boolean())
    .map(([changes, length, tail, cut]) => {
      const bytes = Uint8Array.from(real);
      for (const [at, value] of changes) bytes[at] = value;
      return cut ? bytes.slice(0, length) : Uint8Array.from([...bytes, ...tail]);
    });
}

const bytes = fc.oneof(fc.uint8Array({ maxLength: 512 }), mutated(diag), mutated(exec));
const line = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 400 }),
  ...LINES.map((real) => mutated(Buffer.from(real)).map((changed) => Buffer.from(changed).toString())),
  ...LINES.map(fc.constant),
);

describe('bytes from the kernel', () => {
  test('messages and attributes never reach beyond the datagram, and each step moves on', () => {
    fc.assert(
      fc.property(bytes, fc.nat(80), (datagram, offset) => {
        const messages = parseNetlinkMessages(datagram);
        const total = messages.reduce((sum, message) => sum + 16 + message.payload.length, 0);
        expect(total).toBeLessThanOrEqual(datagram.length);
        for (const [, value] of parseNetlinkAttributes(datagram, offset)) {
          expect(value.length).toBeLessThanOrEqual(datagram.length);
        }
      }),
      RUN,
    );
  });

  test('sockets, execs and the state of audit are read or passed over, never thrown at', () => {
    fc.assert(
      fc.property(bytes, (datagram) => {
        for (const socket of parseDiagDatagram(datagram)) {
          expect(socket.localPort).toBeLessThan(65_536);
          expect(socket.localAddress).toMatch(/^[0-9a-f.:]+$/);
        }
        parseDiagSocket(datagram);
        parseExecPids(datagram);
        parseAuditStatus(datagram);
      }),
      RUN,
    );
  });

  test('the real messages that are mutated here are read', () => {
    expect(parseDiagDatagram(diag)).toHaveLength(1);
    expect(parseExecPids(exec)).toHaveLength(1);
    expect(LINES.every((real) => parseAuditLine(real))).toBe(true);
  });
});

describe('text from the kernel', () => {
  test('lines of an audit log give events or nothing', () => {
    fc.assert(
      fc.property(fc.array(line, { maxLength: 20 }), (lines) => {
        const stream = parseAuditStream();
        const found = [...lines.flatMap((text, index) => stream.push(text, index + 1).events), ...stream.end()];
        expect(found.length).toBeLessThanOrEqual(lines.length);
        for (const { event, line: number } of found) {
          expect(event.class).toBeGreaterThan(0);
          expect(number).toBeGreaterThan(0);
          expect(number).toBeLessThanOrEqual(lines.length);
        }
      }),
      RUN,
    );
  });

  test('records by number, command lines and cgroups are read whatever they hold', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1000, max: 1400 }), fc.string({ unit: 'binary' }), (type, text) => {
        parseAuditMessage(type, `audit(1700000000.123:7): ${text}`);
        parseCommandLine(text);
        parseCgroup(text);
      }),
      RUN,
    );
  });

  test.each([
    ['of one field', `a0="${'x'.repeat(64 * 1024)}"`],
    ['of fields', 'a=1 '.repeat(16 * 1024)],
    ['of quotes', '"'.repeat(64 * 1024)],
    ['of equal signs', '='.repeat(64 * 1024)],
    ['of brackets', 'a[0'.repeat(20 * 1024)],
    ['of blanks', ' '.repeat(64 * 1024)],
    ['of a key', 'a'.repeat(64 * 1024)],
  ])('a line of 64 KiB %s is read in the time its length takes', (_what, text) => {
    // A parser that goes over the line again for each of its characters would need minutes for this.
    for (let times = 0; times < 100; times++) parseAuditLine(`type=EXECVE msg=${AT}: ${text}`);
  });

  test.each([
    ['before the type', `${'x'.repeat(64 * 1024)} type=USER_LOGIN msg=${AT}: res=failed`],
    ['of heads of a log', 'Nov 21 10:00:00 h kernel: '.repeat(2600)],
    ['of a daemon', `type=USER_LOGIN msg=${AT}: msg='${'acct="a" '.repeat(7200)}'`],
    [
      'of forged fields',
      `type=USER_LOGIN msg=${AT}: msg='${Array.from({ length: 6000 }, (_, n) => `res=${n}`).join(' ')}'`,
    ],
    ['of names', `type=USER_LOGIN msg=${AT}: msg='id=0'\x1d${'UID="'.repeat(13_000)}`],
    ['of hex', `type=USER_LOGIN msg=${AT}: msg='acct=${'41'.repeat(32 * 1024)}'`],
    ['of an address', `type=SOCKADDR msg=${AT}: saddr=${'0A'.repeat(32 * 1024)}`],
  ])('a line of 64 KiB %s is taken by the whole stream in the time its length takes', (_what, text) => {
    for (let times = 0; times < 100; times++) {
      const stream = parseAuditStream();
      stream.push(text, 1);
      stream.end();
    }
  });
});
