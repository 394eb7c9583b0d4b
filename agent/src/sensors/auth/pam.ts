// Lines of the PAM modules, "pam_unix(sshd:auth): ..." inside any program, or "sshd(pam_unix)[7]: ..." of systems before 2008.
//
// One source per fact: a service that states its logons itself (SELF_STATED) is believed over PAM; of it only the end of a session
// is taken from here. Jobs and managers (JOBS) open sessions nobody logged on to. For every other service PAM is the source. In
// the old form the services' own lines went to another file, so PAM is the source there, except for login.
import { Activity, Outcome } from '@threatguard/proto';
import { account, applyRules, type Fact, type LineRule, logoff, logon, origin, privilege, toId } from './fact.ts';

const SELF_STATED = new Set([
  'sshd',
  'sudo',
  'sudo-i',
  'su',
  'su-l',
  'login',
  'remote',
  'doas',
  'polkit-1',
  'dropbear',
  'proftpd',
  'dovecot',
  'smtp',
  'samba',
]);
const JOBS = new Set(['cron', 'crond', 'atd', 'systemd-user', 'runuser', 'runuser-l', 'samba-winbind']);
const PRIVILEGE_SERVICES = new Set(['su', 'su-l', 'sudo', 'sudo-i', 'doas', 'polkit-1']);

const MODERN = /^(?<module>pam_\w{1,32})\((?<service>[^:()]{1,64}):(?<type>[a-z]{1,16})\): (?<text>.*)$/s;
const OLD_PROGRAM = /^(?<service>[^()]{1,64})\(pam_\w{1,32}\)$/;

// logname and ruser are the peer's words in some services; bounded, because two open ends in one pattern cost the square of the line.
const FAILURE =
  /^authentication failure; logname=.{0,128}? uid=(?<uid>\d*) euid=\d* tty=(?<tty>\S{0,64}) ruser=(?<ruser>.{0,128}) rhost=(?<address>\S{0,255})\s*(?: user=(?<user>.{0,256}))?$/s;
const OPENED =
  /^session opened for user (?<user>.{0,256}?)(?:\(uid=(?<uid>\d+)\))? by (?<by>.{0,256}?)\(uid=(?<byUid>\d+)\)$/s;
const CLOSED = /^session closed for user (?<user>.{0,256}?)$/s;
const PASSWORD = /^password changed for (?<user>.{1,256})$/s;
const KNOWN =
  /^(?:check pass; user unknown|(?:\d+ more )?authentication failure|bad username|auth could not identify|conversation failed|account .{1,256} has|expired password|user .{1,256} (?:has|not|locked|\(uid)|Consecutive login failures|Creating directory|cannot |error |unable |unrecognized|Failed to|gkr-pam|session |new password not acceptable|received for user|requirement "|username .{0,200} )/;

/** The fact of a PAM line; undefined where it is none. `pid` keeps nothing: the parser is pure. */
export function parsePam(program: string, message: string): Fact | null | undefined {
  const old = OLD_PROGRAM.exec(program)?.groups;
  const modern = MODERN.exec(message)?.groups;
  if (modern) return pamFact(modern.service!, modern.text!, SELF_STATED.has(modern.service!));
  if (old) return pamFact(old.service!, message, old.service === 'login');
  return undefined;
}

function pamFact(service: string, text: string, selfStated: boolean): Fact | null | undefined {
  const fact = applyRules(rulesFor(service), text);
  if (!fact || !JOBS.has(service)) {
    const repeated =
      fact && selfStated && fact.activity !== Activity.LOGOFF && fact.activity !== Activity.PASSWORD_CHANGED;
    return repeated ? null : fact;
  }
  return null;
}

function rulesFor(service: string): LineRule[] {
  const raises = PRIVILEGE_SERVICES.has(service);
  return [
    {
      pattern: FAILURE,
      fact: (groups) => {
        const authentication = {
          method: 'pam',
          ...origin(groups),
          tty: tty(groups.tty),
          reason: 'authentication failure',
        };
        if (!raises) return logon(Outcome.FAILURE, service, { user: { name: groups.user ?? '' }, authentication });
        return privilege(Outcome.FAILURE, service, {
          user: { name: groups.ruser, id: toId(groups.uid) },
          targetUser: { name: groups.user ?? '' },
          authentication,
        });
      },
    },
    {
      pattern: OPENED,
      fact: (groups) => {
        const opened = { name: groups.user, id: toId(groups.uid) };
        const authentication = { method: 'pam' };
        if (!raises) return logon(Outcome.SUCCESS, service, { user: opened, authentication });
        const by = { name: groups.by, id: toId(groups.byUid) };
        return privilege(Outcome.SUCCESS, service, { user: by, targetUser: opened, authentication });
      },
    },
    {
      pattern: CLOSED,
      // The end of one sudo command is no logoff: sudo states the command, and PAM its end a moment later.
      fact: service.startsWith('sudo') ? null : (groups) => logoff(service, groups.user ?? ''),
    },
    {
      pattern: PASSWORD,
      fact: (groups) => account(Activity.PASSWORD_CHANGED, service, { targetUser: { name: groups.user } }),
    },
    { pattern: KNOWN, fact: null },
  ];
}

const tty = (name: string | undefined) => (name === 'ssh' || name === 'NODEVssh' ? '' : (name ?? ''));
