// Who appears in the demo: a dozen hosts, twenty people, and addresses nobody has (RFC 5737, RFC 1918).

export interface DemoHost {
  /** Every name begins with `demo-`: it is seen in each alert what it is. */
  name: string;
  address: string;
  os: string;
  kernel: string;
  /** What it does all day: the account of its service, the program, and what that talks to. */
  service: { user: DemoUser; program: string; peers: readonly Peer[] };
}

export interface DemoUser {
  name: string;
  id: number;
}

interface Peer {
  address: string;
  port: number;
}

export interface Person extends DemoUser {
  /** Where they log on from. */
  network: string;
  /** UTC. */
  firstHour: number;
  /** Most used first. */
  hosts: readonly string[];
  programs: readonly string[];
}

export const ROOT: DemoUser = { name: 'root', id: 0 };
const WWW: DemoUser = { name: 'www-data', id: 33 };
const POSTGRES: DemoUser = { name: 'postgres', id: 110 };
const APP: DemoUser = { name: 'app', id: 990 };
const DEBIAN = { os: 'Debian GNU/Linux 12', kernel: '6.1.0-37-amd64' };
const UBUNTU = { os: 'Ubuntu 24.04', kernel: '6.8.0-60-generic' };

const DATABASES: readonly Peer[] = [
  { address: '10.20.0.21', port: 5432 },
  { address: '10.20.0.22', port: 5432 },
];
const CACHE: Peer = { address: '10.20.0.41', port: 6379 };
const MONITOR: Peer = { address: '10.20.0.90', port: 443 };
const web = { user: WWW, program: '/usr/sbin/nginx', peers: [{ address: '10.20.0.31', port: 8443 }, CACHE] };
const app = { user: APP, program: '/opt/app/bin/server', peers: [...DATABASES, CACHE] };
const database = { user: POSTGRES, program: '/usr/lib/postgresql/15/bin/postgres', peers: [DATABASES[0]!] };
const other = { user: ROOT, program: '/usr/bin/node_exporter', peers: [MONITOR] };

export const HOSTS: readonly DemoHost[] = [
  { name: 'demo-web-1', address: '10.20.0.11', ...DEBIAN, service: web },
  { name: 'demo-web-2', address: '10.20.0.12', ...DEBIAN, service: web },
  { name: 'demo-web-3', address: '10.20.0.13', ...UBUNTU, service: web },
  { name: 'demo-db-1', address: '10.20.0.21', ...DEBIAN, service: database },
  { name: 'demo-db-2', address: '10.20.0.22', ...DEBIAN, service: database },
  { name: 'demo-app-1', address: '10.20.0.31', ...UBUNTU, service: app },
  { name: 'demo-app-2', address: '10.20.0.32', ...UBUNTU, service: app },
  { name: 'demo-cache-1', address: '10.20.0.41', ...DEBIAN, service: other },
  { name: 'demo-build-1', address: '10.20.0.51', ...UBUNTU, service: other },
  { name: 'demo-mail-1', address: '10.20.0.61', ...DEBIAN, service: other },
  { name: 'demo-backup-1', address: '10.20.0.71', ...DEBIAN, service: other },
  { name: 'demo-bastion-1', address: '10.20.0.81', ...DEBIAN, service: other },
];

/** What a team knows, and works with. */
const TEAMS: readonly Pick<Person, 'hosts' | 'programs'>[] = [
  { hosts: ['demo-web-1', 'demo-web-2', 'demo-web-3'], programs: ['git', 'curl', 'php', 'nginx', 'tail', 'less'] },
  { hosts: ['demo-db-1', 'demo-db-2', 'demo-backup-1'], programs: ['psql', 'pg_dump', 'vacuumdb', 'du', 'top'] },
  { hosts: ['demo-app-1', 'demo-app-2', 'demo-build-1'], programs: ['git', 'make', 'gcc', 'npm', 'gdb', 'strace'] },
  { hosts: ['demo-bastion-1', 'demo-mail-1', 'demo-cache-1'], programs: ['systemctl', 'journalctl', 'ip', 'vim'] },
];
const EVERYBODY = ['ls', 'cat', 'grep', 'less', 'vim', 'tail', 'df', 'find', 'awk', 'sed', 'sort', 'git'];
const NAMES = [
  ...['alice', 'bob', 'carol', 'dave', 'erin', 'frank', 'grace', 'heidi', 'ivan', 'judy'],
  ...['karl', 'lena', 'mike', 'nina', 'oscar', 'peggy', 'quinn', 'ruth', 'sybil', 'trent'],
];

export const PEOPLE: readonly Person[] = NAMES.map((name, at) => {
  const team = TEAMS[at % TEAMS.length]!;
  return {
    name,
    id: 1000 + at,
    network: `10.30.${at % TEAMS.length}`,
    firstHour: 6 + (at % 5),
    hosts: team.hosts,
    programs: [...team.programs, ...EVERYBODY],
  };
});

/** Those the stories are about, by what they do. */
export const ATTACKERS = {
  guesser: '203.0.113.45',
  sprayer: '203.0.113.77',
  dropSite: '198.51.100.23',
  collector: '198.51.100.66',
  pool: '198.51.100.140',
  hotel: '192.0.2.130',
} as const;

export function hostNamed(name: string): DemoHost {
  return HOSTS.find((host) => host.name === name)!;
}

export function personNamed(name: string): Person {
  return PEOPLE.find((person) => person.name === name)!;
}
