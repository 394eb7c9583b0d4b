// An ordinary hour of the demo's fleet: services that talk to their peers in a daily wave, cron, people who log on during
// their day, and what a bastion hears from the internet.
import { type DemoHost, HOSTS, PEOPLE, type Person, ROOT } from './cast.ts';
import { Seeded } from './seeded.ts';
import { Stage, type StagedEvent } from './stage.ts';

export const HOUR_US = 3_600_000_000;
const DAY_US = 24 * HOUR_US;
const JOBS = ['run-parts', 'logrotate', 'sh', 'date', 'find', 'dpkg', 'apt-check', 'gzip'];
const CALLS_MEAN = 9;
const JOBS_MEAN = 7;
const SAMPLES = 4;
const KNOCKS_MEAN = 1.5;
const BACKUP_HOUR = 1;
/** Monday is 0; day 0 of the epoch was a Thursday. */
const EPOCH_WEEKDAY = 3;

/** What happens in the hour that begins then, on all hosts; not in order of time. */
export function ordinaryHour(seed: number, hourUs: number): StagedEvent[] {
  const into: StagedEvent[] = [];
  for (const host of HOSTS) hostHour(host, new Seeded(seed, host.name, hourUs), hourUs, into);
  for (const person of PEOPLE) personHour(person, new Seeded(seed, person.name, hourUs), hourUs, into);
  return into;
}

function hostHour(host: DemoHost, random: Seeded, hourUs: number, into: StagedEvent[]): void {
  const hour = (hourUs % DAY_US) / HOUR_US;
  const wave = 1 + 0.6 * Math.sin(((hour - 8) / 24) * 2 * Math.PI);
  const stage = new Stage(host, random, into);
  const at = () => hourUs + random.uniform() * (HOUR_US - 60e6);
  const { service } = host;
  const daemon = stage.service(service.user, service.program);
  for (let call = random.count(CALLS_MEAN * wave); call > 0; call--) {
    stage.connection(at(), daemon, random.favour(service.peers), {
      sent: random.spread(9_000),
      received: random.spread(20_000),
    });
  }
  const cron = stage.service(ROOT, '/usr/sbin/cron');
  for (let job = random.count(JOBS_MEAN); job > 0; job--) {
    const name = random.favour(JOBS);
    stage.run(at(), cron, `/usr/bin/${name}`, [name, '--quiet'], { user: ROOT });
  }
  for (let each = 0; each < SAMPLES; each++) {
    const cpu = Math.min(95, 8 * wave * (0.7 + random.uniform()));
    stage.sample(hourUs + ((each + random.uniform() * 0.2) * HOUR_US) / SAMPLES, cpu);
  }
  if (hour === BACKUP_HOUR) {
    const backup = stage.run(at(), cron, '/usr/bin/rsync', ['rsync', '-a', '/var/', 'backup@demo-backup-1:/srv/'], {
      user: ROOT,
    });
    stage.connection(at(), backup, { address: '10.20.0.71', port: 22 }, { sent: random.spread(4e7), received: 40_000 });
  }
  if (host.name !== 'demo-bastion-1') return;
  for (let knock = random.count(KNOCKS_MEAN); knock > 0; knock--) {
    const user = random.pick(['root', 'admin', 'test', 'oracle', 'ubuntu']);
    stage.logon(at(), user, `192.0.2.${1 + random.integer(120)}`, { ok: false, unknown: user !== 'root' });
  }
}

function personHour(person: Person, random: Seeded, hourUs: number, into: StagedEvent[]): void {
  const day = Math.floor(hourUs / DAY_US);
  const weekday = (day + EPOCH_WEEKDAY) % 7;
  const hour = (hourUs % DAY_US) / HOUR_US;
  const works = weekday < 5 && hour >= person.firstHour && hour < person.firstHour + 9;
  if (!random.chance(works ? 0.35 : 0.004)) return;
  const name = random.favour(person.hosts);
  const stage = new Stage(HOSTS.find((host) => host.name === name)!, random, into);
  let atUs = hourUs + random.uniform() * 0.3 * HOUR_US;
  const source = `${person.network}.${10 + (person.id % 40)}`;
  if (random.chance(0.04)) stage.logon(atUs - 8e6, person.name, source, { ok: false });
  const shell = stage.session(atUs, person, source);
  for (let typed = 3 + random.count(8); typed > 0; typed--) {
    atUs += (15 + random.uniform() * 160) * 1e6;
    const program = random.favour(person.programs);
    const child = stage.run(atUs, shell, `/usr/bin/${program}`, [program, random.pick(['-l', 'status', '.', '-n'])]);
    if (random.chance(0.2)) {
      const to = { address: `10.20.0.${random.pick([90, 91, 92])}`, port: 443 };
      stage.connection(atUs, child, to, { sent: random.spread(4_000), received: random.spread(30_000) });
    }
  }
  if (random.chance(0.15)) stage.privilege(atUs + 5e6, person.name, '/usr/bin/systemctl status', true);
}
