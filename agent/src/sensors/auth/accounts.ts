// useradd, usermod, userdel, groupadd, groupmod, groupdel, gpasswd, passwd, chage, chfn, chsh, chpasswd of the shadow suite, adduser,
// and accounts-daemon.
//
// One source per fact: where the file sensor runs, the host's state before and after is the better witness (it also sees an editor),
// so the auth sensor drops what these rules state and the file sensor shows as well (see `seenInFiles`). Password changes stay.
import { Activity, Outcome } from '@threatguard/proto';
import { account, type Fact, type Groups, type LineRule, nothing, repeats, says, toId } from './fact.ts';

const NAME = "[^',\\s]{1,255}";
/** 'name', or `name' of older releases. */
const Q = (group: string) => `[\`']?(?<${group}>${NAME})[\`']?`;
const Q_ANY = `[\`']?${NAME}[\`']?`;

function changed(activity: Activity, service: string, outcome: Outcome = Outcome.SUCCESS) {
  return (groups: Groups): Fact => ({
    ...account(activity, service, {
      user: groups.by ? { name: groups.by } : undefined,
      targetUser: {
        name: groups.name,
        id: toId(groups.uid),
        groupName: groups.group,
        groupId: toId(groups.gid),
        home: groups.home,
        shell: groups.shell,
      },
    }),
    outcome,
  });
}

const rule = (text: string, activity: Activity, service: string): LineRule =>
  says(new RegExp(`^${text}$`, 's'), changed(activity, service));
const again = (text: string, activity: Activity, service: string): LineRule =>
  repeats(new RegExp(`^${text}$`, 's'), changed(activity, service));
const failed = (text: string, activity: Activity, service: string): LineRule =>
  says(new RegExp(`^${text}`, 's'), changed(activity, service, Outcome.FAILURE));

export const USERADD_RULES: LineRule[] = [
  rule(
    `new user: name=(?<name>${NAME}), UID=(?<uid>\\d+), GID=(?<gid>\\d+), home=(?<home>[^,]{0,1024}), shell=(?<shell>[^,]{0,1024}?)(?:, from=.{0,512})?`,
    Activity.USER_CREATED,
    'useradd',
  ),
  rule(
    `new (?:account added|user)(?: -|:) (?:account|name)=(?<name>${NAME}), uid=(?<uid>\\d+), gid=(?<gid>\\d+), home=(?<home>[^,]{0,1024}), shell=(?<shell>[^,]{0,1024}?)(?:, by=\\d+)?`,
    Activity.USER_CREATED,
    'useradd',
  ),
  rule(`add ${Q('name')} to group ${Q('group')}`, Activity.GROUP_MODIFIED, 'useradd'),
  rule(
    `account added to group - account=(?<name>${NAME}), group=(?<group>${NAME}), gid=(?<gid>\\d+)(?:, by=\\d+)?`,
    Activity.GROUP_MODIFIED,
    'useradd',
  ),
  // The same fact once more, for the shadow copy of the group file.
  again(`add ${Q('name')} to shadow group ${Q('group')}`, Activity.GROUP_MODIFIED, 'useradd'),
  rule(`new group: name=(?<group>${NAME}), GID=(?<gid>\\d+)`, Activity.GROUP_CREATED, 'useradd'),
  failed(`failed adding user ${Q('name')}`, Activity.USER_CREATED, 'useradd'),
  again(`(?:Adding (?:new )?user|new user added) ${Q('name')}.{0,200}`, Activity.USER_CREATED, 'adduser'),
  nothing(/^(?:failed |cannot |adding |Adding |pam_|unable|Creating|Copying|Selecting|Allowing)/),
];

const modified = (text: string) => rule(text, Activity.USER_MODIFIED, 'usermod');

