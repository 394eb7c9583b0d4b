// Every golden event and record of another parser (go-libaudit), compared with ours in substance. What we tell otherwise,
// or do not tell, stands in the tables below with its reason; nothing else may differ.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Activity, EventClass, type HostEvent, Outcome, toEcs } from '@threatguard/proto';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { encodedText, parseAuditLine } from '../../agent/src/sensors/process/audit-line.ts';
import { parseSocketAddress } from '../../agent/src/sensors/process/audit-network.ts';
import { parseAuditStream } from '../../agent/src/sensors/process/audit-records.ts';

// Records of real hosts and what another parser reads in them. Not part of this repository.
const samples = join(import.meta.dirname, '../../../shared/data/go-libaudit');
const here = existsSync(samples);

interface GoldenEvent {
  '@timestamp': string;
  record_type: string;
  result?: string;
  process?: { pid?: string; ppid?: string; name?: string; exe?: string; cwd?: string; args?: string[] };
  user?: { ids?: { uid?: string; auid?: string } };
  data?: { acct?: string; syscall?: string; id?: string; unit?: string };
  source?: { ip?: string; port?: string };
  destination?: { ip?: string; port?: string };
  file?: { path?: string };
}

/** By record type, or by system call where that is what happened. */
const TOLD: Record<string, [EventClass, Activity]> = {
  user_login: [EventClass.AUTHENTICATION, Activity.LOGON],
  user_auth: [EventClass.AUTHENTICATION, Activity.LOGON],
  user_acct: [EventClass.AUTHENTICATION, Activity.LOGON],
  user_err: [EventClass.AUTHENTICATION, Activity.LOGON],
  user_end: [EventClass.AUTHENTICATION, Activity.LOGOFF],
  user_logout: [EventClass.AUTHENTICATION, Activity.LOGOFF],
  user_cmd: [EventClass.AUTHENTICATION, Activity.PRIVILEGE],
  user_chauthtok: [EventClass.ACCOUNT, Activity.PASSWORD_CHANGED],
  user_mgmt: [EventClass.ACCOUNT, Activity.USER_MODIFIED],
  add_user: [EventClass.ACCOUNT, Activity.USER_CREATED],
  add_group: [EventClass.ACCOUNT, Activity.GROUP_CREATED],
  service_start: [EventClass.HOST, Activity.SERVICE_STARTED],
  service_stop: [EventClass.HOST, Activity.SERVICE_STOPPED],
  system_boot: [EventClass.HOST, Activity.SERVICE_STARTED],
  config_change: [EventClass.HOST, Activity.AUDIT_CONFIG],
  anom_abend: [EventClass.PROCESS, Activity.EXIT],
  anom_promiscuous: [EventClass.HOST, Activity.INVENTORY_CHANGED],
  execve: [EventClass.PROCESS, Activity.EXEC],
  accept: [EventClass.NETWORK, Activity.CONNECTION_OPENED],
  connect: [EventClass.NETWORK, Activity.CONNECTION_OPENED],
  // The decision of AppArmor is no class of events here; what the system call did is.
  AVC_AppArmor_unlink: [EventClass.FILE, Activity.FILE_DELETED],
  unlink: [EventClass.FILE, Activity.FILE_DELETED],
  mknod: [EventClass.FILE, Activity.FILE_CREATED],
  rename: [EventClass.FILE, Activity.FILE_DELETED],
};

/** Golden events that make none here. By record type, system call, or the name of the test. */
const NOT_TOLD: Record<string, string> = {
  'CONFIG_CHANGE add rule': 'only less auditing is a fact: the rule "kernel audit switched off" reads these events',
  'CONFIG_CHANGE backlog limit': 'as above; a limit takes nothing away',
  'CONFIG_CHANGE update rules': 'as above; the kernel says so by itself when a watched file is replaced',
  login: 'the kernel sets the login uid; USER_ACCT and USER_LOGIN have stated the logon',
  user_start: 'the session that follows the logon USER_ACCT has stated',
  cred_acq: 'a step of the logon that USER_ACCT has stated',
  cred_disp: 'a step of the end that USER_END states',
  cred_refr: 'a step of the logon that USER_ACCT has stated',
  user_role_change: 'the SELinux role of a logon that USER_ACCT has stated',
  crypto_key_user: 'a key of a connection, not who came in by it',
  crypto_session: 'ciphers of a connection, not who came in by it',
  time_injoffset: 'no event class has the clock; host samples carry its offset to the collector',
  time_adjntpval: 'as time_injoffset',
  adjtimex: 'as time_injoffset',
  avc: 'a decision of SELinux or AppArmor is no class of events here',
  netfilter_cfg: 'a change of the firewall is no class of events here',
  listen: 'the record names no address; the network sensor reads listening sockets',
  getpeername: 'asks, and changes nothing',
  getsockname: 'asks, and changes nothing',
  mount: 'no class of events here; its PATH records name nothing made, written or removed',
  linkat: 'failed before a path was looked up: there is no PATH record, so nothing to name',
};

