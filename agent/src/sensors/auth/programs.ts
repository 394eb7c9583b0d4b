// Which rules read the lines of which program.
import {
  ACCOUNTS_DAEMON_RULES,
  GROUP_RULES,
  PASSWORD_RULES,
  USERADD_RULES,
  USERDEL_RULES,
  USERMOD_RULES,
} from './accounts.ts';
import { applyRules, type LineRule, type Statement } from './fact.ts';
import { FTPD_RULES, PROFTPD_RULES, PURE_FTPD_RULES, VSFTPD_RULES } from './ftp.ts';
import { COURIER_RULES, DOVECOT_RULES, EXIM_RULES, POSTFIX_RULES, SASL_RULES } from './mail.ts';
import { parsePam } from './pam.ts';
import { CRONTAB_RULES, DOAS_RULES, NEWGRP_RULES, POLKIT_RULES } from './privilege.ts';
import {
  CHKPWD_RULES,
  DROPBEAR_RULES,
  IPSEC_RULES,
  KDC_RULES,
  KLOGIND_RULES,
  OPENVPN_RULES,
  RADIUS_RULES,
  WEBMIN_RULES,
} from './remote.ts';
import { SAMBA_RULES } from './samba.ts';
import {
  COCKPIT_RULES,
  CRON_RULES,
  DISPLAY_RULES,
  LOGIND_RULES,
  REMOTE_SHELL_RULES,
  SYSTEMD_RULES,
  XRDP_RULES,
} from './sessions.ts';
import { SFTP_RULES, SSHD_RULES } from './sshd.ts';
import { LOGIN_RULES, SU_RULES } from './su.ts';
import { SUDO_RULES } from './sudo.ts';

const RULES: Record<string, LineRule[]> = {
  sshd: SSHD_RULES,
  'sshd-session': SSHD_RULES,
  'sshd-auth': SSHD_RULES,
  'internal-sftp': SFTP_RULES,
  'sftp-server': SFTP_RULES,
  sudo: SUDO_RULES,
  'sudo-rs': SUDO_RULES,
  sudoedit: SUDO_RULES,
  su: SU_RULES,
  'su-l': SU_RULES,
  login: LOGIN_RULES,
  doas: DOAS_RULES,
  polkitd: POLKIT_RULES,
  'polkit-agent-helper-1': POLKIT_RULES,
  pkexec: POLKIT_RULES,
  newgrp: NEWGRP_RULES,
  sg: NEWGRP_RULES,
  crontab: CRONTAB_RULES,
  at: CRONTAB_RULES,
  useradd: USERADD_RULES,
  adduser: USERADD_RULES,
  newusers: USERADD_RULES,
  usermod: USERMOD_RULES,
  userdel: USERDEL_RULES,
  deluser: USERDEL_RULES,
  groupadd: GROUP_RULES,
  addgroup: GROUP_RULES,
  groupmod: GROUP_RULES,
  groupdel: GROUP_RULES,
  delgroup: GROUP_RULES,
  gpasswd: GROUP_RULES,
  groupmems: GROUP_RULES,
  passwd: PASSWORD_RULES,
  chpasswd: PASSWORD_RULES,
  chage: PASSWORD_RULES,
  chsh: PASSWORD_RULES,
  chfn: PASSWORD_RULES,
  'accounts-daemon': ACCOUNTS_DAEMON_RULES,
  dropbear: DROPBEAR_RULES,
  ftpd: FTPD_RULES,
  'in.ftpd': FTPD_RULES,
  vsftpd: VSFTPD_RULES,
  proftpd: PROFTPD_RULES,
  'pure-ftpd': PURE_FTPD_RULES,
  klogind: KLOGIND_RULES,
  rshd: REMOTE_SHELL_RULES,
  'in.rshd': REMOTE_SHELL_RULES,
  rlogind: REMOTE_SHELL_RULES,
  'in.rlogind': REMOTE_SHELL_RULES,
  telnetd: REMOTE_SHELL_RULES,
  'in.telnetd': REMOTE_SHELL_RULES,
  dovecot: DOVECOT_RULES,
  'postfix/smtpd': POSTFIX_RULES,
  'postfix/submission/smtpd': POSTFIX_RULES,
  'postfix/smtps/smtpd': POSTFIX_RULES,
  exim: EXIM_RULES,
  exim4: EXIM_RULES,
  saslauthd: SASL_RULES,
  imapd: COURIER_RULES,
  'imapd-ssl': COURIER_RULES,
  pop3d: COURIER_RULES,
  'pop3d-ssl': COURIER_RULES,
  smbd: SAMBA_RULES,
  smbd_audit: SAMBA_RULES,
  samba: SAMBA_RULES,
  openvpn: OPENVPN_RULES,
  'ovpn-server': OPENVPN_RULES,
  webmin: WEBMIN_RULES,
  usermin: WEBMIN_RULES,
  krb5kdc: KDC_RULES,
  charon: IPSEC_RULES,
  'charon-systemd': IPSEC_RULES,
  radiusd: RADIUS_RULES,
  freeradius: RADIUS_RULES,
  unix_chkpwd: CHKPWD_RULES,
  'cockpit-session': COCKPIT_RULES,
  'cockpit-ws': COCKPIT_RULES,
  'xrdp-sesman': XRDP_RULES,
};

/** Sessions that others have stated, and jobs: shown by `parse`, nothing to ask the journal for. */
const KEEPERS: Record<string, LineRule[]> = {
  'systemd-logind': LOGIND_RULES,
  systemd: SYSTEMD_RULES,
  cron: CRON_RULES,
  CRON: CRON_RULES,
  crond: CRON_RULES,
  CROND: CRON_RULES,
  anacron: CRON_RULES,
  atd: CRON_RULES,
  sddm: DISPLAY_RULES,
  'sddm-helper': DISPLAY_RULES,
  lightdm: DISPLAY_RULES,
  gdm: DISPLAY_RULES,
  gdm3: DISPLAY_RULES,
};

/** Programs known by the form of their name: instances of one daemon. */
const INSTANCES: [RegExp, LineRule[]][] = [
  [/^postfix\S{0,64}\/smtpd$/, POSTFIX_RULES],
  [/^(?:ovpn|openvpn)[-@_]\S{1,64}$/, OPENVPN_RULES],
  [/^gdm-\S{1,64}$/, DISPLAY_RULES],
  [/^-- \S{1,64}$/, LOGIN_RULES],
];

/** Identifiers whose lines can be facts: what the journal is asked for beside the authentication facilities. */
export const PROGRAMS = Object.keys(RULES);

/** What a program said states: null for nothing, undefined where no rule knows it. */
export function statementOf(program: string, message: string): Statement | null | undefined {
  const pam = parsePam(program, message);
  if (pam !== undefined) return pam;
  const rules = rulesOf(program);
  return rules && applyRules(rules, message);
}

function rulesOf(program: string): LineRule[] | undefined {
  // "/usr/sbin/cron", "polkitd(authority=local)".
  const name = program.replace(/^\/.*\//, '').replace(/\(authority=\w{1,32}\)$/, '');
  for (const table of [RULES, KEEPERS]) if (Object.hasOwn(table, name)) return table[name];
  return INSTANCES.find(([form]) => form.test(name))?.[1];
}
