// Attacks laid over the fleet's ordinary month, each as it is described by what is known of real ones (attack.mitre.org).
// Which host, whom, when and how strongly is drawn from the seed.
import type { Random } from '../../collector/src/detect/models/random.ts';
import {
  BEGAN_AT_US,
  connection,
  DAY_US,
  type Fleet,
  type FleetEvent,
  HOSTS,
  HOUR_US,
  logon,
  type Person,
  program,
} from './models-scenarios-fleet.ts';

export interface Attack {
  kind: (typeof KINDS)[number];
  beganAtUs: number;
  endedAtUs: number;
  hosts: number[];
  users: string[];
  events: FleetEvent[];
}

export const KINDS = [
  'credential stuffing',
  'lateral movement',
  'exfiltration',
  'insider at night',
  'miner',
  'living off the land',
  'slow brute force',
] as const;

/** How often each kind is laid over the time after learning. */
const EACH = 6;

export function layAttacks(fleet: Fleet, days: { from: number; to: number }): Attack[] {
  const { random } = fleet;
  return Array.from({ length: EACH * KINDS.length }, (_, at) => {
    const day = days.from + Math.floor(((days.to - days.from) * at) / (EACH * KINDS.length));
    const person = fleet.people[random.integer(fleet.people.length)]!;
    const beganAtUs = BEGAN_AT_US + day * DAY_US + random.uniform() * 20 * HOUR_US;
    return make(KINDS[at % KINDS.length]!, { fleet, random, person, beganAtUs });
  });
}

interface Setting {
  fleet: Fleet;
  random: Random;
  person: Person;
  beganAtUs: number;
}

function make(kind: Attack['kind'], setting: Setting): Attack {
  const events: FleetEvent[] = [];
  WAYS[kind](setting, events);
  events.sort((a, b) => a.event.observedAtUs! - b.event.observedAtUs!);
  return {
    kind,
    beganAtUs: events[0]!.event.observedAtUs!,
    endedAtUs: events.at(-1)!.event.observedAtUs!,
    hosts: [...new Set(events.map(({ host }) => host))],
    users: [...new Set(events.map(({ event }) => event.user?.name ?? ''))],
    events,
  };
}

