// su and login: who became whom, who came in at a terminal. Their own lines are the source; PAM repeats them (pam.ts).
import { Outcome } from '@threatguard/proto';
import { attempt, closed, type Groups, type LineRule, logon, nothing, origin, privilege, says } from './fact.ts';

const NAME = '.{1,256}';

function became(outcome: Outcome) {
  return (groups: Groups) =>
    privilege(outcome, 'su', {
      user: { name: groups.user },
      targetUser: { name: groups.target ?? '' },
      authentication: {
        tty: groups.tty ?? '',
        reason: outcome === Outcome.FAILURE ? (groups.reason ?? 'authentication failure') : '',
      },
    });
}

const su = (text: string, outcome: Outcome) => says(new RegExp(`^${text}$`, 's'), became(outcome));

/** su of util-linux, then of shadow; "+ /dev/pts/1 alice:root" comes beside the latter, and alone from BusyBox. */
export const SU_RULES: LineRule[] = [
  su(`\\(to (?<target>${NAME})\\) (?<user>${NAME}) on (?<tty>\\S{0,64})`, Outcome.SUCCESS),
  su(`FAILED SU \\(to (?<target>${NAME})\\) (?<user>${NAME}) on (?<tty>\\S{0,64})`, Outcome.FAILURE),
  su(`Successful su for (?<target>${NAME}) by (?<user>${NAME})`, Outcome.SUCCESS),
  su(`FAILED su for (?<target>${NAME}) by (?<user>${NAME})`, Outcome.FAILURE),
  su(`(?<user>\\S{1,255}) to (?<target>\\S{1,255}) on (?<tty>\\S{0,64})`, Outcome.SUCCESS),
  su(`BAD SU (?<user>\\S{1,255}) to (?<target>\\S{1,255}) on (?<tty>\\S{0,64})`, Outcome.FAILURE),
  su(
    `(?:'|\`)su (?<target>\\S{1,255})(?:'|\`) (?:failed|FAILED) for (?<user>\\S{1,255}) on (?<tty>\\S{0,64})`,
    Outcome.FAILURE,
  ),
  su(
    `(?:'|\`)su (?<target>\\S{1,255})(?:'|\`) succeeded for (?<user>\\S{1,255}) on (?<tty>\\S{0,64})`,
    Outcome.SUCCESS,
  ),
  { ...su('\\+ (?<tty>\\S{1,64}) (?<user>[^:]{1,255})[:-](?<target>.{1,255})', Outcome.SUCCESS), repeats: true },
  { ...su('- (?<tty>\\S{1,64}) (?<user>[^:]{1,255})[:-](?<target>.{1,255})', Outcome.FAILURE), repeats: true },
  su(
    `(?<reason>no passwd entry|unknown login|bad authentication).{0,64} for (?:user )?'?(?<target>.{1,255}?)'?`,
    Outcome.FAILURE,
  ),
  nothing(/^(?:pam_|bad |Warning!|running |ignore|cannot )/),
];

const onTerminal = (from: string | undefined) => /^(?:\/dev\/|tty|pts\/|console$|\(null\)$)/.test(from ?? '');

/** login of util-linux, of shadow and of BusyBox, and "-- root[7]: ROOT LOGIN ON tty2" of old Red Hat. */
export const LOGIN_RULES: LineRule[] = [
  says(/^ROOT LOGIN +ON '?(?<tty>[^\s']{1,64})'?(?: FROM '?(?<address>[^\s']{1,255})'?)?$/i, (groups) =>
    attempt('login', Outcome.SUCCESS)({ ...groups, user: 'root' }),
  ),
  says(
    /^LOGIN ON (?<tty>\S{1,64}) BY (?<user>.{1,256}?)(?: FROM (?<address>\S{1,255}))?$/s,
    attempt('login', Outcome.SUCCESS),
  ),
  says(
    /^(?<many>FAILED LOGIN|TOO MANY LOGIN TRIES)(?: SESSION)? ?\(?\d*\)? ?(?:on|from|FROM) '?(?<from>[^\s']{0,255})'?(?: from '(?<address>[^\s']{0,255})')? FOR '?(?<user>.{0,256}?)'?, (?<reason>[^,]{1,200})$/s,
    (groups) => {
      const { from = '', user } = groups;
      const terminal = onTerminal(from);
      return logon(Outcome.FAILURE, 'login', {
        user: { name: user === 'UNKNOWN' ? '' : user },
        authentication: {
          ...origin({ address: groups.address ?? (terminal ? '' : from) }),
          tty: terminal && from !== '(null)' ? from : '',
          reason: groups.reason,
          invalidUser: user === 'UNKNOWN',
        },
      });
    },
  ),
  says(
    /^(?:invalid password for|login attempt for invalid user) '?(?<user>.{0,256}?)'? *on '?(?<tty>[^\s']{0,64})'?(?: from '?(?<address>[^\s']{0,255})'?)?$/s,
    attempt('login', Outcome.FAILURE, { method: 'password', reason: 'invalid password' }),
  ),
  says(
    /^(?:ILLEGAL ROOT LOGIN|root login refused) (?:on|ON) '?(?<tty>[^\s']{1,64})'?(?: from '?(?<address>[^\s']{1,255})'?)?$/i,
    (groups) => attempt('login', Outcome.FAILURE, { reason: 'root logon refused' })({ ...groups, user: 'root' }),
  ),
  says(/^(?<reason>timed out after \d+ seconds|LOGIN timed out.{0,100})$/i, closed('login')),
  nothing(/^(?:DIALUP AT|pam_|session |PAM |unable |cannot |exiting|no shell|account )/),
];