export const USERMOD_RULES: LineRule[] = [
  modified(`change user ${Q('name')} UID from '?\\d+'? to '?(?<uid>\\d+)'?`),
  modified(`change user ${Q('name')} GID from '?\\d+'? to '?(?<gid>\\d+)'?`),
  modified(`change user ${Q('name')} shell from '[^']{0,1024}' to '(?<shell>[^']{0,1024})'`),
  modified(`change user ${Q('name')} home from '[^']{0,1024}' to '(?<home>[^']{0,1024})'`),
  modified(`change user name ${Q_ANY} to ${Q('name')}`),
  rule(`change user ${Q('name')} password`, Activity.PASSWORD_CHANGED, 'usermod'),
  modified(`(?:un)?lock user ${Q('name')} password`),
  modified(`change user ${Q('name')} (?:expiration|inactive|comment) from .{0,1024}`),
  rule(`(?:add|delete) ${Q('name')} (?:to|from) group ${Q('group')}`, Activity.GROUP_MODIFIED, 'usermod'),
  again(`(?:add|delete) ${Q('name')} (?:to|from) shadow group ${Q('group')}`, Activity.GROUP_MODIFIED, 'usermod'),
  rule(`change ${Q_ANY} to ${Q('name')} in group ${Q('group')}`, Activity.GROUP_MODIFIED, 'usermod'),
  again(`change (?:admin )?${Q_ANY} to ${Q('name')} in shadow group ${Q('group')}`, Activity.GROUP_MODIFIED, 'usermod'),
  failed(`failed (?:changing|modifying) user ${Q('name')}`, Activity.USER_MODIFIED, 'usermod'),
  nothing(/^(?:change |pam_|failed |cannot )/),
];

export const USERDEL_RULES: LineRule[] = [
  rule(`(?:delete|remove) user ${Q('name')}`, Activity.USER_DELETED, 'userdel'),
  rule(`account deleted - account=(?<name>${NAME}), uid=(?<uid>\\d+).{0,200}`, Activity.USER_DELETED, 'userdel'),
  rule(`delete ${Q('name')} from group ${Q('group')}`, Activity.GROUP_MODIFIED, 'userdel'),
  again(`delete ${Q('name')} from shadow group ${Q('group')}`, Activity.GROUP_MODIFIED, 'userdel'),
  rule(`removed group ${Q('group')} owned by ${Q('name')}`, Activity.GROUP_DELETED, 'userdel'),
  again(`removed shadow group ${Q('group')} owned by ${Q('name')}`, Activity.GROUP_DELETED, 'userdel'),
  rule(`remove group ${Q('group')}`, Activity.GROUP_DELETED, 'userdel'),
  failed(`failed deleting user ${Q('name')}`, Activity.USER_DELETED, 'userdel'),
  nothing(/^(?:delete |pam_|failed |cannot |remove |not removing|user )/),
];

