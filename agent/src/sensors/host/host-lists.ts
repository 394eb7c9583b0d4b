// What the small files of a host say, as entries of the inventory. Pure: their text in, entries out.

const LINES_MAX = 100_000;

export function parseUsers(passwd: string): string[] {
  return rows(passwd).flatMap(([name, , uid, gid, , home, shell]) =>
    name && uid ? [`${name} uid=${uid} gid=${gid ?? ''} home=${home ?? ''} shell=${shell ?? ''}`] : [],
  );
}

export function parseGroups(group: string): string[] {
  return rows(group).flatMap(([name, , gid, members]) =>
    name && gid ? [`${name} gid=${gid} members=${members ?? ''}`] : [],
  );
}

function rows(text: string): string[][] {
  return text
    .split('\n', LINES_MAX)
    .filter((line) => !line.startsWith('#'))
    .map((line) => line.split(':'));
}

/** File systems that hold nothing of their own, and those that a container engine mounts by the hundred. */
const PASSING =
  /^(?:proc|sysfs|tmpfs|devtmpfs|devpts|cgroup2?|securityfs|debugfs|tracefs|pstore|bpf|mqueue|hugetlbfs|configfs|fusectl|autofs|overlay|nsfs|ramfs|squashfs|binfmt_misc|efivarfs|rpc_pipefs|selinuxfs)$/;

/** proc_pid_mountinfo(5): "/srv nfs server:/srv rw". Options that count counters up are left out. */
export function parseMounts(mountinfo: string): string[] {
  const mounts = new Set<string>();
  for (const line of mountinfo.split('\n', LINES_MAX)) {
    const [before = '', after = ''] = line.split(' - ', 2);
    const [, , , root = '', point = '', options = ''] = before.split(' ');
    const [type = '', source = ''] = after.split(' ');
    if (!type || PASSING.test(type)) continue;
    const part = root === '/' ? '' : ` of ${plain(root)}`;
    mounts.add(`${plain(point)} ${type} ${plain(source)}${part} ${/^ro\b/.test(options) ? 'ro' : 'rw'}`);
  }
  return [...mounts];
}

function plain(text: string): string {
  return text.replace(/\\([0-7]{3})/g, (_all, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));
}
