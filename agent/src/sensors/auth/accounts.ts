// useradd, usermod, userdel, groupadd, groupmod, groupdel, gpasswd, passwd, chage, chpasswd of the shadow suite and adduser.
//
// One source per fact: where the file sensor runs, the host's state before and after is the better witness (it also sees an editor),
// so the auth sensor drops what these rules state and the file sensor shows as well (see `seenInFiles`). Password changes stay.
import { Activity } from '@threatguard/proto';
import { account, type Fact, type LineRule, toId } from './fact.ts';

type Groups = Record<string, string | undefined>;
const NAME = "[^',\\s]{1,255}";

function user(activity: Activity, service: string) {
  return (groups: Groups): Fact =>
    account(activity, service, {
      user: groups.by ? { name: groups.by } : undefined,
      targetUser: {
        name: groups.name,
        id: toId(groups.uid),
        groupName: groups.group,
        groupId: toId(groups.gid),
        home: groups.home,
        shell: groups.shell,
      },
    });
}

const quoted = (text: string, activity: Activity | null, service: string): LineRule => ({
  pattern: new RegExp(`^${text}`, 's'),
  fact: activity === null ? null : user(activity, service),
});

export const USERADD_RULES: LineRule[] = [
  quoted(
    `new user: name=(?<name>${NAME}), UID=(?<uid>\\d+), GID=(?<gid>\\d+), home=(?<home>[^,]{0,1024}), shell=(?<shell>[^,]{0,1024}?)(?:, from=.{0,512})?$`,
    Activity.USER_CREATED,
    'useradd',
  ),
  quoted(`add '(?<name>${NAME})' to group '(?<group>${NAME})'$`, Activity.GROUP_MODIFIED, 'useradd'),
  // The same fact once more, for the shadow copy of the group file, and the group that useradd makes beside the user.
  quoted(`add '${NAME}' to shadow group`, null, 'useradd'),
  quoted(`new group: name=(?<group>${NAME}), GID=(?<gid>\\d+)$`, Activity.GROUP_CREATED, 'useradd'),
  { pattern: /^(?:failed adding|cannot |adding user|pam_)/, fact: null },
];

export const USERMOD_RULES: LineRule[] = [
  quoted(`change user '(?<name>${NAME})' UID from '\\d+' to '(?<uid>\\d+)'$`, Activity.USER_MODIFIED, 'usermod'),
  quoted(`change user '(?<name>${NAME})' GID from '\\d+' to '(?<gid>\\d+)'$`, Activity.USER_MODIFIED, 'usermod'),
  quoted(
    `change user '(?<name>${NAME})' shell from '[^']{0,1024}' to '(?<shell>[^']{0,1024})'$`,
    Activity.USER_MODIFIED,
    'usermod',
  ),
  quoted(
    `change user '(?<name>${NAME})' home from '[^']{0,1024}' to '(?<home>[^']{0,1024})'$`,
    Activity.USER_MODIFIED,
    'usermod',
  ),
  quoted(`change user name '${NAME}' to '(?<name>${NAME})'$`, Activity.USER_MODIFIED, 'usermod'),
  quoted(`change user '(?<name>${NAME})' password$`, Activity.PASSWORD_CHANGED, 'usermod'),
  quoted(`(?:un)?lock user '(?<name>${NAME})' password$`, Activity.USER_MODIFIED, 'usermod'),
  quoted(`change user '(?<name>${NAME})' (?:expiration|inactive) from`, Activity.USER_MODIFIED, 'usermod'),
  quoted(
    `(?:add|delete) '(?<name>${NAME})' (?:to|from) group '(?<group>${NAME})'$`,
    Activity.GROUP_MODIFIED,
    'usermod',
  ),
  quoted(`(?:add|delete|change) '?${NAME}'? .{0,255}shadow group`, null, 'usermod'),
  { pattern: /^(?:change |pam_|failed |cannot )/, fact: null },
];

export const USERDEL_RULES: LineRule[] = [
  quoted(`delete user '(?<name>${NAME})'$`, Activity.USER_DELETED, 'userdel'),
  quoted(`delete '(?<name>${NAME})' from group '(?<group>${NAME})'$`, Activity.GROUP_MODIFIED, 'userdel'),
  quoted(`removed group '(?<group>${NAME})' owned by '(?<name>${NAME})'$`, Activity.GROUP_DELETED, 'userdel'),
  { pattern: /^(?:removed shadow group|delete |pam_|failed |cannot |remove )/, fact: null },
];

export const GROUP_RULES: LineRule[] = [
  quoted(`new group: name=(?<group>${NAME}), GID=(?<gid>\\d+)$`, Activity.GROUP_CREATED, 'groupadd'),
  quoted(`group added to /etc/group: name=(?<group>${NAME}), GID=(?<gid>\\d+)$`, null, 'groupadd'),
  quoted(`group '(?<group>${NAME})' removed(?: from /etc/group)?$`, Activity.GROUP_DELETED, 'groupdel'),
  quoted(
    `group changed in /etc/group \\(group (?<group>[^/,\\s]{1,255})(?:/(?<gid>\\d+))?`,
    Activity.GROUP_MODIFIED,
    'groupmod',
  ),
  quoted(
    `(?:user|member) '?(?<name>${NAME})'? added by (?<by>${NAME}) to group '?(?<group>${NAME})'?$`,
    Activity.GROUP_MODIFIED,
    'gpasswd',
  ),
  quoted(
    `(?:user|member) '?(?<name>${NAME})'? removed by (?<by>${NAME}) from group '?(?<group>${NAME})'?$`,
    Activity.GROUP_MODIFIED,
    'gpasswd',
  ),
  quoted(
    `members of group (?<group>${NAME}) set by (?<by>${NAME}) to (?<name>.{0,1024})$`,
    Activity.GROUP_MODIFIED,
    'gpasswd',
  ),
  quoted(`set members of (?<group>${NAME}) to (?<name>.{0,1024})$`, Activity.GROUP_MODIFIED, 'gpasswd'),
  quoted(`administrators of group (?<group>${NAME}) set by (?<by>${NAME}) to`, Activity.GROUP_MODIFIED, 'gpasswd'),
  quoted(
    `password of group (?<group>${NAME}) (?:changed|removed) by (?<by>${NAME})$`,
    Activity.GROUP_MODIFIED,
    'gpasswd',
  ),
  { pattern: /^(?:group |change |pam_|failed |cannot )/, fact: null },
];

export const PASSWORD_RULES: LineRule[] = [
  quoted(`password for '(?<name>${NAME})' changed by '(?<by>${NAME})'$`, Activity.PASSWORD_CHANGED, 'passwd'),
  quoted(`changed password expiry for (?<name>${NAME})$`, Activity.USER_MODIFIED, 'chage'),
  quoted(`changed user '(?<name>${NAME})' shell to '(?<shell>[^']{0,1024})'$`, Activity.USER_MODIFIED, 'chsh'),
  { pattern: /^(?:pam_|can't |password for|changed |gkr-pam)/, fact: null },
];

/** Whether the diff of /etc/passwd and /etc/group states this as well. */
export function seenInFiles(fact: Fact): boolean {
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
