// What is on this host, one list for each kind. Each kind names the files it comes from: while they are as they were, it is not
// read again, so a look that finds nothing new costs a few dozen stat(2).
import { execFile } from 'node:child_process';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { networkInterfaces, release, version } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { parseGroups, parseMounts, parseUsers } from './host-lists.ts';
import { parseApkInstalled, parseDpkgPackage, parseDpkgStatus, parseRpmList, RPM_FORMAT } from './package-lists.ts';

export interface InventoryKind {
  kind: string;
  /** Changes when the entries may have; undefined: look at them each time. */
  version?(): string;
  read(): string[] | Promise<string[]>;
}

const RPM_MS_MAX = 60_000;
const RPM_BYTES_MAX = 16 * 1024 * 1024;
const RPM_DATABASES = ['rpmdb.sqlite', 'Packages.db', 'Packages'];

/** All kinds, of the host whose file system begins at `root` ("" for this one). */
export function inventoryKinds(root = ''): InventoryKind[] {
  const at = (path: string) => `${root}${path}`;
  const one = (kind: string, path: string, parse: (text: string) => string[]): InventoryKind => ({
    kind,
    version: () => versionOf(at(path)),
    read: () => parse(text(at(path))),
  });
  return [
    one('os', '/etc/os-release', (found) => {
      const name = /^PRETTY_NAME=["']?([^"'\n]*)/m.exec(found)?.[1];
      return name ? [name] : [];
    }),
    { kind: 'kernel', version: release, read: () => [`${release()} ${version()}`] },
    {
      kind: 'package',
      version: () => PACKAGE_FILES.map((path) => versionOf(at(path))).join(' '),
      read: () => readPackages(at),
    },
    one('user', '/etc/passwd', parseUsers),
    one('group', '/etc/group', parseGroups),
    { kind: 'service', read: () => readServices(at) },
    { kind: 'interface', read: readInterfaces },
    { kind: 'disk', read: () => readDisks(at('/sys/block')) },
    { kind: 'mount', read: () => parseMounts(text(at('/proc/self/mountinfo'))) },
  ];
}

const PACKAGE_FILES = [
  '/var/lib/dpkg/status',
  '/var/lib/dpkg/status.d',
  '/lib/apk/db/installed',
  ...['/var/lib/rpm', '/usr/lib/sysimage/rpm'].flatMap((path) => RPM_DATABASES.map((name) => `${path}/${name}`)),
];

async function readPackages(at: (path: string) => string): Promise<string[]> {
  const single = names(at('/var/lib/dpkg/status.d'))
    .filter((name) => !name.endsWith('.md5sums'))
    .flatMap((name) => parseDpkgPackage(text(join(at('/var/lib/dpkg/status.d'), name))));
  return [
    ...parseDpkgStatus(text(at('/var/lib/dpkg/status'))),
    ...single,
    ...parseApkInstalled(text(at('/lib/apk/db/installed'))),
    ...(PACKAGE_FILES.some((path) => path.includes('/rpm/') && versionOf(at(path)) !== '-') ? await askRpm() : []),
  ];
}

/** Its database has had three forms; rpm reads them all. Run only after one of its files changed. */
async function askRpm(): Promise<string[]> {
  const options = { timeout: RPM_MS_MAX, maxBuffer: RPM_BYTES_MAX, env: { PATH: '/usr/bin:/bin', LC_ALL: 'C' } };
  const { stdout } = await promisify(execFile)('rpm', ['-qa', '--qf', RPM_FORMAT], options);
  return parseRpmList(stdout);
}

/** Units that are enabled (a link that pulls them in) or run (they have a cgroup); without systemd, what init starts. */
function readServices(at: (path: string) => string): string[] {
  const states = new Map<string, Set<string>>();
  const say = (unit: string, state: string) => states.set(unit, (states.get(unit) ?? new Set()).add(state));
  for (const directory of names(at('/etc/systemd/system')))
    if (/\.(?:wants|requires|upholds)$/.test(directory))
      for (const unit of names(at(`/etc/systemd/system/${directory}`))) say(unit, 'enabled');
  for (const top of ['/sys/fs/cgroup', '/sys/fs/cgroup/systemd', '/sys/fs/cgroup/unified'])
    for (const unit of names(at(`${top}/system.slice`))) if (unit.endsWith('.service')) say(unit, 'running');
  if (states.size === 0 || !exists(at('/run/systemd/system')))
    for (const level of ['/etc/rc2.d', '/etc/rc3.d', '/etc/rc5.d', '/etc/runlevels/default'])
      for (const name of names(at(level)))
        if (!/^(?:K\d|README)/.test(name)) say(name.replace(/^S\d\d/, ''), 'enabled');
  return [...states].map(([unit, found]) => `${unit} ${[...found].sort().join(' ')}`);
}

/** Interfaces that are up, with their addresses. Ends of containers come and go with them and are left out. */
function readInterfaces(): string[] {
  return Object.entries(networkInterfaces()).flatMap(([name, addresses = []]) => {
    if (/^(?:veth|cali|lxc|cni)/.test(name)) return [];
    const mac = addresses[0]?.mac ?? '';
    return [
      `${name} ${mac} ${addresses
        .map(({ cidr, address }) => cidr ?? address)
        .sort()
        .join(',')}`,
    ];
  });
}

/** Disks that hold something, with the size and the model the kernel names. */
function readDisks(blocks: string): string[] {
  return names(blocks).flatMap((name) => {
    const sectors = Number(text(join(blocks, name, 'size')));
    if (!sectors || /^(?:loop|ram|zram|fd|sr)\d/.test(name)) return [];
    const model = text(join(blocks, name, 'device/model')).trim();
    return [`${name} ${(sectors * 512) / 2 ** 20} MiB${model ? ` ${model}` : ''}`];
  });
}

/** "-" where there is none. */
function versionOf(path: string): string {
  const stat = statSync(path, { bigint: true, throwIfNoEntry: false });
  return stat ? `${stat.ino}:${stat.size}:${stat.mtimeNs}` : '-';
}

function exists(path: string): boolean {
  return versionOf(path) !== '-';
}

/** Empty where it cannot be read: that kind then lacks what stands there. */
function text(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

function names(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch {
    return []; // this host has no such directory
  }
}
