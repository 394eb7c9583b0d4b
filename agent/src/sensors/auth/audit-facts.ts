// Which of the many records of one logon is the fact, and whether a log has told it already.
//
// One source per fact. The order of preference, for what kernel audit and the log of a daemon both say:
//   1. the log (journald, auth.log): it knows method, port, key, and what was wrong;
//   2. audit: PAM's USER_AUTH where somebody was refused, PAM's USER_ACCT where he was let in; sudo's USER_CMD;
//   3. USER_LOGIN, of daemons that do not use PAM: sshd writes it beside PAM's, and for a key that was merely offered.
// USER_START, CRED_*, LOGIN, USER_ERR repeat these. Jobs (cron, at) and managers open sessions nobody logged on to.
import { Activity, EventClass, type HostEvent, Outcome } from '@threatguard/proto';
import type { AuditRecord } from '../process/audit-line.ts';

/** `second`: a fact only where the service does not use PAM. */
type Standing = 'fact' | 'second' | 'none';

const JOBS = new Set(['cron', 'crond', 'atd', 'systemd', 'systemd-executor', 'runuser', 'anacron']);

/** What the event of a USER_* record is worth beside the other records of the same logon. */
export function standingOf(record: AuditRecord, event: HostEvent): Standing {
  if (event.class === EventClass.HOST || record.type.startsWith('ANOM_')) return 'fact';
  const program = event.serviceName ?? '';
  if (event.class === EventClass.ACCOUNT) return accountStanding(record, event);
  if (JOBS.has(program)) return 'none';
  if (program === 'sudo') return record.type === 'USER_CMD' ? 'fact' : 'none';
  const pam = event.authentication?.method === 'pam' || /\bop=PAM:/.test(record.text);
  switch (record.type) {
    case 'USER_AUTH':
      return pam && event.outcome === Outcome.FAILURE ? 'fact' : 'none';
    case 'USER_ACCT':
    case 'USER_END':
      return pam ? 'fact' : 'none';
    case 'USER_LOGIN':
    case 'USER_LOGOUT':
      return 'second';
    case 'USER_CMD':
      return 'fact';
    default:
      return 'none';
  }
}

/** Whether a record shows that its service uses PAM. */
export function isPam(record: AuditRecord): boolean {
  return /\bop=PAM:|msg='PAM: /.test(record.text);
}

/** passwd and usermod write beside PAM, and not always the truth. */
function accountStanding(record: AuditRecord, event: HostEvent): Standing {
  return event.activity === Activity.PASSWORD_CHANGED && !isPam(record) ? 'second' : 'fact';
}

/** Daemons whose program is not called as they are in logs. */
const NAMES: Record<string, string> = {
  'polkit-agent-helper-1': 'polkit',
  auth: 'dovecot',
  'sudo-i': 'sudo',
  'su-l': 'su',
};
const serviceOf = ({ serviceName = '' }: HostEvent) => NAMES[serviceName] ?? serviceName;

/**
 * Whether both events state the same fact. The process is the surest sign; sshd asks PAM in a process of its own for some
 * methods, so for one service the peer or the account will do.
 */
export function isSameFact(one: HostEvent, other: HostEvent): boolean {
  if (one.class !== other.class || one.activity !== other.activity || one.outcome !== other.outcome) return false;
  if (one.process?.pid && one.process.pid === other.process?.pid) return true;
  if (serviceOf(one) !== serviceOf(other)) return false;
  const address = one.authentication?.sourceAddress;
  if (address && other.authentication?.sourceAddress) return address === other.authentication.sourceAddress;
  const name = subjectOf(one);
  return name !== '' && name === subjectOf(other);
}

const subjectOf = ({ user, targetUser }: HostEvent) => (targetUser?.name || targetUser?.groupName || user?.name) ?? '';
