// An ordinary fleet for a month, from documented processes, with known truth: 50 hosts, 200 users. Everything is drawn from
// one seed; nothing of it knows what the models look at.
//
//   people    each of five teams has hosts of its own and hours of its own (start 7 to 11, 8 hours long, in one of three time
//             zones); a person works 5 days, now and then on a weekend (6 %) or in the evening (4 %); a day has a Poisson number
//             of sessions on hosts of the team, weighted by habit; a session has programs of the team's trade and of everybody's
//             (Zipf), connections to the team's services, and now and then to somewhere new; one in ten days is a travel day,
//             from another network; typing errors fail one logon in 25
//   servers   run cron jobs and daemons at every hour: programs, connections to their peers, traffic in a daily wave with
//             log-normal noise, backups at 01:00; public ones are tried from the internet at a slow Poisson rate
//   change    one deployment a week brings each host of a team one new program and one new destination; each person comes to
//             know a new host of the team every two weeks; twice a month a host has a busy day of twice its work
import { Activity, Direction, EventClass, type HostEvent, Outcome } from '@threatguard/proto';
import { Random } from '../../collector/src/detect/models/random.ts';

export const HOSTS = 50;
export const USERS = 200;
export const DAYS = 30;
export const DAY_US = 86_400_000_000;
export const HOUR_US = 3_600_000_000;
const TEAMS = 5;

/** 2026-06-01, a Monday. */
export const BEGAN_AT_US = 1_780_272_000_000_000;

export interface FleetEvent {
  host: number;
  event: HostEvent;
}

export interface Person {
  name: string;
  id: number;
  team: number;
  startHour: number;
  /** Hosts of the team this person knows, most used first. */
  hosts: number[];
  network: string;
  busy: number;
}

const EVERYBODY = [
  'ls',
  'cat',
  'grep',
  'ps',
  'less',
  'vim',
  'top',
  'tail',
  'df',
  'find',
  'ssh',
  'id',
  'awk',
  'sed',
  'du',
];
const TRADES = [
  ['git', 'make', 'gcc', 'node', 'npm', 'docker', 'gdb', 'strace'],
  ['psql', 'pg_dump', 'python3', 'vacuumdb', 'redis-cli', 'pg_top'],
  ['nginx', 'curl', 'certbot', 'systemctl', 'journalctl', 'ss'],
  ['python3', 'R', 'jupyter', 'head', 'sort', 'spark-submit', 'aws'],
  ['ansible', 'kubectl', 'helm', 'systemctl', 'rsync', 'terraform', 'curl'],
];
const DAEMONS = ['cron', 'logrotate', 'node_exporter', 'rsyslogd', 'run-parts', 'dpkg', 'sh', 'date', 'chronyc'];

export class Fleet {
  readonly people: Person[];
  readonly random: Random;
  /** Programs and destinations that weekly deployments brought to a team. */
  readonly #deployed: { program: string; network: string }[][] = Array.from({ length: TEAMS }, () => []);

  constructor(seed: number) {
    this.random = new Random(seed);
    const { random } = this;
    this.people = Array.from({ length: USERS }, (_, at) => {
      const team = at % TEAMS;
      const known = Array.from(random.sample(3 + random.integer(3), HOSTS / TEAMS), (each) => each * TEAMS + team);
      return {
        name: `user${String(at).padStart(3, '0')}`,
        id: 2000 + at,
        team,
        startHour: 7 + random.integer(5) + [0, 0, 8][team % 3]!,
        hosts: known,
        network: `10.${20 + team}.${at % 40}`,
        busy: 0.5 + random.uniform(),
      };
    });
  }

  /** Everything of one day in order of time. */
  day(day: number): FleetEvent[] {
    const events: FleetEvent[] = [];
    this.#change(day);
    for (const person of this.people) this.#workday(person, day, events);
    for (let host = 0; host < HOSTS; host++) this.#server(host, day, events);
    return events;
  }

