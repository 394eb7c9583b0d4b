import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Activity, type HostEvent, Outcome } from '@threatguard/proto';
import { describe, expect, it } from 'vitest';
import { AuthParser } from '../../agent/src/sensors/auth/parse.ts';

const DATA = join(import.meta.dirname, '../../../shared/data');
const clock = { nowUs: Date.UTC(2026, 10, 21) * 1000, timeZone: 'UTC' };

function readLines(file: string): string[] {
  return readFileSync(join(DATA, file), 'utf8').split('\n').filter(Boolean);
}

/** What a line states, such as 'LOGON FAILURE sshd'; with * where `run` does not send it because another line states it. */
function kindOf(parser: AuthParser, line: string): string {
  const { event, known, repeats } = parser.parse(line, clock);
  if (!event) return known ? 'no fact' : 'unknown';
  return `${Activity[event.activity ?? 0]} ${Outcome[event.outcome ?? 0]} ${event.serviceName}${repeats ? ' *' : ''}`;
}

function tally(file: string): Record<string, number> {
  const parser = new AuthParser('auth.file');
  const kinds: Record<string, number> = {};
  for (const line of readLines(file)) {
    const kind = kindOf(parser, line);
    kinds[kind] = (kinds[kind] ?? 0) + 1;
  }
  return kinds;
}

const count = (file: string, pattern: RegExp) => readLines(file).filter((line) => pattern.test(line)).length;

/** Deliberately simple, and made without looking at the parser: words by which a line speaks of authentication or accounts. */
const FACT_LIKE =
  /authentication fail|Authentication failed|authenticat(?:e|ed) user|Failed |Accepted |[Ii]nvalid user|session (?:opened|closed)|LOGIN|user unknown|User unknown|Connection closed by|Received disconnect|identification string|\[preauth\]|password (?:changed|check)|new (?:user|group)|(?:delete|add|change) (?:user|group)/;

describe.skipIf(!existsSync(join(DATA, 'loghub')))(
  'every line of loghub that states a fact (needs ../shared/data)',
  () => {
    it.each(['loghub/OpenSSH/OpenSSH_2k.log', 'loghub/Linux/Linux_2k.log'])(
      '%s: is an event, and no event comes from another line',
      (file) => {
        const parser = new AuthParser('auth.file');
        const read = readLines(file).map((line) => ({ line, kind: kindOf(parser, line) }));
        const isEvent = ({ kind }: { kind: string }) => kind !== 'no fact' && kind !== 'unknown';
        expect(read.filter((each) => FACT_LIKE.test(each.line) && !isEvent(each))).toEqual([]);
        expect(read.filter((each) => !FACT_LIKE.test(each.line) && isEvent(each))).toEqual([]);
      },
    );

    it('OpenSSH: each attempt, announced name and early end is one event that is sent, and no line is unknown', () => {
      const file = 'loghub/OpenSSH/OpenSSH_2k.log';
      const kinds = tally(file);
      expect(kinds['LOGON FAILURE sshd']).toBe(count(file, /\]: (?:Failed |message repeated \d+ times: \[ Failed )/));
      expect(kinds['LOGON SUCCESS sshd']).toBe(count(file, /: Accepted /));
      expect(kinds['LOGON OUTCOME_UNSPECIFIED sshd']).toBe(count(file, /\]: Invalid user /));
      expect(kinds['LOGOFF SUCCESS sshd']).toBe(count(file, /session closed for user/));
      expect(kinds['PREAUTH_CLOSED FAILURE sshd']).toBe(
        count(
          file,
          /Connection closed by|Received disconnect.*preauth|Did not receive|Too many authentication failures for|Write failed/,
        ),
      );
      expect(kinds.unknown).toBeUndefined();
    });

    it('Linux: each PAM failure, session and FTP logon is an event that is sent, and no authentication line is unknown', () => {
      const file = 'loghub/Linux/Linux_2k.log';
      const kinds = tally(file);
      expect(kinds['LOGON FAILURE sshd']).toBe(count(file, /sshd\(pam_unix\)\[\d+\]: authentication failure/));
      expect(kinds['LOGON SUCCESS sshd']).toBe(count(file, /sshd\(pam_unix\)\[\d+\]: session opened/));
      expect(kinds['PRIVILEGE SUCCESS su']).toBe(count(file, /su\(pam_unix\)\[\d+\]: session opened/));
      expect(kinds['LOGOFF SUCCESS su']).toBe(count(file, /su\(pam_unix\)\[\d+\]: session closed/));
      expect(kinds['LOGON FAILURE klogind']).toBe(count(file, /klogind\[\d+\]: Authentication failed/));
      expect(kinds['LOGON SUCCESS ftpd']).toBe(count(file, /ANONYMOUS FTP LOGIN/));
      expect(kinds['LOGON SUCCESS login']).toBe(count(file, /ROOT LOGIN ON/));
      const parser = new AuthParser('auth.file');
      const unknown = readLines(file).filter((line) => !parser.parse(line, clock).known);
      expect(unknown.filter((line) => /(?:sshd|su|login|ftpd|klogind|pam_unix)[^:]*:/.test(line))).toEqual([]);
    });
  },
);