const WAYS: Record<Attack['kind'], (setting: Setting, into: FleetEvent[]) => void> = {
  /** T1110.004: a list of leaked names and passwords, one try each, from a handful of networks within half an hour; one works. */
  'credential stuffing'({ fleet, random, beganAtUs }, into) {
    const host = random.integer(HOSTS);
    const tries = 60 + random.integer(120);
    for (let each = 0; each < tries; each++) {
      const user = random.uniform() < 0.5 ? fleet.people[random.integer(fleet.people.length)]!.name : `guess${each}`;
      const source = `185.220.${random.integer(6)}.${random.integer(250)}`;
      into.push(logon({ host, atUs: beganAtUs + random.uniform() * 1_800e6, user, source, ok: false }));
    }
    const { name: user } = fleet.people[random.integer(fleet.people.length)]!;
    into.push(logon({ host, atUs: beganAtUs + 1_850e6, user, source: '185.220.3.7', ok: true }));
  },

  /** T1021.004: with a person's key from a host of theirs to hosts they never use, looking around on each. */
  'lateral movement'({ random, person, beganAtUs }, into) {
    const from = person.hosts[0]!;
    const targets = Array.from(random.sample(HOSTS, HOSTS))
      .filter((host) => !person.hosts.includes(host))
      .slice(0, 4 + random.integer(4));
    let atUs = beganAtUs;
    for (const host of targets) {
      atUs += (120 + random.uniform() * 900) * 1e6;
      into.push(logon({ host, atUs, user: person.name, source: `10.${20 + (from % 5)}.200.${from}`, ok: true }));
      for (const image of ['id', 'ps', 'ss', 'cat', 'find', 'ssh']) {
        atUs += 5e6;
        into.push(
          program({ host, atUs, user: person, image: `/usr/bin/${image}`, parent: '/usr/bin/bash', argument: '-a' }),
        );
      }
    }
  },

  /** T1048, T1560: an archive is made on a host a person works on, and sent in parts to one address outside. */
  exfiltration({ random, person, beganAtUs }, into) {
    const host = person.hosts[0]!;
    const [image, to] = ['/usr/bin/curl', `45.${10 + random.integer(200)}.${random.integer(250)}.9`];
    into.push(logon({ host, atUs: beganAtUs, user: person.name, source: `${person.network}.44`, ok: true }));
    into.push(
      program({
        host,
        atUs: beganAtUs + 60e6,
        user: person,
        image: '/usr/bin/tar',
        parent: '/usr/bin/bash',
        argument: '-czf',
      }),
    );
    const parts = 5 + random.integer(15);
    for (let each = 0; each < parts; each++) {
      const atUs = beganAtUs + (300 + each * (60 + random.uniform() * 120)) * 1e6;
      into.push(program({ host, atUs, user: person, image, parent: '/usr/bin/bash', argument: '-T' }));
      connection(into, {
        host,
        atUs,
        user: person,
        image,
        to,
        port: 443,
        out: 3e6 + random.uniform() * 2e7,
        in: 2_000,
      });
    }
  },

  /** T1078, T1005: somebody who is allowed to, at an hour they are never at work, reads much more than ever. */
  'insider at night'({ fleet, random, person, beganAtUs }, into) {
    const host = person.hosts[0]!;
    const hour = (person.startHour + 14 + random.integer(5)) % 24;
    const atUs = Math.floor((beganAtUs - BEGAN_AT_US) / DAY_US) * DAY_US + BEGAN_AT_US + (hour + 0.2) * HOUR_US;
    fleet.session(into, { person, host, atUs, network: person.network, programs: 40 + random.integer(40) });
    for (let each = 0; each < 8; each++) {
      const to = `10.${50 + person.team}.${random.integer(20)}.10`;
      connection(into, {
        host,
        atUs: atUs + each * 200e6,
        user: person,
        image: '/usr/bin/rsync',
        to,
        port: 22,
        out: 3_000,
        in: 4e6 + random.uniform() * 4e7,
      });
    }
  },

  /** T1496: a program from a temporary place, a pool, and a processor that is busy for hours. */
  miner({ random, beganAtUs }, into) {
    const host = random.integer(HOSTS);
    const user = { name: 'svc', id: 990 };
    const image = `/var/tmp/.${['kdev', 'kswap0', 'dbus-d'][random.integer(3)]}`;
    into.push(program({ host, atUs: beganAtUs, user, image, parent: '/usr/bin/sh', argument: '-B' }));
    const hours = 4 + random.integer(6);
    for (let minute = 5; minute < hours * 60; minute += 5) {
      const atUs = beganAtUs + minute * 60e6;
      into.push({
        host,
        event: { observedAtUs: atUs, class: 6, activity: 50, host: { cpuPercent: 88 + random.uniform() * 12 } },
      });
      if (minute % 30 === 5)
        connection(into, { host, atUs, user, image, to: '51.15.7.20', port: 3333, out: 40_000, in: 60_000 });
    }
  },

  /** T1059, T1218, T1105: a service is made to run what the host has: a shell, a download, a decoder, a job. */
  'living off the land'({ random, beganAtUs }, into) {
    const host = random.integer(HOSTS);
    const user = { name: 'svc', id: 990 };
    const parent = `/usr/sbin/app${host % 5}`;
    const steps: [string, string][] = [
      ['sh', '-c'],
      ['id', '-u'],
      ['curl', '-s'],
      ['base64', '-d'],
      ['python3', '-c'],
      ['crontab', '-l'],
      ['find', '-perm'],
    ];
    let atUs = beganAtUs;
    for (const [name, argument] of steps.slice(0, 4 + random.integer(4))) {
      atUs += (5 + random.uniform() * 60) * 1e6;
      into.push(
        program({
          host,
          atUs,
          user,
          image: `/usr/bin/${name}`,
          parent: name === 'sh' ? parent : '/usr/bin/sh',
          argument,
        }),
      );
    }
    connection(into, {
      host,
      atUs,
      user,
      image: '/usr/bin/curl',
      to: `91.${random.integer(200)}.4.4`,
      port: 8080,
      out: 900,
      in: 200_000,
    });
  },

  /** T1110.001: some tries an hour for two days, from ever new addresses, below any threshold of a rule. */
  'slow brute force'({ random, beganAtUs }, into) {
    const host = random.integer(HOSTS);
    const perHour = 5 + random.integer(5);
    for (let hour = 0; hour < 48; hour++) {
      for (let each = 0; each < perHour; each++) {
        const source = `80.${random.integer(200)}.${random.integer(250)}.${random.integer(250)}`;
        const user = ['root', 'admin', 'deploy', 'backup'][random.integer(4)]!;
        into.push(logon({ host, atUs: beganAtUs + (hour + random.uniform()) * HOUR_US, user, source, ok: false }));
      }
    }
  },
};