/** Where both tell the event and one value differs. */
const DIFFERENT: Record<string, { field: string; reason: string }> = {
  'connect syscall': { field: 'outcome', reason: 'EINPROGRESS is a connection under way, not one that failed' },
  'ANOM_ABEND SIGSEGV seg fault': { field: 'outcome', reason: 'a process ended by a signal failed; golden: unknown' },
  'make-device': { field: 'path', reason: 'the entry that was made, not the directory: golden does not know objtype=' },
  AVC_AppArmor_unlink: { field: 'path', reason: 'golden names no file of an AVC; its PATH record does' },
  'rename syscall': {
    field: 'count',
    reason: 'both names: one event for the path that went, one for the one that came',
  },
};

interface GoldenRecord {
  record_type: string;
  raw_msg: string;
  data?: Record<string, string>;
  error?: string;
}

function filesIn(folder: string, ending: string): string[] {
  if (!here) return [];
  return readdirSync(join(samples, folder)).filter((name) => name.endsWith(ending));
}

function parseText(text: string) {
  const stream = parseAuditStream();
  return [...text.split('\n').flatMap((line, index) => stream.push(line.trim(), index + 1).events), ...stream.end()];
}

const events = filesIn('aucoalesce/testdata', '.yaml').flatMap((name) => {
  const file = join(samples, 'aucoalesce/testdata', name);
  const inputs = (parse(readFileSync(file, 'utf8')) as { tests: Record<string, string> }).tests;
  const golden = JSON.parse(readFileSync(file.replace(/\.yaml$/, '.json.golden'), 'utf8'));
  return (golden as { test_name: string; event: GoldenEvent }[]).map(({ test_name: what, event }) => ({
    name: `${name}: ${what}`,
    what,
    golden: event,
    text: inputs[what]!,
  }));
});

const outcomes: Record<string, Outcome> = { success: Outcome.SUCCESS, fail: Outcome.FAILURE };
const number = (text: string | undefined) => (text === undefined || text === 'unset' ? undefined : Number(text));

/** What both can express; a field that golden has not is not compared. */
function expected(golden: GoldenEvent, event: HostEvent): Record<string, unknown> {
  const { process, source, destination, user, data } = golden;
  const subject = event.class === EventClass.AUTHENTICATION || event.class === EventClass.ACCOUNT;
  const acct = data?.acct === '(invalid user)' ? undefined : data?.acct;
  const named = (event.targetUser ?? event.user)?.name;
  return {
    '@timestamp': new Date(golden['@timestamp']).toISOString(),
    'process.pid': number(process?.pid),
    'process.parent.pid': number(process?.ppid),
    'process.name': process?.name,
    'process.executable': process?.exe?.replace(/ \(deleted\)$/, ''),
    'process.working_directory': event.activity === Activity.EXEC ? process?.cwd : undefined,
    'process.args': process?.args,
    'user.id': subject || event.activity === Activity.AUDIT_CONFIG ? undefined : number(user?.ids?.uid),
    'threatguard.process.login_uid': number(user?.ids?.auid),
    'source.ip': source?.ip,
    'source.port': number(source?.port),
    'destination.ip': destination?.ip,
    'destination.port': number(destination?.port),
    'service.name': golden.record_type.startsWith('service_') ? data?.unit : undefined,
    [named === acct ? 'threatguard.none' : 'user.name']: named === acct || !acct || acct === '?' ? undefined : acct,
  };
}