interface Expected {
  pid?: number;
  event?: string;
  method?: string;
  user?: string;
  ip?: string;
  port?: number;
  signature?: string;
  dropped_ip?: string;
  sudo?: { tty: string; pwd: string; user: string; command: string; error?: string };
  groupadd?: { name: string; gid: number };
  useradd?: { name: string; uid: number; gid: number; home: string; shell: string };
}

/** Our event in the words of the reference; a field that the reference does not name is not compared. */
function inTheirWords(event: HostEvent, names: Expected): Expected {
  const { user, targetUser, authentication, process } = event;
  const words: Expected = {};
  if (names.pid) words.pid = process?.pid;
  if (names.user) words.user = user?.name ?? undefined;
  if (names.event) {
    words.event = { 0: 'Invalid', 1: 'Accepted', 2: 'Failed' }[event.outcome ?? 0];
    words.ip = authentication?.sourceAddress ?? undefined;
    if (names.method) words.method = authentication?.method ?? undefined;
    if (names.port) words.port = authentication?.sourcePort ?? undefined;
    if (names.signature) words.signature = authentication?.keyFingerprint ?? undefined;
  }
  if (names.dropped_ip) words.dropped_ip = authentication?.sourceAddress ?? undefined;
  if (names.sudo) {
    const { tty = '', command = '', reason } = authentication ?? {};
    words.sudo = { tty, pwd: process?.workingDirectory ?? '', user: targetUser?.name ?? '', command };
    if (reason) words.sudo.error = reason;
  }
  if (names.groupadd) words.groupadd = { name: targetUser?.groupName ?? '', gid: targetUser?.groupId ?? -1 };
  if (names.useradd) {
    const { name = '', id, groupId, home = '', shell = '' } = targetUser ?? {};
    words.useradd = { name, uid: id ?? -1, gid: groupId ?? -1, home, shell };
  }
  return words;
}

describe.skipIf(!existsSync(join(DATA, 'elastic-auth')))(
  'the reference log of another agent (needs ../shared/data)',
  () => {
    const expected = existsSync(join(DATA, 'elastic-auth'))
      ? (JSON.parse(readFileSync(join(DATA, 'elastic-auth/test.log.fields.json'), 'utf8')) as Expected[])
      : [];
    it.each(expected.map((fields, index) => [index + 1, fields] as const))(
      'line %i gives the same fields',
      (line, fields) => {
        const { event } = new AuthParser('auth.file').parse(readLines('elastic-auth/test.log')[line - 1]!, clock);
        expect(event).not.toBeNull();
        expect(inTheirWords(event!, fields)).toEqual(fields);
      },
    );
  },
);
