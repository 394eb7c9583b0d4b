// su, login, doas, polkit: who became whom. Their own lines are the source; PAM repeats them (pam.ts).
import { Outcome } from '@threatguard/proto';
import { type LineRule, logon, origin, privilege } from './fact.ts';

type Groups = Record<string, string | undefined>;
const NAME = '.{1,256}';

function became(service: string, outcome: Outcome, reason = '') {
  return (groups: Groups) =>
    privilege(outcome, service, {
      user: { name: groups.user },
      targetUser: { name: groups.target ?? '' },
      process: groups.directory ? { workingDirectory: groups.directory } : undefined,
      authentication: { tty: groups.tty ?? '', command: groups.command ?? '', reason: groups.reason ?? reason },
    });
}

/** su of util-linux, then of shadow; "+ /dev/pts/1 alice:root" comes beside the latter. */
export const SU_RULES: LineRule[] = [
  {
    pattern: new RegExp(`^\\(to (?<target>${NAME})\\) (?<user>${NAME}) on (?<tty>\\S+)$`, 's'),
    fact: became('su', Outcome.SUCCESS),
  },
  {
    pattern: new RegExp(`^FAILED SU \\(to (?<target>${NAME})\\) (?<user>${NAME}) on (?<tty>\\S+)$`, 's'),
    fact: became('su', Outcome.FAILURE, 'authentication failure'),
  },
  {
    pattern: new RegExp(`^Successful su for (?<target>${NAME}) by (?<user>${NAME})$`, 's'),
    fact: became('su', Outcome.SUCCESS),
  },
  {
    pattern: new RegExp(`^FAILED su for (?<target>${NAME}) by (?<user>${NAME})$`, 's'),
    fact: became('su', Outcome.FAILURE, 'authentication failure'),
  },
  { pattern: /^(?:[+-] \S+ |pam_|bad |no passwd entry)/, fact: null },
];

/** login of util-linux and of shadow, and "-- root[7]: ROOT LOGIN ON tty2" of old Red Hat. */
export const LOGIN_RULES: LineRule[] = [
  {
    pattern: /^ROOT LOGIN +ON '?(?<tty>[^\s']{1,64})'?(?: FROM '?(?<address>[^\s']{1,255})'?)?$/i,
    fact: (groups) =>
      logon(Outcome.SUCCESS, 'login', {
        user: { name: 'root' },
        authentication: { ...origin(groups), tty: groups.tty },
      }),
  },
  {
    pattern: /^LOGIN ON (?<tty>\S{1,64}) BY (?<user>.{1,256}?)(?: FROM (?<address>\S{1,255}))?$/s,
    fact: (groups) =>
      logon(Outcome.SUCCESS, 'login', {
        user: { name: groups.user },
        authentication: { ...origin(groups), tty: groups.tty },
      }),
  },
  {
    pattern:
      /^FAILED LOGIN (?:SESSION )?\(?\d*\)? ?(?:on|from|FROM) '?(?<from>[^\s']{0,255})'?(?: from '(?<address>[^\s']{0,255})')? FOR '?(?<user>.{0,256}?)'?, (?<reason>.{1,200})$/s,
    fact: (groups) => {
      const onTerminal = groups.from?.startsWith('/dev/') || groups.from?.startsWith('tty') || groups.from === '(null)';
      const address = groups.address ?? (onTerminal ? '' : groups.from);
      return logon(Outcome.FAILURE, 'login', {
        user: { name: groups.user === 'UNKNOWN' ? '' : groups.user },
        authentication: {
          ...origin({ address }),
          tty: onTerminal && groups.from !== '(null)' ? groups.from : '',
          reason: groups.reason,
          invalidUser: groups.user === 'UNKNOWN',
        },
      });
    },
  },
  { pattern: /^(?:TOO MANY LOGIN TRIES|DIALUP AT|pam_|invalid password|session |PAM )/, fact: null },
];

export const DOAS_RULES: LineRule[] = [
  {
    pattern:
      /^(?<user>\S{1,255}) ran command (?<command>.{0,4096}) as (?<target>\S{1,255}) from (?<directory>.{0,4096})$/s,
    fact: became('doas', Outcome.SUCCESS),
  },
  {
    pattern:
      /^(?:failed command for|command not permitted for|failed auth for) (?<user>[^\s:]{1,255})(?:: (?<command>.{0,4096}))?$/s,
    fact: became('doas', Outcome.FAILURE, 'refused'),
  },
  { pattern: /^pam_/, fact: null },
];

export const POLKIT_RULES: LineRule[] = [
  {
    pattern:
      /^Operator of unix-(?:session|process):\S{1,128} (?<result>successfully authenticated|FAILED to authenticate) as unix-user:(?<target>\S{1,255}) to gain (?:ONE-SHOT|TEMPORARY|PERMANENT)? ?authorization for action (?<command>\S{1,255}) for (?:\S{1,255}) .{0,2048}\(owned by unix-user:(?<user>\S{1,255})\)$/s,
    fact: (groups) =>
      became('polkit', groups.result === 'FAILED to authenticate' ? Outcome.FAILURE : Outcome.SUCCESS)(groups),
  },
  {
    pattern:
      /^(?<user>[^\s:]{1,255}): Executing command \[USER=(?<target>[^\]]{0,255})\] \[TTY=(?<tty>[^\]]{0,64})\] \[CWD=(?<directory>.{0,2048}?)\] \[COMMAND=(?<command>.{0,4096})\]$/s,
    fact: became('pkexec', Outcome.SUCCESS),
  },
  {
    pattern:
      /^(?<user>[^\s:]{1,255}): (?<reason>[^[]{1,200}?) \[USER=(?<target>[^\]]{0,255})\] \[TTY=(?<tty>[^\]]{0,64})\] \[CWD=(?<directory>.{0,2048}?)\] \[COMMAND=(?<command>.{0,4096})\]$/s,
    fact: became('pkexec', Outcome.FAILURE),
  },
  {
    pattern: /^(?:Registered|Unregistered|Loading|Finished|Acquired|Started|Collecting|pam_|Reloading|Error)/,
    fact: null,
  },
];