  #change(day: number): void {
    const { random } = this;
    if (day % 7 === 2) {
      const team = Math.floor(day / 7) % TEAMS;
      this.#deployed[team]!.push({
        program: `/opt/release/app${day}`,
        network: `172.20.${day}.${random.integer(200)}`,
      });
    }
    if (day % 14 !== 10) return;
    for (const person of this.people) {
      const host = random.integer(HOSTS / TEAMS) * TEAMS + person.team;
      if (!person.hosts.includes(host)) person.hosts.push(host);
    }
  }

  #workday(person: Person, day: number, into: FleetEvent[]): void {
    const { random } = this;
    const weekend = (day + 0) % 7 >= 5;
    if (weekend ? random.uniform() > 0.06 : random.uniform() < 0.07) return;
    const travels = random.uniform() < 0.1;
    const network = travels ? `198.51.${random.integer(30)}` : person.network;
    const sessions = poisson(random, 2.2 * person.busy);
    for (let each = 0; each < sessions; each++) {
      const evening = random.uniform() < 0.04;
      const hour = person.startHour + (evening ? 10 + random.uniform() * 3 : random.uniform() * 8);
      const atUs = BEGAN_AT_US + day * DAY_US + hour * HOUR_US;
      const host = person.hosts[Math.min(person.hosts.length - 1, Math.floor(-Math.log(1 - random.uniform()) * 1.2))]!;
      this.session(into, { person, host, atUs, network, programs: 4 + poisson(random, 10) });
    }
  }

  /** A person logs on to a host and works there. */
  session(
    into: FleetEvent[],
    parts: { person: Person; host: number; atUs: number; network: string; programs: number },
  ): void {
    const { random } = this;
    const { person, host, network } = parts;
    const source = `${network}.${1 + random.integer(250)}`;
    let atUs = parts.atUs;
    if (random.uniform() < 0.04) into.push(logon({ host, atUs: atUs - 5e6, user: person.name, source, ok: false }));
    into.push(logon({ host, atUs, user: person.name, source, ok: true }));
    const deployed = this.#deployed[person.team]!;
    for (let each = 0; each < parts.programs; each++) {
      atUs += (10 + random.uniform() * 150) * 1e6;
      const trade = random.uniform() < 0.55;
      const list = trade ? TRADES[person.team]! : EVERYBODY;
      const fresh =
        deployed.length > 0 && random.uniform() < 0.04 ? deployed[random.integer(deployed.length)]! : undefined;
      const image = fresh?.program ?? `/usr/bin/${list[zipf(random, list.length)]}`;
      into.push(
        program({
          host,
          atUs,
          user: person,
          image,
          parent: '/usr/bin/bash',
          argument: random.uniform() < 0.5 ? '-l' : 'status',
        }),
      );
      if (random.uniform() < 0.25) {
        const to = fresh?.network ?? this.#destination(person.team);
        connection(into, {
          host,
          atUs,
          user: person,
          image,
          to,
          port: 443,
          out: lognormal(random, 9, 1.2),
          in: lognormal(random, 10, 1.3),
        });
      }
    }
    if (random.uniform() < 0.15) into.push(privilege({ host, atUs, user: person.name }));
  }

  /** One of the team's twenty services, seldom a place nobody was before. */
  #destination(team: number): string {
    const { random } = this;
    if (random.uniform() < 0.004) return `203.0.${random.integer(250)}.${random.integer(250)}`;
    return `10.${50 + team}.${zipf(random, 20)}.10`;
  }

  #server(host: number, day: number, into: FleetEvent[]): void {
    const { random } = this;
    const team = host % TEAMS;
    const began = BEGAN_AT_US + day * DAY_US;
    const busy = random.uniform() < 0.07 ? 2 : 1;
    const root = { name: 'root', id: 0 };
    const service = { name: 'svc', id: 990 };
    const deployed = this.#deployed[team]!;
    for (let hour = 0; hour < 24; hour++) {
      const at = () => began + (hour + random.uniform()) * HOUR_US;
      const wave = 1 + 0.6 * Math.sin(((hour - 9) / 24) * 2 * Math.PI);
      const jobs = poisson(random, 12 * busy);
      for (let each = 0; each < jobs; each++) {
        const image = `/usr/sbin/${DAEMONS[zipf(random, DAEMONS.length)]}`;
        into.push(program({ host, atUs: at(), user: root, image, parent: '/usr/sbin/cron', argument: '-c' }));
      }
      const calls = poisson(random, 14 * wave * busy);
      for (let each = 0; each < calls; each++) {
        const fresh = deployed.length > 0 && random.uniform() < 0.03 ? deployed.at(-1)! : undefined;
        const to = fresh?.network ?? `10.${50 + team}.${zipf(random, 20)}.10`;
        const image = fresh?.program ?? `/usr/sbin/app${team}`;
        connection(into, {
          host,
          atUs: at(),
          user: service,
          image,
          to,
          port: 5432,
          out: lognormal(random, 9.5, 1),
          in: lognormal(random, 10, 1),
        });
      }
      if (hour === 1) {
        const image = '/usr/bin/rsync';
        into.push(program({ host, atUs: at(), user: root, image, parent: '/usr/sbin/cron', argument: '-a' }));
        connection(into, {
          host,
          atUs: at(),
          user: root,
          image,
          to: '10.90.0.5',
          port: 873,
          out: lognormal(random, 17, 0.3),
          in: 2e4,
        });
      }
      for (let sample = 0; sample < 12; sample++) {
        const atUs = began + hour * HOUR_US + sample * 300e6;
        const cpuPercent = Math.min(100, Math.max(1, 14 * wave * busy * Math.exp(0.35 * random.normal())));
        into.push({
          host,
          event: { observedAtUs: atUs, class: EventClass.HOST, activity: Activity.SAMPLE, host: { cpuPercent } },
        });
      }
      if (host % 10 === 0) this.#knocks(host, began + hour * HOUR_US, into);
    }
  }

  /** What every public host hears from the internet. */
  #knocks(host: number, hourUs: number, into: FleetEvent[]): void {
    const { random } = this;
    const knocks = poisson(random, 0.8);
    for (let each = 0; each < knocks; each++) {
      const source = `192.0.${random.integer(200)}.${random.integer(250)}`;
      const user = ['root', 'admin', 'test', 'oracle'][random.integer(4)]!;
      into.push(logon({ host, atUs: hourUs + random.uniform() * HOUR_US, user, source, ok: false }));
    }
  }
}

