// The sentences of pam_unix, which pam_sss, pam_ldap, pam_krb5 and others write in the same words.
import { Activity, Outcome } from '@threatguard/proto';
import {
  account,
  attempt,
  type Fact,
  type Groups,
  type LineRule,
  logoff,
  logon,
  nothing,
  origin,
  privilege,
  repeats,
  says,
  toId,
  withhold,
} from './fact.ts';

export interface PamService {
  /** "sshd", "sudo", "gdm-password". */
  service: string;
  /** "pam_unix". */
  module: string;
  /** Whether the service gives another user's rights to who is logged on already. */
  raises: boolean;
}

// logname, ruser and the name are the peer's words in some services; bounded, because two open ends in one pattern cost the square.
const RESULT =
  /^authentication (?<result>failure|success); logname=(?<logname>.{0,128}?) uid=(?<uid>\d*) euid=\d* tty=(?<tty>\S{0,64}) ruser=(?<ruser>.{0,256}?) rhost=(?<address>\S{0,255})(?:\s+user=(?<user>.{0,256}))?\s*$/is;
const OPENED =
  /^session opened for user (?<user>.{0,256}?)(?:\(uid=(?<uid>\d+)\))?(?: by (?<by>.{0,256}?)\(uid=(?<byUid>\d+)\))?$/s;
const CLOSED = /^session closed for user (?<user>.{0,256}?)(?:\(uid=\d+\))?$/s;
const PASSWORD = /^password (?:changed|change succeeded) for (?<user>.{1,256})$/is;
const REFUSED =
  /^(?<reason>account (?<user>.{1,256}) has (?:expired|password changed in future).{0,100}|expired password for user (?<expired>.{1,256}) \(.{1,100}\))$/s;

export function unixRules({ service, raises }: PamService): LineRule[] {
  return [
    says(RESULT, (groups) => result(service, raises, groups)),
    says(OPENED, (groups) => {
      const opened = { name: groups.user, id: toId(groups.uid) };
      const authentication = { method: 'pam' };
      if (!raises) return logon(Outcome.SUCCESS, service, { user: opened, authentication });
      const by = { name: groups.by ?? '', id: toId(groups.byUid) };
      return privilege(Outcome.SUCCESS, service, { user: by, targetUser: opened, authentication });
    }),
    // The end of one sudo command is no logoff: sudo states the command, and PAM its end a moment later.
    service.startsWith('sudo')
      ? repeats(CLOSED, (groups) => logoff(service, groups.user ?? ''))
      : says(CLOSED, (groups) => logoff(service, groups.user ?? '')),
    says(PASSWORD, (groups) =>
      account(Activity.PASSWORD_CHANGED, service, { targetUser: { name: groups.user?.replace(/^'(.*)'$/s, '$1') } }),
    ),
    says(REFUSED, (groups) =>
      attempt(service, Outcome.FAILURE, { method: 'pam' })({ ...groups, user: groups.user ?? groups.expired }),
    ),
    repeats(/^(?<reason>check pass; user unknown|bad username \[(?<user>.{0,256})\])$/s, (groups) =>
      attempt(service, Outcome.FAILURE, { method: 'pam', invalid: 'yes' })(groups),
    ),
    repeats(/^(?<reason>auth could not identify password) for \[(?<user>.{0,256})\]$/s, (groups) =>
      attempt(service, Outcome.FAILURE, { method: 'pam' })(groups),
    ),
    repeats(
      /^(?<count>\d{1,6}) more authentication failures?; logname=.{0,128}? uid=\d* euid=\d* tty=(?<tty>\S{0,64}) ruser=\S{0,256} rhost=(?<address>\S{0,255})(?:\s+user=(?<user>.{0,256}))?\s*$/is,
      attempt(service, Outcome.FAILURE, { method: 'pam' }),
    ),
    nothing(
      /^(?:conversation failed|user ".{1,256}" does not exist|password for user .{1,256} will expire|service\(.{1,64}\) ignoring max retries|authentication token manipulation|unrecognized option|new password not acceptable|unix_chkpwd|could not (?:obtain|recover|identify)|Username obtained|username \[.{0,256}\] obtained|user \[.{0,256}\] has)/i,
    ),
  ];
}

function result(service: string, raises: boolean, groups: Groups): Fact {
  const outcome = /success/i.test(groups.result ?? '') ? Outcome.SUCCESS : Outcome.FAILURE;
  const authentication = {
    method: 'pam',
    ...origin(groups),
    tty: terminal(groups.tty),
    reason: outcome === Outcome.FAILURE ? 'authentication failure' : '',
  };
  const fact = raises
    ? privilege(outcome, service, {
        user: { name: groups.ruser || groups.logname, id: toId(groups.uid) },
        targetUser: { name: groups.user ?? '' },
        authentication,
      })
    : logon(outcome, service, { user: { name: groups.user ?? '' }, authentication });
  // In sshd nothing stands in ruser, so the first rhost is sshd's; elsewhere it may be part of the name in ruser.
  const isHostile = !(service.startsWith('sshd') && !groups.ruser) && groups.user?.includes(' rhost=');
  return isHostile ? withhold(fact, 'source.ip', raises ? 'user.target.name' : 'user.name') : fact;
}

const terminal = (name: string | undefined) => (name === 'ssh' || name === 'NODEVssh' ? '' : (name ?? ''));
