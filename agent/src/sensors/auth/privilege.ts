// doas, polkit, pkexec, newgrp: somebody took another user's or a group's rights.
import { Outcome } from '@threatguard/proto';
import { type Fact, type Groups, isRepeated, type LineRule, nothing, privilege, says, withhold } from './fact.ts';

function became(service: string, outcome: Outcome, reason = '') {
  return (groups: Groups): Fact =>
    privilege(outcome, service, {
      user: { name: groups.user },
      targetUser: { name: groups.target ?? '', groupName: groups.group },
      process: groups.directory ? { workingDirectory: groups.directory } : undefined,
      authentication: {
        tty: groups.tty === 'unknown' ? '' : (groups.tty ?? ''),
        command: groups.command ?? '',
        reason: groups.reason ?? reason,
      },
    });
}

const { SUCCESS, FAILURE } = Outcome;
const AS = / as \S{1,255} from /g;

/** Command and directory are the user's words: a second " as X from " makes the target one of several. */
function ranByDoas(groups: Groups): Fact {
  const { rest = '', user } = groups;
  const found = /^(?<command>.*?) as (?<target>\S{1,255}) from (?<directory>.*)$/s.exec(rest)?.groups;
  const fact = became('doas', SUCCESS)({ user, ...found });
  if (!isRepeated(AS, rest)) return fact;
  fact.authentication = { ...fact.authentication, command: rest };
  return withhold(fact, 'user.target.name', 'process.working_directory');
}

export const DOAS_RULES: LineRule[] = [
  says(/^(?<user>\S{1,255}) ran command (?<rest>.{0,8192} as \S{1,255} from .{0,4096})$/s, ranByDoas),
  says(
    /^(?<reason>failed command|command not permitted|failed auth) for (?<user>[^\s:]{1,255})(?:: (?<command>.{0,4096}))?$/s,
    became('doas', FAILURE),
  ),
  nothing(/^(?:pam_|unable|tty|Authorization|checkauth)/),
];

export const POLKIT_RULES: LineRule[] = [
  says(
    /^Operator of unix-(?:session|process):\S{1,128} (?<result>successfully authenticated|FAILED to authenticate) (?:as unix-user:(?<target>\S{1,255}) )?to gain (?:ONE-SHOT |TEMPORARY |PERMANENT )?authorization for action (?<command>\S{1,255}) for (?:\S{1,255}) .{0,4096}\(owned by unix-user:(?<user>[^()]{1,255})\)$/s,
    (groups) => became('polkit', groups.result === 'FAILED to authenticate' ? FAILURE : SUCCESS)(groups),
  ),
  says(
    /^(?<user>[^\s:]{1,255}): Executing command \[USER=(?<target>[^\]]{0,255})\] \[TTY=(?<tty>[^\]]{0,64})\] \[CWD=(?<directory>.{0,2048}?)\] \[COMMAND=(?<command>.{0,8192})\]$/s,
    pkexec(SUCCESS),
  ),
  says(
    /^(?<user>[^\s:]{1,255}): (?<reason>[^[]{1,200}?) \[USER=(?<target>[^\]]{0,255})\] \[TTY=(?<tty>[^\]]{0,64})\] \[CWD=(?<directory>.{0,2048}?)\] \[COMMAND=(?<command>.{0,8192})\]$/s,
    pkexec(FAILURE),
  ),
  nothing(
    /^(?:Registered|Unregistered|Loading|Finished|Acquired|Started|Collecting|pam_|Reloading|Error|Lost the name|Operator of .{0,200}is not|Unknown |Entering|Exiting|Handling)/,
  ),
];

function pkexec(outcome: Outcome) {
  return (groups: Groups): Fact => {
    const fact = became('pkexec', outcome)(groups);
    return groups.command?.includes('] [COMMAND=') ? withhold(fact, 'process.working_directory') : fact;
  };
}

/** newgrp and sg of the shadow suite. */
export const NEWGRP_RULES: LineRule[] = [
  says(
    /^user '(?<user>[^']{1,255})' \(login '[^']{0,255}' on (?<tty>[^)\s]{0,64})\) switched to group '(?<group>[^']{1,255})'$/,
    became('newgrp', SUCCESS),
  ),
  says(
    /^Invalid password for group '(?<group>[^']{1,255})' from '(?<user>[^']{1,255})'$/,
    became('newgrp', FAILURE, 'invalid password'),
  ),
  nothing(/^(?:user '|changing|pam_)/),
];

/** crontab and at refuse who is not on their list. */
export const CRONTAB_RULES: LineRule[] = [
  says(/^\((?<user>[^()\s]{1,255})\) AUTH \((?<reason>crontab command not allowed)\)$/, (groups) =>
    became('crontab', FAILURE)({ ...groups, target: groups.user }),
  ),
  nothing(/^\([^()]{0,255}\) [A-Z ]{2,32} \(|^pam_/),
];
