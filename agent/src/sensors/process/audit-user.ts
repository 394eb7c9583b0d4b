// What daemons tell the kernel's audit (libaudit, PAM): logons, privileges used, accounts changed, services.
import { Activity, EventClass, type HostEvent, Outcome } from '@threatguard/proto';
import { type AuditRecord, actor, encodedText, enrichedName, plainNumber, plainText } from './audit-line.ts';
import { AUDIT_SENSOR } from './audit-process.ts';
import type { AuditType } from './audit-types.ts';

interface Row {
  class: EventClass;
  activity: Activity;
}

const authentication = (activity: Activity): Row => ({ class: EventClass.AUTHENTICATION, activity });
const account = (activity: Activity): Row => ({ class: EventClass.ACCOUNT, activity });
const host = (activity: Activity): Row => ({ class: EventClass.HOST, activity });

/**
 * One row for each record type that states a fact. CRED_*, USER_START and LOGIN repeat what USER_AUTH, USER_ACCT and
 * USER_LOGIN have said, and are left out.
 */
const ROWS: Partial<Record<AuditType, Row>> = {
  USER_AUTH: authentication(Activity.LOGON),
  USER_ACCT: authentication(Activity.LOGON),
  USER_LOGIN: authentication(Activity.LOGON),
  USER_ERR: authentication(Activity.LOGON),
  USER_END: authentication(Activity.LOGOFF),
  USER_LOGOUT: authentication(Activity.LOGOFF),
  USER_CMD: authentication(Activity.PRIVILEGE),
  GRP_AUTH: authentication(Activity.PRIVILEGE),
  ANOM_LOGIN_FAILURES: authentication(Activity.LOGON),
  ANOM_LOGIN_TIME: authentication(Activity.LOGON),
  ANOM_LOGIN_SESSIONS: authentication(Activity.LOGON),
  ANOM_LOGIN_ACCT: authentication(Activity.LOGON),
  ANOM_LOGIN_LOCATION: authentication(Activity.LOGON),
  USER_CHAUTHTOK: account(Activity.PASSWORD_CHANGED),
  ADD_USER: account(Activity.USER_CREATED),
  DEL_USER: account(Activity.USER_DELETED),
  USER_MGMT: account(Activity.USER_MODIFIED),
  ACCT_LOCK: account(Activity.USER_MODIFIED),
  ACCT_UNLOCK: account(Activity.USER_MODIFIED),
  ADD_GROUP: account(Activity.GROUP_CREATED),
  DEL_GROUP: account(Activity.GROUP_DELETED),
  GRP_MGMT: account(Activity.GROUP_MODIFIED),
  GRP_CHAUTHTOK: account(Activity.GROUP_MODIFIED),
  SERVICE_START: host(Activity.SERVICE_STARTED),
  SERVICE_STOP: host(Activity.SERVICE_STOPPED),
  SYSTEM_BOOT: host(Activity.SERVICE_STARTED),
  SYSTEM_SHUTDOWN: host(Activity.SERVICE_STOPPED),
};

/** Programs that change who a user is rather than let one in. */
const PRIVILEGE_PROGRAMS = new Set(['su', 'sudo', 'doas', 'pkexec', 'runuser', 'newgrp', 'sg']);
/** The shadow suite tells of some changes of groups as USER_ACCT. */
const GROUP_PROGRAMS = new Set(['gpasswd', 'groupmems']);
/** sshd in several processes since OpenSSH 9.8. */
const FAMILIES: Record<string, string> = { 'sshd-session': 'sshd', 'sshd-auth': 'sshd' };
/** What sshd and login write for an account that does not exist, so as not to log a mistyped password. */
const INVALID_USERS = new Set(['(unknown)', '(invalid user)', '(unknown user)']);
/** Fields of a record and what an event lacks where one is doubtful. */
const MEANINGS: Record<string, string> = {
  acct: 'user.name',
  addr: 'source.ip',
  exe: 'process.executable',
  res: 'event.outcome',
  terminal: 'process.tty.name',
};

