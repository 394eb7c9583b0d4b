// What a change of passwd(5) or group(5) means for accounts, whoever made it and with whatever tool.
//
// One source per fact: these events are preferred over useradd's log lines, which the auth sensor then keeps to itself
// (`accountsFromFiles` there): a uid-0 account added with an editor leaves no log line, one added by useradd changes the file too.
import { Activity, EventClass, type HostEvent, Outcome, type User } from '@threatguard/proto';

export interface AccountFile {
  path: string;
  before: string;
  after: string;
}

/** Events of one change; a mass import shows as this many and a file event. */
const EVENTS_MAX = 256;

export function diffPasswd({ path, before, after }: AccountFile, nowUs: number): HostEvent[] {
  const old = parsePasswd(before);
  const now = parsePasswd(after);
  const events: HostEvent[] = [];
  for (const [name, user] of now) {
    const was = old.get(name);
    if (!was) events.push(change(Activity.USER_CREATED, user, path, nowUs));
    else if (was.id !== user.id || was.groupId !== user.groupId || was.shell !== user.shell || was.home !== user.home)
      events.push(change(Activity.USER_MODIFIED, user, path, nowUs));
  }
  for (const [name, user] of old) if (!now.has(name)) events.push(change(Activity.USER_DELETED, user, path, nowUs));
  return events.slice(0, EVENTS_MAX);
}

/** Each member who came or went is one GROUP_MODIFIED naming him; added and removed lines tell which. */
export function diffGroup({ path, before, after }: AccountFile, nowUs: number): HostEvent[] {
  const old = parseGroup(before);
  const now = parseGroup(after);
  const events: HostEvent[] = [];
  for (const [groupName, group] of now) {
    const target = { groupName, groupId: group.id };
    const was = old.get(groupName);
    if (!was) events.push(change(Activity.GROUP_CREATED, target, path, nowUs));
    const lines = {
      addedLines: [`${groupName}:${group.members.join(',')}`],
      removedLines: [`${groupName}:${was?.members.join(',') ?? ''}`],
    };
    const moved = (was?.members ?? []).filter((name) => !group.members.includes(name));
    const came = group.members.filter((name) => !was?.members.includes(name));
    for (const name of [...came, ...moved])
      events.push(change(Activity.GROUP_MODIFIED, { name, ...target }, path, nowUs, lines));
    if (was && was.id !== group.id) events.push(change(Activity.GROUP_MODIFIED, target, path, nowUs, lines));
  }
  for (const [groupName, group] of old)
    if (!now.has(groupName)) events.push(change(Activity.GROUP_DELETED, { groupName, groupId: group.id }, path, nowUs));
  return events.slice(0, EVENTS_MAX);
}

function change(activity: Activity, targetUser: User, path: string, nowUs: number, lines = {}): HostEvent {
  return {
    observedAtUs: nowUs,
    class: EventClass.ACCOUNT,
    activity,
    outcome: Outcome.SUCCESS,
    sensor: 'file.accounts',
    targetUser,
    file: { path, ...lines },
    missing: ['user.name', 'process.pid'],
  };
}

function parsePasswd(text: string): Map<string, User> {
  const users = new Map<string, User>();
  for (const line of text.split('\n')) {
    const [name, , uid, gid, , home, shell] = line.split(':');
    const id = toId(uid);
    const groupId = toId(gid);
    if (!name || id === undefined || groupId === undefined) continue;
    users.set(name, { name, id, groupId, home: home ?? '', shell: shell ?? '' });
  }
  return users;
}

function parseGroup(text: string): Map<string, { id: number; members: string[] }> {
  const groups = new Map<string, { id: number; members: string[] }>();
  for (const line of text.split('\n')) {
    const [name, , gid, members] = line.split(':');
    const id = toId(gid);
    if (!name || id === undefined) continue;
    groups.set(name, { id, members: (members ?? '').split(',').filter(Boolean) });
  }
  return groups;
}

function toId(text: string | undefined): number | undefined {
  return text && /^\d{1,10}$/.test(text) && Number(text) <= 0xffffffff ? Number(text) : undefined;
}
