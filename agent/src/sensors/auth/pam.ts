// Lines of the PAM modules, "pam_unix(sshd:auth): ..." inside any program, or "sshd(pam_unix)[7]: ..." of systems before 2008.
//
// One source per fact: a service that states its logons itself (SELF_STATED) is believed over PAM; of it only the end of a session
// and what it does not say itself are taken from here. Jobs and managers (JOBS) open sessions nobody logged on to. For every other
// service PAM is the source. In the old form the services' own lines went to another file, so PAM is the source there, except for login.
import { Activity } from '@threatguard/proto';
import { applyRules, type LineRule, nothing, type Statement } from './fact.ts';
import { moduleRules } from './pam-modules.ts';
import { type PamService, unixRules } from './pam-unix.ts';

const SELF_STATED = new Set([
  'sshd',
  'sshd-session',
  'sudo',
  'sudo-i',
  'sudo-rs',
  'su',
  'su-l',
  'login',
  'remote',
  'doas',
  'polkit-1',
  'dropbear',
  'proftpd',
  'pure-ftpd',
  'dovecot',
  'imap',
  'pop3',
  'smtp',
  'samba',
  'webmin',
  'xrdp-sesman',
  'openvpn',
]);
const JOBS =
  /^(?:cron|crond|atd|anacron|systemd-user|runuser|runuser-l|samba-winbind|postgresql|gdm-launch-environment|(?:lightdm|sddm)-greeter)$/;
const PRIVILEGE_SERVICES = new Set(['su', 'su-l', 'sudo', 'sudo-i', 'sudo-rs', 'doas', 'polkit-1', 'newgrp', 'ksu']);

const MODERN = /^(?<module>pam_\w{1,32})\((?<service>[^()]{1,64}?)(?::(?<type>[a-z]{1,16}))?\): (?<text>.*)$/s;
const OLD_PROGRAM = /^(?<service>[^()]{1,64})\((?<module>pam_\w{1,32})\)$/;
/** "pam_duo[7]: ...", "PAM-ldap[7]: ...". */
const MODULE_PROGRAM = /^(?:pam[_-]\w{1,32}|PAM[_-]\w{1,32}|login_duo)$/;

/** Facts of a self-stated service that the service does not state. */
const NOT_STATED: (Activity | null | undefined)[] = [Activity.LOGOFF, Activity.PASSWORD_CHANGED];
const LOCKED = /^(?:Consecutive login failures|user .{1,256} tally \d)/;
/** Modules that do not name the service: the program is it. */
const UNNAMED = /^(?<module>pam_\w{1,32}): (?<text>.*)$/s;
const SILENT = [nothing(/^(?:PAM (?:unable|adding|pam_\w+:|audit_|bad |failed)|pam_\w{1,32}: |gkr-pam: |PAM \w+: )/)];

/** What a PAM line states; undefined where it is none. */
export function parsePam(program: string, message: string): Statement | null | undefined {
  const modern = MODERN.exec(message)?.groups;
  if (modern) {
    const { service = '', module = '', text = '' } = modern;
    return pamStatement({ service, module, raises: PRIVILEGE_SERVICES.has(service) }, text, SELF_STATED.has(service));
  }
  const old = OLD_PROGRAM.exec(program)?.groups;
  if (old) {
    const { service = '', module = '' } = old;
    // The second factor of a logon that the daemon states.
    const repeated = service === 'login' || module.startsWith('pam_google');
    return pamStatement({ service, module, raises: PRIVILEGE_SERVICES.has(service) }, message, repeated);
  }
  if (MODULE_PROGRAM.test(program))
    return pamStatement({ service: program, module: program, raises: false }, message, false);
  const unnamed = UNNAMED.exec(message)?.groups;
  if (unnamed) {
    const { module = '', text = '' } = unnamed;
    const service = { service: program, module, raises: PRIVILEGE_SERVICES.has(program) };
    return pamStatement(service, text, SELF_STATED.has(program)) ?? null;
  }
  return applyRules(SILENT, message);
}

/** Rules are made once per service: patterns are dear to make. */
const RULES_MAX = 256;
const rules = new Map<string, LineRule[]>();

function rulesOf(service: PamService): LineRule[] {
  const key = `${service.service} ${service.module}`;
  const known = rules.get(key);
  if (known) return known;
  if (rules.size >= RULES_MAX) rules.clear();
  const made = [...unixRules(service), ...moduleRules(service)];
  rules.set(key, made);
  return made;
}

function pamStatement(service: PamService, text: string, selfStated: boolean): Statement | null | undefined {
  const stated = applyRules(rulesOf(service), text);
  if (!stated) return stated;
  const repeated = selfStated && !NOT_STATED.includes(stated.fact.activity) && !LOCKED.test(text);
  if (service.raises && stated.fact.activity === Activity.LOGON) stated.fact.activity = Activity.PRIVILEGE;
  return { ...stated, repeats: stated.repeats || repeated || JOBS.test(service.service) };
}