export function logon(parts: { host: number; atUs: number; user: string; source: string; ok: boolean }): FleetEvent {
  const { host, atUs, user, source, ok } = parts;
  return {
    host,
    event: {
      observedAtUs: atUs,
      class: EventClass.AUTHENTICATION,
      activity: Activity.LOGON,
      outcome: ok ? Outcome.SUCCESS : Outcome.FAILURE,
      serviceName: 'sshd',
      user: { name: user },
      authentication: { method: ok ? 'publickey' : 'password', sourceAddress: source },
    },
  };
}

function privilege({ host, atUs, user }: { host: number; atUs: number; user: string }): FleetEvent {
  const common = { observedAtUs: atUs, class: EventClass.AUTHENTICATION, activity: Activity.PRIVILEGE };
  return { host, event: { ...common, outcome: Outcome.SUCCESS, user: { name: user }, targetUser: { name: 'root' } } };
}

export function program(parts: {
  host: number;
  atUs: number;
  user: { name: string; id: number };
  image: string;
  parent: string;
  argument: string;
}): FleetEvent {
  const { host, atUs, user, image, parent, argument } = parts;
  const process = { executable: image, name: image.slice(image.lastIndexOf('/') + 1), args: [image, argument] };
  return {
    host,
    event: {
      observedAtUs: atUs,
      class: EventClass.PROCESS,
      activity: Activity.EXEC,
      user: { name: user.name, id: user.id },
      process: { ...process, parentExecutable: parent },
    },
  };
}

/** Opened and, half a minute later, closed with what went over it. */
export function connection(
  into: FleetEvent[],
  parts: {
    host: number;
    atUs: number;
    user: { name: string; id: number };
    image: string;
    to: string;
    port: number;
    out: number;
    in: number;
  },
): void {
  const { host, atUs, user, image, to, port } = parts;
  const network = { transport: 'tcp', direction: Direction.OUTBOUND, destinationAddress: to, destinationPort: port };
  const common = { class: EventClass.NETWORK, user: { name: user.name, id: user.id }, process: { executable: image } };
  const opened = { ...common, observedAtUs: atUs, activity: Activity.CONNECTION_OPENED, network };
  const bytes = { bytesSent: Math.round(parts.out), bytesReceived: Math.round(parts.in) };
  const closed = {
    ...common,
    observedAtUs: atUs + 30e6,
    activity: Activity.CONNECTION_CLOSED,
    network: { ...network, ...bytes },
  };
  into.push({ host, event: opened }, { host, event: closed });
}

/** Knuth's way; means here are small. */
export function poisson(random: Random, mean: number): number {
  const limit = Math.exp(-mean);
  let count = 0;
  for (let product = random.uniform(); product > limit; product *= random.uniform()) count++;
  return count;
}

function lognormal(random: Random, mean: number, deviation: number): number {
  return Math.exp(mean + deviation * random.normal());
}

/** 0 to `count` - 1, the n-th as likely as 1 / n. */
function zipf(random: Random, count: number): number {
  let total = 0;
  for (let rank = 1; rank <= count; rank++) total += 1 / rank;
  let left = random.uniform() * total;
  for (let rank = 1; rank < count; rank++) {
    left -= 1 / rank;
    if (left <= 0) return rank - 1;
  }
  return count - 1;
}