/** The fact one record from a daemon states; undefined where it states none we report. */
export function userEvent(record: AuditRecord): HostEvent | undefined {
  const executable = encodedText(record, 'exe');
  const file = executable.slice(executable.lastIndexOf('/') + 1);
  // sudo gave no `exe` before 1.9.
  const program =
    FAMILIES[file] ?? (file || (record.type === 'USER_CMD' && !record.doubtful.includes('exe') ? 'sudo' : ''));
  const row = rowOf(record, program);
  if (!row) return undefined;
  const event: HostEvent = {
    observedAtUs: record.atUs,
    class: row.class,
    activity: row.activity,
    outcome: record.type.startsWith('ANOM_') ? Outcome.FAILURE : outcomeOf(record),
    sensor: AUDIT_SENSOR,
    serviceName: program,
    process: {
      pid: plainNumber(record, 'pid'),
      name: encodedText(record, 'comm'),
      executable,
      loginUid: plainNumber(record, 'auid'),
      sessionId: plainNumber(record, 'ses'),
    },
    original: record.text,
    missing: record.doubtful.flatMap((key) => MEANINGS[key] ?? []),
  };
  if (row.class === EventClass.HOST) return { ...event, serviceName: serviceOf(record), user: actor(record) };
  return row.class === EventClass.ACCOUNT
    ? accountEvent(event, record, program)
    : authenticationEvent(event, record, program);
}

function rowOf(record: AuditRecord, program: string): Row | undefined {
  if (record.type === 'USER_ACCT' && GROUP_PROGRAMS.has(program)) return account(Activity.GROUP_MODIFIED);
  return ROWS[record.type];
}

/** `res=success`, `res=failed`, and `res=1`, `res=0` where the kernel or an old daemon wrote it. */
export function outcomeOf(record: AuditRecord): Outcome {
  const result = plainText(record, 'res');
  if (result === 'success' || result === '1') return Outcome.SUCCESS;
  return result === 'failed' || result === '0' ? Outcome.FAILURE : Outcome.OUTCOME_UNSPECIFIED;
}

function serviceOf(record: AuditRecord): string {
  return record.type.startsWith('SYSTEM_') ? 'system' : plainText(record, 'unit');
}

/** Who acts: the user that logged on, kept through sudo and su; before anybody has, the one the daemon runs as. */
function actingUser(record: AuditRecord): HostEvent['user'] {
  const loginUid = plainNumber(record, 'auid');
  const name = enrichedName(record, loginUid === undefined ? 'UID' : 'AUID');
  return { id: loginUid ?? plainNumber(record, 'uid'), ...(name && { name }) };
}

function authenticationEvent(event: HostEvent, record: AuditRecord, program: string): HostEvent {
  const name = encodedText(record, 'acct');
  const address = plainText(record, 'addr');
  event.authentication = {
    method: methodOf(record),
    sourceAddress: address.startsWith('::ffff:') ? address.slice(7) : address,
    sourcePort: plainNumber(record, 'rport'),
    tty: plainText(record, 'terminal'),
    command: encodedText(record, 'cmd'),
    invalidUser: INVALID_USERS.has(name) || INVALID_USERS.has(record.fields.get('acct') ?? ''),
    reason: record.type.startsWith('ANOM_') ? record.type.toLowerCase().replaceAll('_', ' ') : '',
  };
  const known = enrichedName(record, 'ID');
  const subject = { name: event.authentication.invalidUser ? '' : name || known, id: plainNumber(record, 'id') };
  if (PRIVILEGE_PROGRAMS.has(program) || event.activity === Activity.PRIVILEGE) {
    if (event.activity === Activity.LOGON) event.activity = Activity.PRIVILEGE;
    event.user = actingUser(record);
    event.targetUser = subject;
  } else {
    event.user = subject;
  }
  if (event.activity === Activity.PRIVILEGE && event.process) {
    event.process.workingDirectory = encodedText(record, 'cwd');
  }
  return event;
}

function accountEvent(event: HostEvent, record: AuditRecord, program: string): HostEvent {
  const id = plainNumber(record, 'id');
  const isGroup = record.type.startsWith('GRP_') || record.type.endsWith('_GROUP') || GROUP_PROGRAMS.has(program);
  event.user = actingUser(record);
  event.targetUser = isGroup
    ? { groupName: encodedText(record, 'grp') || encodedText(record, 'acct'), groupId: id }
    : { name: encodedText(record, 'acct') || enrichedName(record, 'ID'), id };
  return event;
}

/** `op=` as daemons write it, in the words that the auth sensor has for it. */
function methodOf(record: AuditRecord): string {
  const operation = plainText(record, 'op');
  if (/^(pubkey|key$|pubkey_auth)/.test(operation)) return 'publickey';
  if (operation.startsWith('PAM:') || record.text.includes("msg='PAM: ")) return 'pam';
  return operation === 'login' ? '' : operation;
}