export const GROUP_RULES: LineRule[] = [
  rule(`new group: name=(?<group>${NAME}), GID=(?<gid>\\d+)`, Activity.GROUP_CREATED, 'groupadd'),
  rule(`new group added - group=(?<group>${NAME}), gid=(?<gid>\\d+)(?:, by=\\d+)?`, Activity.GROUP_CREATED, 'groupadd'),
  again(`group added to /etc/\\w+: name=(?<group>${NAME})(?:, GID=(?<gid>\\d+))?`, Activity.GROUP_CREATED, 'groupadd'),
  rule(`group ${Q('group')} removed`, Activity.GROUP_DELETED, 'groupdel'),
  rule(`remove group ${Q('group')}`, Activity.GROUP_DELETED, 'groupdel'),
  again(`group ${Q('group')} removed from /etc/\\w+`, Activity.GROUP_DELETED, 'groupdel'),
  rule(
    `group changed in /etc/group \\(group (?<group>[^/,\\s)]{1,255})(?:/(?<gid>\\d+))?.{0,1024}`,
    Activity.GROUP_MODIFIED,
    'groupmod',
  ),
  again(
    `group changed in /etc/(?:gshadow|passwd) \\(group (?<group>[^/,\\s)]{1,255})(?:/(?<gid>\\d+))?.{0,1024}`,
    Activity.GROUP_MODIFIED,
    'groupmod',
  ),
  rule(`(?:user|member) ${Q('name')} added by ${Q('by')} to group ${Q('group')}`, Activity.GROUP_MODIFIED, 'gpasswd'),
  rule(
    `(?:user|member) ${Q('name')} removed by ${Q('by')} from group ${Q('group')}`,
    Activity.GROUP_MODIFIED,
    'gpasswd',
  ),
  rule(`members of group ${Q('group')} set by ${Q('by')} to (?<name>.{0,1024})`, Activity.GROUP_MODIFIED, 'gpasswd'),
  rule(`set members of ${Q('group')} to (?<name>.{0,1024})`, Activity.GROUP_MODIFIED, 'gpasswd'),
  rule(`administrators of group ${Q('group')} set by ${Q('by')} to .{0,1024}`, Activity.GROUP_MODIFIED, 'gpasswd'),
  rule(`set administrators of ${Q('group')} to .{0,1024}`, Activity.GROUP_MODIFIED, 'gpasswd'),
  rule(
    `(?:password of group|change the password of group) ${Q('group')} (?:changed |removed )?by ${Q('by')}`,
    Activity.GROUP_MODIFIED,
    'gpasswd',
  ),
  rule(`remove password from group ${Q('group')} by ${Q('by')}`, Activity.GROUP_MODIFIED, 'gpasswd'),
  failed(`failed (?:to add|adding) group ${Q('group')}`, Activity.GROUP_CREATED, 'groupadd'),
  nothing(/^(?:group |change |pam_|failed |cannot )/),
];

export const PASSWORD_RULES: LineRule[] = [
  rule(`password for ${Q('name')} changed by ${Q('by')}`, Activity.PASSWORD_CHANGED, 'passwd'),
  rule(
    `password (?:changed|change) (?:for|-) (?:account=)?${Q('name')}(?:, .{0,200})?`,
    Activity.PASSWORD_CHANGED,
    'passwd',
  ),
  rule(`changed password expiry for ${Q('name')}`, Activity.USER_MODIFIED, 'chage'),
  rule(`changed user ${Q('name')} shell to '(?<shell>[^']{0,1024})'`, Activity.USER_MODIFIED, 'chsh'),
  rule(`changed user ${Q('name')} information`, Activity.USER_MODIFIED, 'chfn'),
  failed(`can't view or modify password information for ${Q('name')}`, Activity.PASSWORD_CHANGED, 'passwd'),
  nothing(/^(?:pam_|can't|password for|changed |gkr-pam|unable|cannot)/),
];

/** The desktop's account service; useradd and its kin, which it runs, state the same. */
export const ACCOUNTS_DAEMON_RULES: LineRule[] = [
  again(`request by .{1,300}: create user '(?<name>${NAME})'.{0,64}`, Activity.USER_CREATED, 'accounts-daemon'),
  again(`request by .{1,300}: delete user '(?<name>${NAME})'.{0,64}`, Activity.USER_DELETED, 'accounts-daemon'),
  again(
    `request by .{1,300}: set password .{0,64}of user '(?<name>${NAME})'.{0,64}`,
    Activity.PASSWORD_CHANGED,
    'accounts-daemon',
  ),
  nothing(/^/),
];

/** Whether the diff of /etc/passwd and /etc/group states this as well. */
export function seenInFiles(fact: Fact): boolean {
  if (fact.outcome === Outcome.FAILURE) return false;
  switch (fact.activity) {
    case Activity.USER_CREATED:
    case Activity.USER_DELETED:
    case Activity.GROUP_CREATED:
    case Activity.GROUP_DELETED:
    case Activity.GROUP_MODIFIED:
      return true;
    case Activity.USER_MODIFIED: {
      const target = fact.targetUser;
      return target?.id != null || target?.groupId != null || !!target?.shell || !!target?.home;
    }
    default:
      return false;
  }
}
