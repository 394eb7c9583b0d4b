// From a log line to a HostEvent. Pure but for a short memory: two kinds of line can only be read after the one before them.
import { type HostEvent, ORIGINAL_BYTES_MAX } from '@threatguard/proto';
import { GROUP_RULES, PASSWORD_RULES, USERADD_RULES, USERDEL_RULES, USERMOD_RULES } from './accounts.ts';
import { applyRules, type Fact, type LineRule } from './fact.ts';
import { parsePam } from './pam.ts';
import {
  DOVECOT_RULES,
  DROPBEAR_RULES,
  FTP_RULES,
  KLOGIND_RULES,
  POSTFIX_RULES,
  SAMBA_RULES,
  withProftpdPeer,
} from './services.ts';
import { SSHD_RULES } from './sshd.ts';
import { DOAS_RULES, LOGIN_RULES, POLKIT_RULES, SU_RULES } from './su.ts';
import { SUDO_RULES } from './sudo.ts';
import { parseSyslogLine, type SyslogLine } from './syslog-line.ts';
import type { Clock } from './syslog-time.ts';

/** `event`: what the line states, if anything of its own. `known`: whether any rule understood it. */
export interface AuthReading {
  event: HostEvent | null;
  known: boolean;
}

const UNKNOWN: AuthReading = { event: null, known: false };
const NOTHING: AuthReading = { event: null, known: true };

/** Understood as a whole and never a fact here: sessions of jobs, and logind's, which repeat the service that logged the user on. */
const SILENT: LineRule[] = [{ pattern: /^/, fact: null }];

const RULES: Record<string, LineRule[]> = {
  sshd: SSHD_RULES,
  'sshd-session': SSHD_RULES,
  'sshd-auth': SSHD_RULES,
  sudo: SUDO_RULES,
  su: SU_RULES,
  login: LOGIN_RULES,
  doas: DOAS_RULES,
  polkitd: POLKIT_RULES,
  'polkit-agent-helper-1': POLKIT_RULES,
  pkexec: POLKIT_RULES,
  useradd: USERADD_RULES,
  adduser: USERADD_RULES,
  newusers: USERADD_RULES,
  usermod: USERMOD_RULES,
  userdel: USERDEL_RULES,
  deluser: USERDEL_RULES,
  groupadd: GROUP_RULES,
  groupmod: GROUP_RULES,
  groupdel: GROUP_RULES,
  gpasswd: GROUP_RULES,
  groupmems: GROUP_RULES,
  passwd: PASSWORD_RULES,
  chpasswd: PASSWORD_RULES,
  chage: PASSWORD_RULES,
  chsh: PASSWORD_RULES,
  chfn: PASSWORD_RULES,
  dropbear: DROPBEAR_RULES,
  ftpd: FTP_RULES,
  vsftpd: FTP_RULES,
  proftpd: FTP_RULES,
  klogind: KLOGIND_RULES,
  dovecot: DOVECOT_RULES,
  'postfix/smtpd': POSTFIX_RULES,
  'postfix/submission/smtpd': POSTFIX_RULES,
  'postfix/smtps/smtpd': POSTFIX_RULES,
  smbd: SAMBA_RULES,
  smbd_audit: SAMBA_RULES,
  'systemd-logind': SILENT,
  cron: SILENT,
  CRON: SILENT,
  crond: SILENT,
  atd: SILENT,
};
/** Identifiers whose lines can be facts: what the journal is asked for beside the authentication facilities. */
export const PROGRAMS = Object.keys(RULES).filter((program) => RULES[program] !== SILENT);

const REPEATED = /^message repeated (?<count>\d{1,9}) times: \[ ?(?<inner>.*)\]$/s;
const KEYBOARD_PAM = 'keyboard-interactive/pam';
/** Connections whose "error: PAM:" was just seen; more at once than sshd's MaxStartups allows never matter. */
const REMEMBERED_MAX = 1024;

/** Reads the lines of one log in their order. Never throws, whatever the line; time is linear in its length. */
export class AuthParser {
  readonly #sensor: string;
  /** `${program} ${pid} ${user}` -> failures that "error: PAM:" lines stated and "Failed keyboard-interactive/pam" will repeat. */
  readonly #statedByPam = new Map<string, number>();

  constructor(sensor: string) {
    this.#sensor = sensor;
  }

  parse(line: string, clock: Clock): AuthReading {
    const parts = parseSyslogLine(line, clock);
    return parts ? this.read(parts, line) : UNKNOWN;
  }

  /** For sources that deliver parts instead of lines, such as the journal; `original` is what an analyst sees. */
  read(parts: SyslogLine, original: string): AuthReading {
    const said = parts.message.trimEnd();
    const repeated = REPEATED.exec(said)?.groups;
    const fact = factOf(parts.program, repeated?.inner ?? said);
    if (fact === undefined) return UNKNOWN;
    if (fact === null || this.#isRepeat(parts, fact)) return NOTHING;
    const count = (fact.authentication?.count || 1) * Number(repeated?.count ?? 1);
    return { known: true, event: this.#complete(fact, count, parts, original) };
  }

  #complete(fact: Fact, count: number, parts: SyslogLine, original: string): HostEvent {
    const event: HostEvent = {
      ...fact,
      observedAtUs: parts.timeUs,
      sensor: this.#sensor,
      original: clip(original),
    };
    if (parts.pid) event.process = { ...fact.process, pid: parts.pid };
    if (count > 1) event.authentication = { ...fact.authentication, count: Math.min(count, 0xffffffff) };
    return event;
  }

  /** sshd says a PAM failure twice where its log level or the number of tries lets it; the second saying is dropped. */
  #isRepeat(parts: SyslogLine, fact: Fact): boolean {
    if (fact.authentication?.method !== KEYBOARD_PAM) return false;
    const key = `${parts.program} ${parts.pid} ${fact.user?.name}`;
    const stated = this.#statedByPam.get(key) ?? 0;
    if (parts.message.startsWith('error: PAM:')) {
      if (this.#statedByPam.size >= REMEMBERED_MAX) this.#statedByPam.clear();
      this.#statedByPam.set(key, stated + 1);
      return false;
    }
    if (stated > 0) this.#statedByPam.set(key, stated - 1);
    return stated > 0 && parts.message.startsWith('Failed');
  }
}

function factOf(program: string, message: string): Fact | null | undefined {
  const pam = parsePam(program, message);
  if (pam !== undefined) return pam;
  const rules = Object.hasOwn(RULES, program) ? RULES[program] : undefined;
  if (!rules) return program.startsWith('-- ') ? applyRules(LOGIN_RULES, message) : undefined;
  const fact = applyRules(rules, message);
  return fact?.serviceName === 'proftpd' ? withProftpdPeer(message, fact) : fact;
}

/** A JavaScript character is at most three bytes of UTF-8. */
function clip(text: string): string {
  return text.length * 3 <= ORIGINAL_BYTES_MAX
    ? text
    : Buffer.from(text)
        .subarray(0, ORIGINAL_BYTES_MAX - 3)
        .toString();
}