describe.skipIf(!here)('audit records of real hosts (needs shared/data/go-libaudit)', () => {
  test.each(events)('$name', ({ what, golden, text }) => {
    const found = parseText(text).map(({ event }) => event);
    const call = golden.record_type === 'syscall' ? golden.data?.syscall : undefined;
    const kind = [what, call ?? '', golden.record_type].find((name) => NOT_TOLD[name] ?? TOLD[name]);
    if (kind !== undefined && NOT_TOLD[kind]) return expect(found, NOT_TOLD[kind]).toEqual([]);
    const different = DIFFERENT[what]?.field;
    const [event, ...more] = found;
    expect(more).toHaveLength(different === 'count' ? 1 : 0);
    const privilege = /exe="\/bin\/su"/.test(text) ? Activity.PRIVILEGE : undefined;
    const [cls, activity] = TOLD[kind ?? ''] ?? [];
    expect([event?.class, event?.activity]).toEqual([cls, privilege ?? activity]);
    if (different !== 'outcome') expect(event?.outcome).toBe(outcomes[golden.result ?? ''] ?? 0);
    for (const [field, value] of Object.entries(expected(golden, event!)))
      if (value !== undefined) expect(toEcs(event!)[field], field).toEqual(value);
    if (event?.class === EventClass.FILE && different !== 'path') expect(event.file?.path).toBe(golden.file?.path);
  });

  test('every row of the tables is one that a golden event needs', () => {
    const names = new Set(events.flatMap(({ what, golden }) => [what, golden.record_type, golden.data?.syscall]));
    const records = goldenRecords().map(({ golden }) => golden.record_type);
    const used = new Set([...names, ...records]);
    const rows = [TOLD, NOT_TOLD, DIFFERENT].flatMap((table) => Object.keys(table));
    expect(rows.filter((row) => !used.has(row))).toEqual([]);
  });

  test.each(goldenRecords())('$name is decoded field by field as the golden record says', ({ golden, line }) => {
    const record = parseAuditLine(line);
    if (!record) return expect(golden.error, golden.record_type).toBeDefined();
    for (const key of ['exe', 'comm', 'cwd', 'acct', 'cmd', 'proctitle', 'name', ...argumentsOf(golden)]) {
      const value = golden.data?.[key];
      if (value === undefined || !record.fields.has(key)) continue;
      expect(encodedText(record, key).replaceAll('\0', ' '), key).toBe(ABSENT.has(value) ? '' : value);
    }
    if (record.type === 'SOCKADDR' && golden.data?.addr && golden.data.family?.startsWith('ip')) {
      const { addr, port } = golden.data;
      expect(parseSocketAddress(record.fields.get('saddr') ?? '')).toEqual({ address: addr, port: Number(port) });
    }
    if (golden.data?.result && TOLD[golden.record_type]?.[0] === EventClass.AUTHENTICATION)
      expect(parseText(line)[0]?.event.outcome).toBe(outcomes[golden.data.result]);
  });

  test('records out of order are joined as if they were in it', () => {
    const [inOrder, outOfOrder] = ['normal', 'out_of_order'].map((name) => {
      const found = parseText(readFileSync(join(samples, 'testdata', `${name}.log`), 'utf8'));
      return found.map(({ event }) => JSON.stringify(toEcs(event))).sort();
    });
    expect(inOrder?.length).toBeGreaterThan(0);
    expect(outOfOrder).toEqual(inOrder);
  });

  test('of records that were lost, what is left is told and counted', () => {
    const stream = parseAuditStream();
    const lines = readFileSync(join(samples, 'testdata/lost_messages.log'), 'utf8').split('\n').filter(Boolean);
    const found = [...lines.flatMap((line, index) => stream.push(line, index + 1).events), ...stream.end()];
    expect(found.length).toBeGreaterThan(0);
  });
});

const ABSENT = new Set(['?', '(none)', '(null)', 'unset']);

const argumentsOf = ({ record_type, data }: GoldenRecord) =>
  record_type === 'execve' ? Object.keys(data ?? {}).filter((key) => /^a\d+$/.test(key)) : [];

/** Each golden record beside its line; golden files leave the line's `type=` out. */
function goldenRecords(): { name: string; golden: GoldenRecord; line: string }[] {
  return filesIn('auparse/testdata', '.log').flatMap((name) => {
    const file = join(samples, 'auparse/testdata', name);
    const golden = JSON.parse(readFileSync(`${file}.golden`, 'utf8')) as (GoldenRecord | null)[];
    const lines = readFileSync(file, 'utf8').split('\n');
    return golden.flatMap((record, index) => {
      const line = record && lines.find((each) => each.includes(record.raw_msg));
      return record && line ? [{ name: `${name} ${index} ${record.record_type}`, golden: record, line }] : [];
    });
  });
}
